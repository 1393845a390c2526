"""What every item declares, whatever its type.

An item is a field of its form's model that also carries what people need to know of it: label, unit, when
it is asked, its limits, its CDISC target. The screen, the checks, the dictionary, the trail and the exports
read this one declaration. None of it reaches the migrations, so a label or a limit changes without one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from patients.items.conditions import ALWAYS, Always, Answers, Condition
from patients.items.limits import Limit
from patients.items.problems import Finding, NotAnAnswer, Severity, Text, filled
from patients.items.units import unit_in_words


class Requirement(StrEnum):
    """R required, C required when shown, O optional, D derived, D/R proposed by a rule and then answered."""

    REQUIRED = "R"
    CONDITIONAL = "C"
    OPTIONAL = "O"
    DERIVED = "D"
    PROPOSED = "D/R"


_ANSWERED = (Requirement.REQUIRED, Requirement.CONDITIONAL, Requirement.PROPOSED)


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a derived item comes about: the formula in words, the function, and what it is made from.

    `sources` are items of the row or `FORM.item`, or a whole form (`RESP`); a change of any of them
    computes the item again. An item whose source form is not declared yet stays empty.
    """

    formula: Text
    compute: Callable[[Answers], Any]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Declaration:
    """Everything an item says about itself beside its type."""

    label: Text
    requirement: Requirement
    when: Condition
    hard: tuple[Limit, ...]
    soft: tuple[Limit, ...]
    cdisc: str
    unit: str
    hint: Text
    derivation: Derivation | None
    proposal: Derivation | None
    identity: bool
    genetic: bool
    waits_for: str


if TYPE_CHECKING:
    _Column = models.Field[Any, Any]
else:
    _Column = object  # mixed into a field of any class; the type checker is told that it is one


class Item(_Column):
    """Mixed into a Django field. `type_name` is the type as the dictionary prints it."""

    declared: Declaration
    name: str

    def __init__(
        self,
        label: Text = "",
        *,
        req: str = "R",
        when: Condition = ALWAYS,
        hard: Limit | tuple[Limit, ...] = (),
        soft: Limit | tuple[Limit, ...] = (),
        cdisc: str = "",
        unit: str = "",
        hint: Text = "",
        derived: Derivation | None = None,
        proposed: Derivation | None = None,
        identity: bool = False,
        genetic: bool = False,
        waits_for: str = "",
        **column: Any,
    ) -> None:
        """Declare an item.

        `req` is R, C, O (see Requirement); D follows from `derived`, D/R from `proposed`. `identity` items
        are kept in the encrypted identity of the subject, the row holding a keyed hash; `genetic` ones fall
        under the rules on human genetic resources: an export withholds them unless it has a filing.
        `waits_for` names a form that this version does not have: until it is declared the item is not asked,
        or stays empty.
        """
        self.declared = Declaration(
            label=label,
            requirement=_requirement(req, derived, proposed),
            when=when,
            hard=(hard,) if isinstance(hard, Limit) else hard,
            soft=(soft,) if isinstance(soft, Limit) else soft,
            cdisc=cdisc,
            unit=unit,
            hint=hint,
            derivation=derived,
            proposal=proposed,
            identity=identity,
            genetic=genetic,
            waits_for=waits_for,
        )
        super().__init__(null=True, blank=True, **column)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """The column alone: what people read of an item is no matter of the database."""
        cls = type(self)
        name = super().deconstruct()[0]
        return name, f"{cls.__module__}.{cls.__qualname__}", [], {}

    # --- reading and writing answers -----------------------------------------------------------------------
    @property
    def type_name(self) -> str:
        raise TypeError(f"{type(self).__name__} must name its type")

    def read(self, typed: str) -> Any:
        """The value of what was typed. Raises NotAnAnswer with a message that names what was typed."""
        raise NotAnAnswer(_("This item cannot be read."))

    def text(self, value: Any) -> str:
        """The value as it is exported, hashed and kept in the trail; empty for no value."""
        return "" if value is None else str(value)

    def shown(self, value: Any) -> str:
        """The value as people read it, in the active language, without its unit."""
        return self.text(value)

    # --- rules ---------------------------------------------------------------------------------------------
    @property
    def is_derived(self) -> bool:
        return self.declared.requirement is Requirement.DERIVED

    def asked(self, answers: Answers) -> bool:
        """Whether the item is shown for this row."""
        return self.declared.when.holds(answers)

    def must_be_answered(self, answers: Answers) -> bool:
        """Required, shown, and its source form, if it has one, is part of this version."""
        required = self.declared.requirement in _ANSWERED
        return required and self.asked(answers) and not self.waits(answers)

    def waits(self, answers: Answers) -> bool:
        """Whether the form that this item draws on is not in this version."""
        return bool(self.declared.waits_for) and not answers.knows(self.declared.waits_for)

    def proposed(self, answers: Answers) -> Any:
        """What the rule of the item proposes for this row; None where it cannot tell, or there is no rule."""
        proposal = self.declared.proposal
        return proposal.compute(answers) if proposal and self.asked(answers) else None

    def findings(self, value: Any, answers: Answers) -> Iterator[Finding]:
        """What the limits of the item say about a value."""
        for severity, limits in ((Severity.HARD, self.declared.hard), (Severity.SOFT, self.declared.soft)):
            for number, limit in enumerate(limits, 1):
                if not limit.kept(value, answers):
                    yield self.finding(limit, severity, value, number)

    def operands(self) -> Iterator[str]:
        """The other items that its condition and limits look at."""
        yield from self.declared.when.operands()
        for limit in (*self.declared.hard, *self.declared.soft):
            yield from limit.operands()

    def finding(self, limit: Limit, severity: Severity, value: Any, number: int = 1) -> Finding:
        """What is said of a value that does not keep to the limit, the `number`-th of its severity."""
        message = limit.message or _("%(label)s: %(value)s does not keep to %(limit)s.")
        named = {"label": self.declared.label, "value": self.quoted(value), "limit": limit}
        return Finding(
            self.name,
            filled(message, named),
            severity,
            check=limit.check,
            value=value,
            limit=f"{severity.value}-{number}",
        )

    def quoted(self, value: Any) -> Text:
        """Sentences are kept in queries and in the trail, where nothing may say who the subject is."""
        return _("the value") if self.declared.identity else self.readable(value)

    def readable(self, value: Any) -> Text:
        """The value with its unit, in whatever language it is then read in."""
        return _shown_later(self, value)

    def with_unit(self, value: Any) -> str:
        shown = self.shown(value)
        return f"{shown} {unit_in_words(self.declared.unit)}" if self.declared.unit and shown else shown

    @property
    def is_always_asked(self) -> bool:
        return isinstance(self.declared.when, Always)


def _requirement(req: str, derived: Derivation | None, proposed: Derivation | None) -> Requirement:
    if proposed:
        return Requirement.PROPOSED
    return Requirement.DERIVED if derived else Requirement(req)


def _with_unit(item: Item, value: Any) -> str:
    return item.with_unit(value)


_shown_later = lazy(_with_unit, str)
