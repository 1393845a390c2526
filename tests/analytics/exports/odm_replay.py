"""Replaying the transactions of a file: what stands when the last of them is done."""

from typing import Any

from analytics.locks.cut import Value
from analytics.locks.models import Lock
from analytics.locks.snapshot import written_subjects
from patients.casebook.odm import AFTER_CUTOFF, visit_of
from tests.analytics.exports.odm_judges import NS


def replayed(document: Any) -> set[Value]:
    """The values in the end, without units; what a page says stands for each of its rows."""
    state: dict[tuple[str, ...], tuple[str, str]] = {}
    for group in document.iterfind(".//o:ItemGroupData", NS):
        page, event = group.getparent(), group.getparent().getparent()
        visit = visit_of(event.get("StudyEventOID"), event.get("StudyEventRepeatKey", ""))
        form, owner = page.get("FormOID")[2:], group.get("ItemGroupOID")[3:]
        place = (event.getparent().get("SubjectKey"), visit, form, owner, group.get("ItemGroupRepeatKey", ""))
        if group.get("TransactionType") == "Remove":
            state = {key: value for key, value in state.items() if key[:5] != place}
        for item in group.iterfind("o:ItemData", NS):
            _item(state, (*place, item.get("ItemOID").split(".", 2)[2]), item)
    return {value for key, held in state.items() for value in _values(key, held, state)}


def _item(state: dict[tuple[str, ...], tuple[str, str]], key: tuple[str, ...], item: Any) -> None:
    kind = item.get("TransactionType")
    if kind == "Context":
        return
    assert (kind == "Insert") == (key not in state), key
    if kind == "Remove":
        del state[key]
    else:
        state[key] = item.get("Value", ""), item.findtext(".//o:FlagValue", "", NS)


def _values(key: tuple[str, ...], held: tuple[str, str], state: Any) -> list[Value]:
    subject, visit, form, owner, row, item = key
    of_page = (subject, visit, form, form)
    rows = {one[4] for one in state if one[:4] == of_page} if owner == "PAGE" else {row}
    return [Value(subject, visit, form, each, item, held[0], "", held[1]) for each in rows or {""}]


def sealed(lock: Lock) -> set[Value]:
    """The values of the snapshot of a lock, without units and without those later than its cut-off."""
    told = (one for _facts, some in written_subjects(lock.snapshot.path) for one in some)
    return {one._replace(unit="") for one in told if one.missing != AFTER_CUTOFF}
