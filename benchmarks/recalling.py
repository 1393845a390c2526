"""A data cut as known at a moment, beside `as_of()` of simple-history as instances (B8).

`python -m benchmarks.recalling [SUBJECTS]`, for PostgreSQL after `python -m tests.services`: in a registry of
its own. 500 subjects have a hundred rows of concomitant medication each, with ten versions of
every row; one row is entered by the acts of the registry, the others are copies of it by SQL, and the moment
lies between the fifth version and the sixth. Of 500,000 versions each side reads the same 50,000: ours all
that a cut reads (35 forms, pages, subjects), as records and on to the values that are sealed; the other the
instances of one model. Medians, in turn.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from patients.casebook.page import Page

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trial.settings")
os.environ.setdefault("CHIMERA_HOME", tempfile.mkdtemp(prefix="chimera-bench-"))

ROWS, VERSIONS, ROUNDS = 100, 10, 5
FIRST = datetime(2025, 7, 1, tzinfo=UTC)
MOMENT, CUTOFF = FIRST + timedelta(days=4.5), date(2025, 8, 5)
NUMBERS = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {subjects})"
ROW_NUMBERS = ", r(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM r WHERE k < {rows})"
APART = 1_000_000
"""Between the numbers of what is copied and those of its copies."""


def main(subjects: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    _fill(_a_page(), subjects)
    print(f"{connection.vendor}, load of the machine before {os.getloadavg()[0]:.1f}\n", flush=True)
    sides: dict[str, Callable[[], int]] = {
        "as_of(), instances": _as_of,
        "as known then: records of a cut": _records,
        "as known then: cut, to its values": partial(_values, MOMENT),
        "as it stands: cut, to its values": partial(_values, None),
    }
    took: dict[str, list[float]] = {name: [] for name in sides}
    for _round in range(ROUNDS + 1):
        for name, side in sides.items():
            started = time.perf_counter()
            rows = side()
            took[name].append(time.perf_counter() - started)
            assert rows - subjects * ROWS in (0, 1), f"{name}: {rows} rows"  # 1: that which was entered
    report(took, subjects)


def report(took: dict[str, list[float]], subjects: int) -> None:
    told = f"{subjects * ROWS:,} of {subjects * ROWS * VERSIONS:,} versions"
    medians = {name: statistics.median(times[1:]) for name, times in took.items()}
    plain = next(iter(medians.values()))
    print(f"| {told} | s | times as fast as as_of() |\n|---|---|---|")
    for name, seconds in medians.items():
        print(f"| {name} | {seconds:.2f} | {plain / seconds:.1f} |")


# --- the sides -------------------------------------------------------------------------------------------
def _as_of() -> int:
    from patients.casebook.form import form_model

    return len(list(form_model("CM").history.as_of(MOMENT)))


def _records() -> int:
    from analytics.locks.past import AsKnown
    from patients.casebook.page import Subject
    from patients.casebook.shelf import shelved, some_at_a_time

    everybody = Subject.objects.select_related("site", "identity").in_turn()
    casebooks = (one for some in some_at_a_time(everybody) for one in shelved(some, AsKnown(MOMENT)))
    return sum(len(casebook.rows) for casebook in casebooks)


def _values(known_at: datetime | None) -> int:
    from analytics.locks.seal import EVERYBODY, content_of_cut

    named = (
        sum(value.item == "cm_name" for value in values)
        for _facts, values in content_of_cut(CUTOFF, EVERYBODY, known_at)
    )
    return sum(named)


# --- the registry ----------------------------------------------------------------------------------------
def _a_page() -> "Page":
    """A page with a row, of a subject who consented."""
    from tests.patients.entry import desk

    page = desk.logged(desk.consented("HZ01-001"), "CM")
    row = {"cm_name": "aciclovir", "cm_class": "antiviral", "cm_start": "2025-06-01", "cm_ongoing": "Y"}
    desk.save(page, rows={"1": row})
    return page


def _fill(page: "Page", subjects: int) -> None:
    """The copies, with their versions; of their other pages there are none."""
    from django.db import connection, transaction

    from benchmarks.showing import _set_triggers_aside
    from patients.casebook.form import form_model
    from patients.casebook.identity import Identity
    from patients.casebook.page import Page, Subject

    model: Any = form_model("CM")
    whose: dict[str, str] = {"subject_id": f"{APART} + s.n", "page_id": f"{APART} + s.n"}
    person = {"id": f"{APART} + s.n", "code": "'HZ01-' || (s.n + 1000)", "patient_id": "'P' || s.n"}
    row = {"id": f"{APART} + s.n * {ROWS} + r.k", "row_key": "CAST(r.k AS text)", **whose}
    with transaction.atomic(), connection.cursor() as cursor:
        _set_triggers_aside(cursor)

        def copy(source: Any, where: str, own: dict[str, str], *given: Any, rows: bool = False) -> None:
            columns = [str(column.column) for column in source._meta.concrete_fields]
            values = ", ".join(own.get(name, f"t.{name}") for name in columns)
            begin = NUMBERS.format(subjects=subjects) + (ROW_NUMBERS.format(rows=ROWS) if rows else "")
            table = source._meta.db_table
            cursor.execute(
                f"{begin} INSERT INTO {table} ({', '.join(columns)}) "
                f"SELECT {values} FROM {table} t, s{', r' if rows else ''} WHERE {where}",
                given,
            )

        copy(Subject, f"t.id = {page.subject_id}", person)
        copy(Identity, f"t.subject_id = {page.subject_id}", {"id": f"{APART} + s.n", **whose})
        copy(Page, f"t.id = {page.pk}", {"id": f"{APART} + s.n", **whose})
        copy(model, f"t.page_id = {page.pk}", row, rows=True)
        history = {"id": f"{APART} + s.n", "history_id": f"{APART} + s.n", "history_date": "%s", **whose}
        newest = f"t.history_id = (SELECT max(history_id) FROM {{}} WHERE id = {page.pk})"
        versions = Page.history.model
        copy(versions, newest.format(versions._meta.db_table), history, FIRST)
        of_rows = model.history.model
        for version in range(VERSIONS):
            number = f"{APART} + (s.n * {ROWS} + r.k) * {VERSIONS} + {version}"
            at = {"history_id": number, "history_date": "%s", **row}
            copy(
                of_rows,
                f"t.page_id = {page.pk} AND t.history_id < {APART}",
                at,
                FIRST + timedelta(days=version),
                rows=True,
            )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
