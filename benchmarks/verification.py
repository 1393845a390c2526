"""How long a long trail takes to seal and to verify on PostgreSQL, with its triggers at work.

`python -m tests.services python -m benchmarks.verification [EVENTS]`: in a database of its own that is thrown
away. Each event has one change and is written as a save writes it, by the trigger that hashes it into the
ledger. Exits with 1 if the verification finds a fault: nothing was altered.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trial.settings")
os.environ.setdefault("CHIMERA_HOME", tempfile.mkdtemp(prefix="chimera-bench-"))

AT_ONCE = 10_000
ACTS = """
CREATE TEMP TABLE acts ON COMMIT DROP AS
SELECT i, gen_random_uuid() AS act FROM generate_series(%s, %s) i
"""
CHANGES = """
INSERT INTO trial_trailchange
  (event_id, row_key, item, label, old, new, old_shown, new_shown, author, reason_code, reason)
SELECT act, '', 'hctci', 'HCT-CI score', (i % 9)::text, (i % 9 + 1)::text, '', '', 'ana.li', 'late_source',
  ''
FROM acts ORDER BY i
"""
EVENTS = """
INSERT INTO trial_trailevent
  (act, at, action, actor, actor_name, actor_role, organisation, source, request_id, study, site, subject,
  visit, form, form_version, about, reason)
SELECT act, now(), 'page.saved', 'ana.li', 'Ana Li', 'coordinator', 'HZ01', 'web', '', 'NCT05827835', 'HZ01',
  'HZ01-' || lpad((i % 500)::text, 3, '0'), 'SCR', 'DM', '1.0', '', ''
FROM acts ORDER BY i
"""


def main(size: int) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    from trial.trail.seals import anchor_file, read_anchor, seal_trail

    call_command("migrate", verbosity=0)
    rows = [("write the events, their changes and leaves", timed(lambda: fill(size)))]
    rows.append(("seal them, and write the anchor", timed(seal_trail)))
    anchor = {line["number"]: line for line in read_anchor(anchor_file())}
    faults: list[object] = []
    rows.append(("verify leaves, seals, anchor and tables", timed(lambda: verify(anchor, faults))))
    print(f"\n| {size:,} events, {len(anchor):,} seals | s |\n|---|---|")
    for what, seconds in rows:
        print(f"| {what} | {seconds:.1f} |")
    print(f"| peak memory of the process | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB |")
    for fault in faults:
        print(f"a fault that is none: {fault}")
    return bool(faults)


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def fill(size: int) -> None:
    """So many events, ten thousand to a transaction."""
    from django.db import connection, transaction

    for first in range(1, size + 1, AT_ONCE):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ACTS, [first, min(size, first + AT_ONCE - 1)])
            cursor.execute(CHANGES)
            cursor.execute(EVENTS)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def verify(anchor: dict[int, dict[str, object]], faults: list[object]) -> None:
    from django.db import transaction

    from trial.trail.seals import public_key
    from trial.trail.verification import Verification

    with transaction.atomic():
        faults += Verification([public_key()], anchor).faults()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
