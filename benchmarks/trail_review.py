"""How long the questions of readers to a long trail take on PostgreSQL, and whether they are index reads.

`python -m tests.services python -m benchmarks.trail_review [EVENTS]`: in a database of its own that is thrown
away, filled with triggers off. Each question is asked through `trial.trail.reading`, as the screen asks it;
the first again from the middle by OFFSET, and of the tables of versions, which hold as many rows. Exits with
1 if a question that must be an index read reads the whole table.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from trial.trail.models import TrailEvent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trial.settings")
os.environ.setdefault("CHIMERA_HOME", tempfile.mkdtemp(prefix="chimera-bench-"))

SITES, SUBJECTS, PAGES_OF_A_SUBJECT, PEOPLE, CHANGES = 10, 5000, 100, 100, 5
BEGIN, SECONDS_BETWEEN = datetime(2024, 1, 1, tzinfo=UTC), 20
PAGE = 50
RUNS = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """One question: the median of its time in ms, and the plan of the database."""

    question: str
    milliseconds: float
    plan: str

    @property
    def reads_all(self) -> bool:
        return "Seq Scan on trial_trailevent" in self.plan or "Seq Scan on trial_trailchange" in self.plan


def main(size: int) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    fill(size)
    answers = [*asked(size)]
    print(f"\n| {size:,} events, {size * CHANGES:,} changes | ms |\n|---|---|")
    for answer in answers:
        print(f"| {answer.question} | {answer.milliseconds:.1f} |")
    for question, milliseconds in compared(size):
        print(f"| {question} | {milliseconds:.0f} |")
    whole = [answer for answer in answers if answer.reads_all]
    for answer in whole:
        print(f"\nreads the whole table: {answer.question}\n{answer.plan}")
    return bool(whole)


# --- the invented trail ----------------------------------------------------------------------------------
EVENTS_SQL = f"""
INSERT INTO trial_trailevent (id, act, at, action, actor, actor_name, actor_role, organisation, source,
  request_id, study, site, subject, visit, form, form_version, about, reason)
SELECT i, gen_random_uuid(), %s::timestamptz + i * interval '{SECONDS_BETWEEN} seconds',
  CASE WHEN i %% 97 = 0 THEN 'identity.viewed' WHEN i %% 50000 = 0 THEN 'lock.made' ELSE 'page.saved' END,
  'person.' || (i * 31 %% {PEOPLE}), 'Person', 'coordinator', 'x', 'web', '', 'CHIMERA',
  'S' || lpad((s %% {SITES})::text, 2, '0'), 'S' || lpad((s %% {SITES})::text, 2, '0') || '-' || s,
  'V' || (i * 7919 / {SUBJECTS} %% 20), 'F' || (i * 7919 / {SUBJECTS * 20} %% 5), '1.0', '', ''
FROM (SELECT i, i * 7919 %% {SUBJECTS} AS s FROM generate_series(1, %s::bigint) i) numbered
"""
CHANGES_SQL = f"""
INSERT INTO trial_trailchange (event_id, row_key, item, label, old, new, old_shown, new_shown, author,
  reason_code, reason)
SELECT e.act, '', 'item_' || ((e.id + n * 13) % 200), 'Item', CASE WHEN n = 1 THEN '1' ELSE '' END, '2', '',
  '2', e.actor, CASE WHEN n = 1 THEN 'late_source' ELSE '' END,
  CASE WHEN e.id % 100000 = 0 THEN 'a rare reason' ELSE '' END
FROM trial_trailevent e, generate_series(1, {CHANGES}) n
"""
LEAVES_SQL = """
INSERT INTO trial_ledgerleaf (seq, event_id, payload, leaf) SELECT id, id, '{}', '' FROM trial_trailevent
"""


def fill(size: int) -> None:
    """Events, changes and leaves, and as many versions of rows, with no trigger in the way."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(EVENTS_SQL, [BEGIN, size])
        cursor.execute(CHANGES_SQL)
        cursor.execute(LEAVES_SQL)
        _places(cursor)
        for table in _histories():
            _versions(cursor, table, size // len(_histories()))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _places(cursor: Any) -> None:
    cursor.execute(
        "INSERT INTO trial_site (id, code, name) SELECT i + 1, 'S' || lpad(i::text, 2, '0'), 'x' "
        f"FROM generate_series(0, {SITES - 1}) i"
    )
    cursor.execute(
        "INSERT INTO patients_subject (id, code, site_id, patient_id) SELECT i + 1, 'S' || lpad((i % "
        f"{SITES})::text, 2, '0') || '-' || i, i % {SITES} + 1, '' FROM generate_series(0, {SUBJECTS - 1}) i"
    )
    cursor.execute(
        "INSERT INTO patients_page (id, subject_id, form_code, state, version, not_done, not_done_reason, "
        f"source_documents, header_versions) SELECT i + 1, i % {SUBJECTS} + 1, 'F' || i, 'complete', 1, "
        f"false, '', '[]', '{{}}' FROM generate_series(0, {SUBJECTS * PAGES_OF_A_SUBJECT - 1}) i"
    )


def _histories() -> list[str]:
    """The tables of versions of the forms."""
    from patients.casebook.form import declared_forms

    return [model.history.model._meta.db_table for model in declared_forms()]


def _versions(cursor: Any, table: str, size: int) -> None:
    at = f"timestamptz '{BEGIN.isoformat()}' + i * interval '{SECONDS_BETWEEN * len(_histories())} seconds'"
    pages = SUBJECTS * PAGES_OF_A_SUBJECT
    given = {"id": "i", "history_id": "i", "page_id": f"i * 7919 % {pages} + 1", "history_date": at}
    cursor.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s "
        "AND is_nullable = 'NO'",
        [table],
    )
    for name, kind in cursor.fetchall():
        empty = {"jsonb": "'{}'", "boolean": "false", "text": "''", "character varying": "''"}
        given.setdefault(name, empty.get(kind, "0"))
    given["history_user_id"] = f"'person.' || (i * 31 % {PEOPLE})"
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(given)}) SELECT {', '.join(given.values())} "
        f"FROM generate_series(1, {size}::bigint) i"
    )


