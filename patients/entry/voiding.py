"""A row that was entered by mistake is made void, with a reason, and can be restored (DI-09).

It stays where it is, with its versions and the trail; no rule, list, data cut or export sees it. What says so
is edited like an item of the row: `rows[key]["void"]` is `Y` or `N`, there is a reason for each change, and
whoever had not seen the last change of the row is told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormRow, Repeat
from patients.entry.edits import Edit, Typed, read_answer
from patients.items.item import Item
from patients.items.problems import Finding, NotAnAnswer, Severity, Text, filled
from patients.items.types import BooleanItem

VOID: Item = BooleanItem(_("Entered by mistake (void)"))
VOID.name = "void"  # no model does it


@dataclass
class Voids:
    """What was typed of rows that stand (`typed`), which rows shall be void or stand again (`edits`), and
    what cannot be done."""

    typed: dict[str, Mapping[str, str]] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def keys(self) -> set[str]:
        """The rows that are made void, or restored."""
        return {edit.row_key for edit in self.edits}


def asks_to_void(typed: Typed) -> bool:
    return any(VOID.name in answers for answers in typed.values())


def read_voids(model: type[FormRow], typed: Typed, rows: Mapping[str, FormRow]) -> Voids:
    """Of what was typed, what makes rows void or restores them. `rows`: all rows of the page by key."""
    read = Voids()
    for key, answers in typed.items():
        row = rows.get(key)
        others = {name: answer for name, answer in answers.items() if name != VOID.name}
        if VOID.name in answers:
            _read(read, model, key, row, answers[VOID.name])
        if others and ((row and row.is_void) or key in read.keys):
            read.findings.append(_refused(key, _("Row %(key)s is void. Restore it before it is changed.")))
        elif others or VOID.name not in answers:
            read.typed[key] = others
    return read


def _read(read: Voids, model: type[FormRow], key: str, row: FormRow | None, typed: str) -> None:
    try:
        shall_be_void = bool(read_answer(VOID, typed))
    except NotAnAnswer as refusal:
        read.findings.append(Finding(VOID.name, refusal.message, Severity.REFUSED, key, value=typed))
        return
    if row is None or model.form.repeat is Repeat.SINGLE:
        read.findings.append(_refused(key, _("There is no row %(key)s that could be made void.")))
    elif shall_be_void != row.is_void:
        changed_at = max(row.item_versions.values(), default=1)
        read.edits.append(Edit(key, VOID, shall_be_void, "", row.is_void, "", changed_at))


def _refused(key: str, message: Text) -> Finding:
    return Finding(VOID.name, filled(message, {"key": key}), Severity.REFUSED, key)


def carry_out(edits: Iterable[Edit], rows: Mapping[str, FormRow], version: int) -> None:
    """The rows are void, or stand again, from this version of the page on; the caller saves them."""
    for edit in edits:
        row: Any = rows[edit.row_key]
        row.void_at_version = version if edit.value else None
        row.item_versions = row.item_versions | {VOID.name: version}
