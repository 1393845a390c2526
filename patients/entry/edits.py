"""From what was typed to what would change.

All channels hand over text: `rows[key][item]` is the answer as typed, `rows[key]["ITEM__missing"]` the
reason for an empty one. An item that is not mentioned stays as it is.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.files import MISSING_SUFFIX as MISSING_SUFFIX
from patients.casebook.form import FormRow, Repeat
from patients.entry.refusals import Clash
from patients.items.item import Item
from patients.items.missing import MissingReason
from patients.items.problems import Finding, NotAnAnswer, Severity, Text
from patients.items.types import is_keepable, keepable

Typed = Mapping[str, Mapping[str, str]]
KEY_LENGTH: int = FormRow._meta.get_field("row_key").max_length or 0


@dataclass(frozen=True, slots=True)
class Edit:
    """One item of one row that shall have another value, or another reason for having none."""

    row_key: str
    item: Item
    value: Any
    missing: str
    old_value: Any
    old_missing: str
    changed_at: int

    @property
    def is_first(self) -> bool:
        """Whether the item was never saved before: no reason is asked."""
        return self.changed_at == 0

    def as_text(self) -> tuple[str, str]:
        """Old and new value as the trail keeps them; a missing reason stands in brackets."""
        return (
            _stored(self.item, self.old_value, self.old_missing),
            _stored(self.item, self.value, self.missing),
        )

    def as_shown(self) -> tuple[str, str]:
        return (
            _shown(self.item, self.old_value, self.old_missing),
            _shown(self.item, self.value, self.missing),
        )


def _stored(item: Item, value: Any, missing: str) -> str:
    return f"[{missing}]" if missing else item.text(value)


def _shown(item: Item, value: Any, missing: str) -> str:
    return str(MissingReason(missing).label) if missing else item.with_unit(value)


def read_edits(
    model: type[FormRow], typed: Typed, kept: Mapping[str, tuple[FormRow, Mapping[str, Any]]]
) -> tuple[list[Edit], list[Finding]]:
    """What would change, and what cannot be read. `kept` holds each stored row with its values in clear."""
    edits: list[Edit] = []
    findings: list[Finding] = []
    for key, answers in typed.items():
        if problem := _bad_key(model, key):
            findings.append(problem)
            continue
        for item, answer, reason in _by_item(model, key, answers, findings):
            try:
                edit = _edit(key, item, answer, reason, kept)
            except NotAnAnswer as refusal:
                findings.append(Finding(item.name, refusal.message, Severity.REFUSED, key, value=answer))
            else:
                edits.extend([edit] if edit else [])
    return edits, findings


def next_key(taken: Iterable[str]) -> str:
    """The key of a new row: the number after the highest one in use."""
    return str(max((int(key) for key in taken if key.isascii() and key.isdigit()), default=0) + 1)


def _bad_key(model: type[FormRow], key: str) -> Finding | None:
    message: Text = ""
    if (model.form.repeat is Repeat.SINGLE) != (key == ""):
        message = _("This form has one row, without a key.") if key else _("A row of this form needs a key.")
    elif len(key) > KEY_LENGTH or not is_keepable(key):
        message = _("The key of a row has at most %s characters.") % KEY_LENGTH
    return Finding("repeat", message, Severity.REFUSED, key, value=key) if message else None


def _by_item(
    model: type[FormRow], key: str, answers: Mapping[str, str], findings: list[Finding]
) -> Iterator[tuple[Item, str | None, str | None]]:
    """The items mentioned, each with its answer and missing reason as typed (None: not mentioned)."""
    mentioned = {name.removesuffix(MISSING_SUFFIX) for name in answers}
    for item in model.items():
        if item.name not in mentioned:
            continue
        mentioned.discard(item.name)
        if item.is_derived:
            findings.append(_refusal(item.name, key, _("%s is derived and cannot be entered.")))
            continue
        yield item, answers.get(item.name), answers.get(item.name + MISSING_SUFFIX)
    findings.extend(_refusal(name, key, _("This form has no item %s.")) for name in sorted(mentioned))


def _refusal(name: str, key: str, message: Any) -> Finding:
    return Finding(name, message % name, Severity.REFUSED, key)


def _edit(
    key: str,
    item: Item,
    answer: str | None,
    reason: str | None,
    kept: Mapping[str, tuple[FormRow, Mapping[str, Any]]],
) -> Edit | None:
    row, values = kept.get(key, (None, {}))
    old_value, old_missing = values.get(item.name), row.missing.get(item.name, "") if row else ""
    value = old_value if answer is None else read_answer(item, answer)
    missing = _read_missing(
        item, value, old_missing if reason is None else reason, explicit=reason is not None
    )
    if item.text(value) == item.text(old_value) and missing == old_missing:
        return None
    changed_at = row.item_versions.get(item.name, 0) if row else 0
    return Edit(key, item, value, missing, old_value, old_missing, changed_at)


def read_answer(item: Item, answer: str) -> Any:
    """The value; None for an empty answer, and for a list of none."""
    answer = keepable(answer).strip()
    value = item.read(answer) if answer else None
    return None if value in ([], {}) else value


def _read_missing(item: Item, value: Any, reason: str, *, explicit: bool) -> str:
    """A value that is entered takes the place of an earlier missing reason; both at once are refused."""
    if reason and reason not in MissingReason.values:
        raise NotAnAnswer(
            _("%(reason)s is not a reason for a missing answer: %(codes)s.")
            % {"reason": reason, "codes": ", ".join(MissingReason.values)}
        )
    if value is None:
        return reason
    if reason and explicit:
        raise NotAnAnswer(_("An answer and a reason for its absence cannot both be given."))
    return ""


def clashes_with(edits: Iterable[Edit], base_version: int) -> list[Clash]:
    """The edits of items that changed after `base_version` of the page."""
    return [
        Clash(edit.row_key, edit.item.name, str(edit.item.declared.label), mine=new, theirs=old)
        for edit in edits
        if edit.changed_at > base_version
        for old, new in [edit.as_shown()]
    ]
