"""All that is recorded about a subject, told once: the PDF, the JSON and the CSV of a copy are made of it.

It is told as to programs (`analytics/exports/live`), with days and moments as they are and genetic data with
the rest. What identifies a subject is in no copy: it stays at the site.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from analytics.exports.disclosure import Disclosure
from analytics.exports.form_tables import exported_items
from analytics.exports.live.asking import MOST_LIMIT, Asked
from analytics.exports.live.lists import PAGES, VISITS, Listed, Scope, Told
from analytics.exports.live.oversight import QUERIES, SIGNATURES, VERIFICATIONS
from analytics.exports.live.shapes import STANDING
from analytics.exports.live.telling import Teller
from analytics.exports.live.trail import in_order, told_act
from analytics.exports.live.values import told_row
from analytics.locks.cut import all_records
from analytics.locks.snapshot import CutSubject
from patients.casebook.answers import Record
from patients.casebook.form import declared_forms, form_model
from patients.casebook.page import Subject
from patients.oversight.queries import MOVES, QueryState, Said
from trial.people.tokens import Dates
from trial.trail.models import TrailEvent

WHOLE = Teller(Disclosure(Dates.TRUE, "inspection"))
"""Tells everything but identity."""


@dataclass(frozen=True, slots=True)
class SubjectRecords:
    """What a copy holds of a subject: lists of entries, the trail in the order of the ledger."""

    subject: str
    site: str
    visits: list[Told]
    pages: list[Told]
    values: list[Told]
    queries: list[Told]
    verifications: list[Told]
    signatures: list[Told]
    trail: list[Told]

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def counts(self) -> dict[str, int]:
        """How many entries of each kind; of the trail the acts, and the changes in them."""
        told: dict[str, int] = {name: len(getattr(self, name)) for name in LISTS}
        return told | {"changes": sum(len(act["changes"]) for act in self.trail)}


LISTS = ("visits", "pages", "values", "queries", "verifications", "signatures", "trail")


def records_now(subject: Subject) -> SubjectRecords:
    """What stands now of a subject."""
    return SubjectRecords(
        subject=subject.code,
        site=subject.site.code,
        visits=_all(VISITS, subject),
        pages=_all(PAGES, subject),
        values=list(_values_now(subject)),
        queries=_all(QUERIES, subject),
        verifications=_all(VERIFICATIONS, subject),
        signatures=_all(SIGNATURES, subject),
        trail=_acts(Q(subject=subject.code)),
    )


def records_of_cut(subject: Subject, cut: CutSubject, moment: datetime) -> SubjectRecords:
    """What a lock holds of a subject, and what had been said and done about it at its moment."""
    records = list(all_records(cut.casebook))
    return SubjectRecords(
        subject=subject.code,
        site=subject.site.code,
        visits=[],
        pages=list(_pages(subject, records)),
        values=[told for record in records for told in _values(subject, record)],
        queries=[_asked_until(told, moment) for told in _until(_all(QUERIES, subject), "opened_at", moment)],
        verifications=_standing_at(_all(VERIFICATIONS, subject), moment),
        signatures=_standing_at(_all(SIGNATURES, subject), moment),
        trail=_acts(Q(subject=subject.code, at__lte=moment)),
    )


def acts_of_no_subject(sites: list[str], until: datetime | None = None) -> list[Told]:
    """What was done in the registry and at these sites that is about no subject."""
    asked = Q(subject="", site__in=[*sites, ""])
    return _acts(asked & Q(at__lte=until) if until else asked)


def _values_now(subject: Subject) -> Iterator[Told]:
    """Those of rows that were entered by mistake as well, which are told to be void."""
    for model in declared_forms():
        items = exported_items(model)
        for row in model.of_subject(subject).order_by("page_id", "pk"):
            for told in told_row(row, items, WHOLE):
                yield told | {"void": row.is_void}


def _all(listed: Listed, subject: Subject) -> list[Told]:
    """Every entry of a list that is of a subject."""
    scope = Scope((subject.site,), WHOLE)
    found: list[Told] = []
    cursor = listed.parameters.begin
    while True:
        page = listed.read(Asked({"subject": (subject.code,)}, limit=MOST_LIMIT, cursor=cursor), scope)
        found += map(dict, page.entries)
        if not (cursor := page.cursor):
            return found


def _acts(asked: Q) -> list[Told]:
    acts: QuerySet[Any, Any] = TrailEvent.objects.filter(asked)
    return [told_act(act, WHOLE) for act in in_order(acts)]


# --- as of a lock -------------------------------------------------------------------------------------------
def _pages(subject: Subject, records: list[Record]) -> Iterator[Told]:
    told = {(one.form, one.visit): one for one in records}
    for (form, visit), one in told.items():
        day = one.form_date.isoformat() if one.form_date else None
        yield {**_place(subject, form, visit), "form_date": day, **one.header}


def _values(subject: Subject, record: Record) -> Iterator[Told]:
    for item in exported_items(form_model(record.form)):
        text, missing = item.text(record.values.get(item.name)), record.missing.get(item.name)
        if text or missing:
            yield {
                **_place(subject, record.form, record.visit),
                "row": record.row_key,
                "item": item.name,
                "value": text or None,
                "unit": item.declared.unit if text else "",
                "missing": missing,
                "derived": item.is_derived,
                "void": False,
            }


def _place(subject: Subject, form: str, visit: str) -> Told:
    return {"site": subject.site.code, "subject": subject.code, "visit": visit, "form": form}


def _until(entries: list[Told], member: str, moment: datetime) -> list[Told]:
    return [told for told in entries if _is_by(told[member], moment)]


def _is_by(at: str | None, moment: datetime) -> bool:
    return at is not None and datetime.fromisoformat(at) <= moment


def _standing_at(entries: list[Told], moment: datetime) -> list[Told]:
    """Those that there were, each standing unless it had fallen by then."""
    return [_not_fallen(told, moment) for told in _until(entries, "at", moment)]


def _not_fallen(told: Told, moment: datetime) -> Told:
    if told["fallen_at"] is None or _is_by(told["fallen_at"], moment):
        return told
    why = "reason" if "reason" in told else "fallen_because"
    return told | {"state": STANDING, "fallen_at": None, why: ""}


def _asked_until(told: Told, moment: datetime) -> Told:
    """A query with what had been said by then, and the state that this had brought it to."""
    thread = _until(told["thread"], "at", moment)
    state: str = QueryState.OPEN
    for line in thread:
        state = _moved(state, line)
    kept: Mapping[str, Any] = {
        name: told[name] if _is_by(told[name], moment) else None for name in ("answered_at", "closed_at")
    }
    by = told["closed_by"] if kept["closed_at"] else None
    return {**told, **kept, "closed_by": by, "state": state, "thread": thread}


def _moved(state: str, line: Told) -> str:
    return MOVES[Said(line["said"])].to or state
