"""The trail taken out as CSV or PDF: what was asked for and nothing else, with equal counts.

The file is made on disk, an entry at a time, so that its number of entries and its SHA-256 stand on the trail
before the first byte leaves.
"""

import csv
import hashlib
import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.db import transaction
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from patients.casebook.typesetting import typeset
from patients.web.acts import act_in_words, purpose_in_words
from patients.web.clocks import local_now
from patients.web.trail_filters import REGISTRY, TrailFilters
from patients.web.trail_presenter import ZONE, place_of, roles_in_words, row_of
from trial.edition import EDITION
from trial.people.access import Person, actor_at
from trial.protocol.study import SITE_ZONE, STUDY
from trial.spreadsheets import cell
from trial.trail.actor import Source, acting
from trial.trail.reading import Entry, entries
from trial.trail.record import Place, record_event
from trial.trail.taken_out import one_site, taken_out

TEMPLATE = Path(__file__).with_name("trail.typ")
MOST_IN_PDF = 5_000  # entries: the typesetter took 817 MB for 10,000
IN_MEMORY = 1 << 20  # bytes of a file before it goes to disk


class TooMuchForPdf(ValueError):
    """More entries than a PDF holds."""

    most = MOST_IN_PDF


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that is ready to leave."""

    file: IO[bytes]
    name: str
    content_type: str
    entries: int
    digest: str


def export_trail(filters: TrailFilters, kind: str, *, by: Person, request_id: str = "") -> Taken:
    """Take out the entries that fit as `kind` (csv or pdf), with one event. Raises TooMuchForPdf."""
    write, content_type = FORMATS[kind]
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  the answer closes it
    found = entries(filters.question(), newest_first=filters.newest_first)
    try:
        written = write(file, found, filters)
    except TooMuchForPdf:
        file.close()
        raise
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    _record(filters, kind, written, digest, by=by, request_id=request_id)
    name = f"trail-{_name_of(filters)}-{local_now():%Y%m%dT%H%M%S}.{kind}"
    return Taken(file, name[-100:], content_type, written, digest)


def _name_of(filters: TrailFilters) -> str:
    if filters["subject"] or filters.only:
        return filters["subject"] or "accounts"
    return "-".join(sorted(filters.within)) or REGISTRY


def _record(
    filters: TrailFilters, kind: str, written: int, digest: str, *, by: Person, request_id: str
) -> None:
    site = "" if filters.only else one_site(filters.within)
    place = Place(site=site, subject=filters["subject"][:12], about=f"{kind} {_asked(filters)}"[:200])
    changes = taken_out(entries=written, digest=digest, sites=filters.within)
    actor = actor_at(by, site=site, source=Source.WEB, request_id=request_id)
    with transaction.atomic(), acting(actor):
        record_event("trail.exported", place, changes)


def _asked(filters: TrailFilters) -> str:
    """The question as its address has it, without the words that were searched for: they may be what is to be
    hidden from the trail."""
    told = {name: text if name != "words" else "…" for name, text in filters.named.items()}
    return f"{'of accounts ' if filters.only else ''}{urlencode(told)}".strip()


# --- CSV ------------------------------------------------------------------------------------------------
COLUMNS = (
    "sequence", "at", "act", "site", "subject", "visit", "form", "form_version", "row", "item", "label",
    "old", "new", "old_shown", "new_shown", "reason_code", "reason", "author", "user", "name", "role",
    "organisation", "source", "request",
)  # fmt: skip
WITHHELD = "withheld"


def _csv(file: IO[bytes], found: Iterator[Entry], filters: TrailFilters) -> int:
    """With a byte order mark, so that a spreadsheet reads the Chinese; codes and frozen texts."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    sheet = csv.writer(text)
    sheet.writerow(COLUMNS)
    written = 0
    for entry in found:
        sheet.writerow([entry.sequence, *map(cell, _cells(entry))])
        written += 1
    text.detach()
    return written


def _cells(entry: Entry) -> Iterator[str]:
    event, change = entry.event, entry.change
    yield event.at.astimezone(SITE_ZONE).isoformat()
    yield from (event.action, event.site, event.subject, event.visit, event.form, event.form_version)
    if change is None:
        yield from ("",) * 8
        yield from (event.reason, "")
    else:
        yield from (change.row_key, change.item, change.label)
        values = (change.old, change.new, change.old_shown, change.new_shown)
        yield from (
            (WITHHELD if value else "" for value in values) if row_of(change, event).is_withheld else values
        )
        yield from (change.reason_code, change.reason or event.reason, change.author)
    yield from (event.actor, event.actor_name, event.actor_role, event.organisation)
    yield from (event.source, event.request_id)


# --- PDF -------------------------------------------------------------------------------------------------
def _pdf(file: IO[bytes], found: Iterator[Entry], filters: TrailFilters) -> int:
    taken = list(islice(found, MOST_IN_PDF + 1))
    if len(taken) > MOST_IN_PDF:
        raise TooMuchForPdf
    file.write(typeset(TEMPLATE, _document(taken, filters)))
    return len(taken)


def _document(taken: list[Entry], filters: TrailFilters) -> dict[str, Any]:
    at = local_now()
    asked = "; ".join(f"{name}: {value}" for name, value in filters.named.items())
    return {
        "language": (get_language() or "en").partition("-")[0],
        "study": f"{STUDY.study_id} · {STUDY.registry_id}",
        "title": _("Trail of %s") % filters.whose,
        "asked": asked or _("everything"),
        "count": _("%(count)s entries") % {"count": len(taken)},
        "made": _("taken out %(at)s by %(who)s · Chimera %(version)s")
        % {"at": f"{at:%Y-%m-%d %H:%M:%S} {ZONE}", "who": filters.by.user_name, "version": EDITION},
        "withheld": _("withheld"),
        "heads": heads(),
        "lines": [line_of(entry) for entry in taken],
    }


def heads() -> list[str]:
    """What stands over the columns of `line_of`."""
    return [_("Entry"), _("When, who"), _("Where"), _("Item"), _("From"), _("To"), _("Why")]


def line_of(entry: Entry) -> list[str]:
    """An entry as it is printed; what its reader may not see says that it is withheld."""
    event, change = entry.event, entry.change
    at = f"{event.at.astimezone(SITE_ZONE):%Y-%m-%d %H:%M:%S}"
    who = f"{event.actor_name or event.actor}, {roles_in_words(event.actor_role)}"
    start = [str(entry.sequence or ""), f"{at}\n{who}", place_of(event)]
    if change is None:
        return [*start, act_in_words(event.action), "", "", purpose_in_words(event.reason)]
    row = row_of(change, event)
    hidden = _("withheld") if row.is_withheld else ""
    why = " · ".join(part for part in (row.why, row.engine, event.reason) if part)
    return [*start, row.label, row.old or hidden if change.old else "", row.new or hidden, why]


Write = Callable[[IO[bytes], Iterator[Entry], TrailFilters], int]
FORMATS: dict[str, tuple[Write, str]] = {
    "csv": (_csv, "text/csv; charset=utf-8"),
    "pdf": (_pdf, "application/pdf"),
}
