"""The records of a subject as a PDF: each value, signature, verification, query and act of the trail is a
line with a number of its own, so that what is on paper can be counted against the data beside it."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from analytics.exports.inspection.records import SubjectRecords
from analytics.exports.live.lists import Told
from analytics.exports.live.telling import item_of
from patients.casebook.typesetting import typeset
from patients.items.codelists import CodeList
from patients.items.missing import MissingReason
from trial.protocol.study import STUDY

TEMPLATE = Path(__file__).with_name("paper.typ")
MOST_LINES = 3_000
"""Lines of the trail in one PDF: the typesetter holds all of them in memory."""
Line = list[str]


def papers_of(records: SubjectRecords, made: str) -> Iterator[bytes]:
    """The PDFs of a subject: one, and a further one for each so many lines of a long trail."""
    parts = _parts(records.trail)
    for number, acts in enumerate(parts, 1):
        told = [*(_sections(records) if number == 1 else ()), _trail(acts)]
        title = _("Inspection copy: %(about)s") % {"about": records.subject}
        yield typeset(TEMPLATE, _document(title, told, made, number, len(parts)), archival=True)


def paper_of_values(subject: str, values: list[Told], made: str) -> bytes:
    """The PDF of what a cut holds of a subject: its values, page by page."""
    title = _("Casebook of %(subject)s") % {"subject": subject}
    return typeset(TEMPLATE, _document(title, [_values(values)], made, 1, 1), archival=True)


def papers_of_registry(acts: list[Told], made: str) -> Iterator[bytes]:
    """The PDFs of what was done that is about no subject."""
    parts = _parts(acts)
    for number, some in enumerate(parts, 1):
        title = _("Inspection copy: %(about)s") % {"about": _("Registry")}
        told = _document(title, [_trail(some)], made, number, len(parts))
        yield typeset(TEMPLATE, told, archival=True)


def _parts(acts: list[Told]) -> list[list[Line]]:
    lines = _numbered("T", _acts(acts))
    return [lines[first : first + MOST_LINES] for first in range(0, len(lines), MOST_LINES)] or [[]]


def _document(title: str, sections: list[Told], made: str, number: int, of: int) -> dict[str, Any]:
    part = f" · {number}/{of}" if of > 1 else ""
    return {
        "study": f"{STUDY.study_id} · {STUDY.registry_id}",
        "title": title + part,
        "subtitle": str(STUDY.title),
        "made": made,
        "empty": _("Nothing was recorded."),
        "sections": sections,
    }


def _section(title: str, heads: list[str], widths: list[int], groups: list[tuple[str, list[Line]]]) -> Told:
    told = [{"title": name, "lines": lines} for name, lines in groups]
    return {"title": title, "heads": heads, "widths": widths, "groups": told}


def _sections(records: SubjectRecords) -> Iterator[Told]:
    page, item, when, standing = _("Page"), _("Item"), _("When"), _("Standing")
    heads = ["", page, _("State"), _("Version"), _("Date of assessment")]
    yield _section(_("Pages"), heads, [2, 4, 3, 2, 4], _lines("P", map(_page, records.pages)))
    yield _values(records.values)
    heads = ["", page, _("Signed by"), _("Meaning"), when, standing]
    signed = _lines("S", map(_signature, records.signatures))
    yield _section(_("Signatures"), heads, [2, 3, 4, 6, 4, 4], signed)
    heads = ["", page, item, _("Verified by"), when, standing]
    verified = _lines("C", map(_verification, records.verifications))
    yield _section(_("Verifications"), heads, [2, 3, 3, 4, 4, 4], verified)
    heads = ["", page, item, _("State"), _("What was said")]
    yield _section(_("Queries"), heads, [2, 3, 3, 2, 10], _lines("Q", map(_query, records.queries)))


def _values(values: list[Told]) -> Told:
    heads = ["", _("Row"), _("Item"), _("Label"), _("Value"), _("Remark")]
    return _section(_("Values"), heads, [2, 1, 4, 6, 6, 3], _by_page(values))


def _lines(letter: str, lines: Iterable[Line]) -> list[tuple[str, list[Line]]]:
    return [("", _numbered(letter, lines))]


def _page(told: Told) -> Line:
    return [_place(told), *(_text(told.get(name)) for name in ("state", "version", "form_date"))]


def _trail(lines: Iterable[Line]) -> Told:
    heads = ["", _("Number"), _("When"), _("Who"), _("Act"), _("Item"), _("Old"), _("New"), _("Reason")]
    return _section(_("Trail"), heads, [2, 2, 3, 3, 3, 4, 4, 4, 4], [("", list(lines))])


def _numbered(letter: str, lines: Iterable[Line]) -> list[Line]:
    return [[f"{letter}{number}.", *line] for number, line in enumerate(lines, 1)]


def _by_page(values: list[Told]) -> list[tuple[str, list[Line]]]:
    """The values of each page under its name, numbered through."""
    numbered = zip(values, _numbered("V", map(_value, values)), strict=True)
    pages = groupby(numbered, key=lambda both: _place(both[0]))
    return [(name, [line for _told, line in lines]) for name, lines in pages]


def _value(told: Told) -> Line:
    item = item_of(told["form"], told["item"])
    assert item is not None  # what was told leaves the registry
    place = [told["row"], item.name, str(item.declared.label)]
    void = _("void: entered by mistake") if told["void"] else ""
    if missing := told["missing"]:
        meant = str(MissingReason(missing).label) if missing in MissingReason else ""
        return [*place, missing, " · ".join(filter(None, (meant, void)))]
    codes = getattr(item, "codes", None)
    meant = str(codes.labels.get(told["value"], "")) if isinstance(codes, CodeList) else ""
    remarks = (meant, told["unit"], _("derived") if told["derived"] else "", void)
    return [*place, told["value"], " · ".join(filter(None, remarks))]


def _signature(told: Told) -> Line:
    who = f"{told['printed_name']} ({told['signer']}, {told['role']})"
    standing = f"{told['state']} {_text(told['fallen_at'])} {told['fallen_because']}"
    return [_place(told), who, f"{told['meaning']}: {told['statement']}", told["at"], standing]


def _verification(told: Told) -> Line:
    who = f"{told['printed_name']} ({told['verified_by']})"
    standing = f"{told['state']} {_text(told['fallen_at'])} {told['reason']}"
    return [_place(told), _where(told), who, told["at"], standing]


def _query(told: Told) -> Line:
    asked = f"{told['check']} {_text(told['text'])}".strip()
    said = " | ".join([asked, *map(_said, told["thread"])])
    return [_place(told), _where(told), told["state"], said]


def _said(line: Told) -> str:
    return f"{line['at']} {line['author']} {line['said']}: {_text(line['text'])} {_was(line)}".strip()


def _was(line: Told) -> str:
    return f"{_text(line['old'])} → {_text(line['new'])}" if line["old"] or line["new"] else ""


def _acts(acts: list[Told]) -> Iterator[Line]:
    """A line for each change of an act; one for an act without any."""
    for act in acts:
        who = f"{act['actor_name']} ({act['actor']}, {act['role']})"
        done = f"{act['action']} {_place(act)} {act['about']}".strip()
        for change in act["changes"] or [{}]:
            why = " ".join(filter(None, (act["reason"], change.get("reason_code"), change.get("reason"))))
            told = [_text(change.get(name)) for name in ("old", "new")]
            yield [str(act["seq"]), act["at"], who, done, _where(change), *told, why]


def _where(told: Told) -> str:
    return f"{told.get('row', '')} {told.get('item', '')}".strip()


def _place(told: Told) -> str:
    return f"{told['form']} {told['visit']}".strip()


def _text(value: object) -> str:
    return "" if value is None else str(value)
