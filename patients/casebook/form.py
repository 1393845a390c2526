"""The base of every form: a typed row that belongs to a page, and what a form says about itself."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar

from django.db import models

from patients.casebook.page import Page, Subject
from patients.items.checks import Check, Deviation
from patients.items.conditions import Answers
from patients.items.item import Item
from patients.items.problems import Text
from trial.trail.audited import AuditedModel, AuditedQuerySet


class Repeat(StrEnum):
    """How many rows a page of the form holds."""

    SINGLE = "single"
    ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Section:
    """A group of items under one heading; it begins at the item named `starts_at`."""

    title: Text
    starts_at: str


@dataclass(frozen=True, slots=True)
class FormDeclaration:
    """What a form says about itself. `dated_by` is the item whose local date places a row in a data cut;
    without it the date of the page does. `before_consent`: it may be saved before the main consent is;
    `after_death`: it is about the subject and not of it, and may be dated after death.
    `checks` and `deviations` are those that look at a whole row; limits stand at their items.
    `approved`: only the principal investigator signs it, as the approval of what is decided on it (of
    eligibility, toxicity that limits the dose, a serious event, a death, the end of the casebook).
    `bears_on` gives the rows of the form whose derived items an edit of a row can change, where those are
    fewer than all. `judged` names the items that the medical monitor of the sponsor enters and the site does
    not. `recalls` names items of other forms (`INF.inf_dose_kg`) that are shown beside the page,
    so that nobody types them again, though no rule of the form looks at them."""

    code: str
    title: Text
    enters: Text
    signs: Text
    sdtm: str
    dated_by: str = ""
    repeat: Repeat = Repeat.SINGLE
    before_consent: bool = False
    after_death: bool = False
    approved: bool = False
    version: str = "1.0"
    sections: tuple[Section, ...] = field(default=())
    checks: tuple[Check, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    bears_on: Callable[[Answers], Iterable[Answers]] | None = None
    recalls: tuple[str, ...] = ()
    judged: tuple[str, ...] = ()

    @property
    def row_rules(self) -> tuple[Check | Deviation, ...]:
        """The rules that look at a whole row."""
        return (*self.checks, *self.deviations)


_declared: dict[str, type["FormRow"]] = {}


class StandingRows(models.Manager.from_queryset(AuditedQuerySet)):  # type: ignore[misc]
    """The rows that count: rules, lists, data cuts and exports see no other."""

    def get_queryset(self) -> "AuditedQuerySet[FormRow]":
        standing: AuditedQuerySet[FormRow] = super().get_queryset().filter(void_at_version=None)
        return standing


class FormRow(AuditedModel):
    """One row of a form. A single form has one, with an empty key.

    `missing` holds the reason for an empty item, by item. `item_versions` holds the version of the page at
    which each item last changed, so that edits of different items merge and edits of the same one do not.
    `void_at_version` is that at which a row was said to be entered by mistake (NULL: it stands); such a row
    is kept and can be restored (`patients.entry.voiding`), `every` finds it and `objects` does not.
    """

    page = models.ForeignKey(Page, models.PROTECT, related_name="+")
    row_key = models.CharField(max_length=60, blank=True)
    missing = models.JSONField(default=dict)
    item_versions = models.JSONField(default=dict)
    # NULL and not zero: a column that is empty changes no text that the ledger has hashed before.
    void_at_version = models.PositiveIntegerField(null=True, blank=True, default=None)

    objects: ClassVar = StandingRows()
    every: ClassVar = AuditedQuerySet.as_manager()

    form: ClassVar[FormDeclaration]

    class Meta:
        abstract = True
        base_manager_name = "every"
        constraints = (
            models.UniqueConstraint(fields=("page", "row_key"), name="%(class)s_one_row_for_a_key"),
        )

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "form" in cls.__dict__:
            _declared[cls.form.code] = cls

    def __str__(self) -> str:
        return f"{self.form.code} {self.row_key}".strip()

    @classmethod
    def items(cls) -> tuple[Item, ...]:
        """The items of the form in their order."""
        return _items_of(cls)

    @classmethod
    def item_names(cls) -> tuple[str, ...]:
        """Their names."""
        return _names_of(cls)

    @classmethod
    def identifying_items(cls) -> tuple[str, ...]:
        """The names of those that are kept in the identity of the subject."""
        return _identifying(cls)

    @classmethod
    def item(cls, name: str) -> Item:
        """The item of this name. Raises KeyError."""
        return _items_by_name(cls)[name]

    @classmethod
    def of_page(cls, page: Page) -> AuditedQuerySet["FormRow"]:
        """The rows of a page that stand."""
        standing: AuditedQuerySet[FormRow] = cls.objects.filter(page=page)
        return standing

    @classmethod
    def of_subject(cls, subject: Subject) -> AuditedQuerySet["FormRow"]:
        """The rows of a subject, void ones as well, each with its page and visit."""
        every: AuditedQuerySet[FormRow] = cls.every.filter(page__subject=subject)
        return every.select_related("page__visit")

    @property
    def is_void(self) -> bool:
        return self.void_at_version is not None

    @property
    def provenance(self) -> dict[str, Any]:
        """Of each grade of the row, which rule of an engine gave it and from what; none on a form without."""
        return dict(getattr(self, "grades", {}))

    def values(self) -> dict[str, Any]:
        """The value of each item, None where missing."""
        return {item.name: getattr(self, item.name) for item in self.items()}


class GradedRow(FormRow):
    """A row with grades. `grades` holds, by item, the value, the rule and the version of the engine that gave
    it, the inputs that decided and what a reader must know beside it."""

    grades = models.JSONField(default=dict)

    class Meta(FormRow.Meta):
        abstract = True


@cache
def _items_of(model: type[FormRow]) -> tuple[Item, ...]:
    return tuple(column for column in model._meta.concrete_fields if isinstance(column, Item))


@cache
def _items_by_name(model: type[FormRow]) -> dict[str, Item]:
    return {item.name: item for item in _items_of(model)}


@cache
def _names_of(model: type[FormRow]) -> tuple[str, ...]:
    return tuple(_items_by_name(model))


@cache
def _identifying(model: type[FormRow]) -> tuple[str, ...]:
    return tuple(item.name for item in _items_of(model) if item.declared.identity)


def form_model(code: str) -> type[FormRow]:
    """The model of a form. Raises KeyError for a form that this version does not have."""
    return _declared[code]


def is_declared(code: str) -> bool:
    return code in _declared


def declared_forms() -> Iterator[type[FormRow]]:
    """All forms of this version, in the order in which they were declared."""
    return iter(_declared.values())
