"""The casebook of each subject of a lock on paper: a PDF of the values that its reader may have.

Pages stand by their dates, those of logs last; items as their form declares them. The typesetter takes about
a second for each, so the worker makes them for an archive that was asked for (decision 0071).
"""

from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path

from django.utils import translation

from analytics.exports.about import About, about
from analytics.exports.disclosure import Disclosure, value_told
from analytics.exports.files import Kept, kept
from analytics.exports.form_tables import kind_of
from analytics.exports.inspection.paper import paper_of_values
from analytics.exports.live.lists import Told
from analytics.exports.live.telling import item_of
from analytics.exports.naming import subjects_as_named
from analytics.exports.odm.metadata import is_told
from analytics.locks.cut import FORM_DATE, Value
from analytics.locks.models import Lock
from patients.casebook.form import form_model, is_declared
from patients.casebook.header import DATA
from trial.protocol.visits import FORM_ORDER

PAPER = "pdf"
"""How the archive is asked for it."""
_LAST = "9999"


def papers_of_lock(lock: Lock, to: Disclosure) -> Iterator[tuple[str, Kept]]:
    """The PDF of each subject with its name in the archive, made where it never was. Raises
    SnapshotDamaged."""
    told = about(lock, to)
    for facts, values in subjects_as_named(lock.snapshot.path, told.naming):
        name = told.naming.subject(facts.subject)
        write = partial(_write, name, [Value._make(value) for value in values], told)
        yield f"{PAPER}/{name}.pdf", kept(lock, to, f"casebook-{name}.pdf", write)


def _write(name: str, values: Sequence[Value], about: About, path: Path) -> int:
    """Write the file; how many rows are on it."""
    with translation.override("en"):
        told = list(_told(values, about.disclosure))
        path.write_bytes(paper_of_values(name, told, _made(about)))
    return len({(one["visit"], one["form"], one["row"]) for one in told})


def _made(about: About) -> str:
    to = about.disclosure
    genetic = "held" if to.filing else "withheld"
    return (
        f"lock {about.lock} · cut-off {about.cutoff} · dates: {to.dates} · genetic data: {genetic}"
        f" · {about.at:%Y-%m-%d %H:%M} · Chimera {about.version}"
    )


def _told(values: Sequence[Value], to: Disclosure) -> Iterator[Told]:
    """The values as a reader may have them, in the order of the paper; the header of a page once."""
    days = {(one.visit, one.form): one.value for one in values if one.item == FORM_DATE and one.value}
    rows = {(one.visit, one.form): one.row_key for one in reversed(values)}

    def place(one: Value) -> tuple[str, int, str, str, int]:
        day = days.get((one.visit, one.form), "") if one.visit else ""
        return day or _LAST, FORM_ORDER.index(one.form), one.visit, one.row_key, _position(one.form, one.item)

    for one in sorted((one for one in values if is_declared(one.form)), key=place):
        item = item_of(one.form, one.item)
        is_again = one.item in DATA and one.row_key != rows[one.visit, one.form]
        if item is None or is_again or not is_told(item, to):
            continue
        yield {
            "visit": one.visit,
            "form": one.form,
            "row": "" if one.item in DATA else one.row_key,
            "item": one.item,
            "value": value_told(one.item, kind_of(item), one.value, one.subject, to),
            "unit": one.unit,
            "missing": one.missing,
            "derived": item.is_derived,
            "void": False,
        }


def _position(form: str, item: str) -> int:
    return _positions(form).get(item, len(_positions(form)))


@cache
def _positions(form: str) -> dict[str, int]:
    """Where each item stands on its page, the header first."""
    names = [*DATA, *(item.name for item in form_model(form).items())]
    return {name: number for number, name in enumerate(names)}