# --- the questions ---------------------------------------------------------------------------------------
def asked(size: int) -> Any:
    """The newest 50 of each question of a reader, about an act of the middle: each has answers."""
    from trial.trail.kinds import REGISTRY_ACTS
    from trial.trail.models import TrailChange, TrailEvent
    from trial.trail.reading import Question, numbers

    middle = (BEGIN + timedelta(seconds=SECONDS_BETWEEN * size / 2)).date()
    end = middle + timedelta(days=30)
    act = TrailEvent.objects.filter(id__gt=size // 2, action="page.saved").order_by("id")[0]
    item = TrailChange.objects.filter(event=act).order_by("id")[0].item
    site = frozenset({act.site})
    every = frozenset(f"S{number:02d}" for number in range(SITES))
    questions = {
        "newest 50 of a site": Question(site),
        "newest 50 of all ten sites": Question(every),
        "newest 50 of a subject": Question(site, subject=act.subject),
        "one item of one page": Question(
            site, subject=act.subject, form=act.form, visit=act.visit, item=item
        ),
        "one person at a site in a month, years ago": Question(
            site, actor=act.actor, first_day=middle, last_day=end
        ),
        "a site in a month, years ago": Question(site, first_day=middle, last_day=end),
        "the same, and the acts of the registry": Question(
            site, without_site=REGISTRY_ACTS, first_day=middle, last_day=end
        ),
        "a kind of act at a site": Question(site, kind="identity.viewed"),
        "corrected values of a site": Question(site, kind="corrected"),
        "a form of a site": Question(site, form=act.form),
        "an item of a form, of the whole site": Question(site, form=act.form, item=item),
        "a code of reason at a site": Question(site, reason="late_source"),
    }
    for words, question in questions.items():
        found = numbers(question)[:PAGE]
        yield Answer(words, timed(partial(_read, found)), found.explain())
    deep = numbers(Question(site)).filter(id__lt=size // 2)[:PAGE]
    yield Answer("a page of a site from the middle, by key", timed(partial(_read, deep)), deep.explain())


def _read(found: "QuerySet[TrailEvent, int]") -> None:
    """As a screen does: the numbers, then their acts with their places in the ledger."""
    from django.db.models import F

    from trial.trail.models import TrailEvent

    shown = TrailEvent.objects.filter(pk__in=list(found.all())).annotate(sequence=F("leaf__seq"))
    list(shown.order_by("-id"))


def compared(size: int) -> Any:
    """What must read all of it, and the same question asked otherwise."""
    from django.db import connection

    from trial.trail.reading import Question, count, numbers

    site = frozenset({"S03"})
    rare = numbers(Question(site, words="a rare reason"))[:PAGE]
    yield "rare words of a reason at a site (reads them all)", timed(partial(_read, rare), runs=1)
    yield "the count of a site, on request", timed(lambda: count(Question(site)), runs=1)
    middle = size // SITES // 2
    by_offset = numbers(Question(site))[middle : middle + PAGE]
    yield "a page of a site from the middle, by OFFSET", timed(partial(_read, by_offset))
    union = " UNION ALL ".join(
        f"SELECT h.history_date, '{table}', h.history_id FROM {table} h"
        " JOIN patients_page p ON p.id = h.page_id"
        " JOIN patients_subject s ON s.id = p.subject_id WHERE s.site_id = 4"
        for table in _histories()
    )

    def of_versions() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM ({union}) v ORDER BY 1 DESC LIMIT {PAGE}")
            cursor.fetchall()

    yield f"newest 50 of a site, of the {len(_histories())} tables of versions", timed(of_versions, runs=3)


def timed(ask: Callable[[], Any], runs: int = RUNS) -> float:
    """The median in ms, after one run that warms the memory."""
    if runs > 1:
        ask()
    took = []
    for _run in range(runs):
        start = time.perf_counter()
        ask()
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
