"""The experiments: what is broken, by which tests, how often in the long form, and what may come of it.

Each test tells how often it tried (`tried` of tests/conftest.py). One that fails is a bad outcome, whatever
it had counted before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

SQLITE, POSTGRESQL = "sqlite", "postgresql"
BOTH = (SQLITE, POSTGRESQL)


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment. `often` are the numbers of its long form, which its tests read from the environment;
    without them they run in short. `limit` says which outcome is a bad one."""

    id: str
    says: str
    limit: str
    targets: tuple[str, ...]
    often: Mapping[str, int] = field(default_factory=dict)
    engines: tuple[str, ...] = BOTH
    only: str = ""


WORKERS = ("tests/faults/test_workers.py",)
DRAFTS = "tests/patients/web/test_drafts.py"
DROPS = "tests/patients/web/test_drafts_browser.py"
KEYS = "tests/trial/trail/test_change_of_the_key.py"
HOSTILE = ("tests/access/test_hostile.py", "tests/patients/web/api/test_hostile_requests.py")

EXPERIMENTS = (
    Experiment(
        "F01", "a worker's child is killed while it computes", "one result each, as undisturbed",
        WORKERS, {"KILLS": 50}, only="killed_at_any_moment",
        engines=(POSTGRESQL,),
    ),
    Experiment(
        "F02", "a worker is lost with all its children", "the sweeper revives it, one result",
        WORKERS, {"LOSSES": 20}, only="lost_machine",
        engines=(POSTGRESQL,),
    ),
    Experiment(
        "F03", "a run is rung ten times at once", "one result, nine times nothing, no error",
        WORKERS, {"DELIVERIES": 20}, only="ten_deliveries",
        engines=(POSTGRESQL,),
    ),
    Experiment(
        "F04", "whoever saves is killed before each statement, and under load", "all of a save or nothing",
        ("tests/faults/test_killed_saves.py",), {"MOMENTS": 500, "WEB_KILLS": 20},
    ),
    Experiment(
        "F05", "the broker is away while a lock is made", "locked at once, computed when it is back",
        ("tests/faults/test_broker.py",), {"OUTAGES": 20}, engines=(POSTGRESQL,),
    ),
    Experiment(
        "F06", "PostgreSQL is stopped at once under load", "no save lost, none done twice",
        ("tests/faults/test_database.py",), {"STOPS": 20, "WRITERS": 50}, engines=(POSTGRESQL,),
    ),
    Experiment(
        "F07", "the disk is full", "503 'not saved', readable, goes on with room",
        ("tests/patients/web/test_unavailable.py", "tests/faults/check_full_disk.py"),
    ),
    Experiment(
        "F08", "a form or a request is sent twice", "one effect, the same answer",
        ("tests/patients/web/test_double_submits.py",), {"DOUBLE_SUBMITS": 1000},
    ),
    Experiment(
        "F09", "two people save what both have read", "no edit lost, each clash told",
        ("tests/patients/entry/test_merging.py",), {"RACES": 10_000}, engines=(SQLITE,),
    ),
    Experiment(
        "F10", "the session ends in a long form", "all that was typed is there again, for its owner",
        (DRAFTS,), {"SESSIONS": 100}, only="session or sent_after or after_the_end",
        engines=(SQLITE,),
    ),
    Experiment(
        "F11", "the network is away while somebody types", "said within 5 s, nothing typed is lost",
        (DROPS,), engines=(SQLITE,),
    ),
    Experiment(
        "F12", "pages are frozen and locked while they are edited", "nothing after the freeze or the lock",
        ("tests/patients/entry/test_freezing_races.py", "tests/analytics/test_locking.py"),
        {"ROUNDS": 200, "EDITORS": 20}, only="however_close or before_the_lock_or_refused",
    ),
    Experiment(
        "F13", "fifty coordinators at once", "no fault, no save lost",
        ("tests/faults/check_coordinators.py",), {"LOAD_SECONDS": 120}, engines=(POSTGRESQL,),
    ),
    Experiment(
        "F14", "back up, lose everything, restore", "equal, verified; an old backup is noticed",
        ("tests/trial/backup/test_backups.py",), {"DRILLS": 10}, only="comes_back or older_copy",
    ),
    Experiment(
        "F15", "migrations are killed while people save", "before or after each, nothing between",
        ("tests/faults/check_killed_migrations.py",), {"MIGRATIONS": 20, "EVENTS": 100_000},
        engines=(POSTGRESQL,),
    ),
    Experiment(
        "F16", "the clock of the web server is wrong", "signing and locking refused above 60 s",
        ("tests/faults/check_clock.py",), engines=(POSTGRESQL,),
    ),
    Experiment(
        "F17", "hostile input", "no answer of 5xx, steady memory",
        (*HOSTILE, "tests/faults/check_hostile_bodies.py"), {"BODIES": 5000},
    ),
    Experiment(
        "F18", "five hundred slow clients in front of nginx", "others are served",
        ("tests/faults/check_slow_clients.py",), {"SLOW_CLIENTS": 500}, engines=(SQLITE,),
    ),
    Experiment(
        "F19", "a flood of wrong passwords", "few reach the hasher; who it is about gets in after 15 min",
        ("tests/faults/check_login_flood.py",), {"GUESSES": 1000},
    ),
    Experiment(
        "F20", "no memory is left for an analysis", "failed with its reason, the web unharmed",
        WORKERS, {"EXHAUSTIONS": 10}, only="without_memory",
        engines=(POSTGRESQL,),
    ),
    Experiment(
        "F21", "saves that deadlock or cannot be serialised", "tried again unseen, one effect each",
        ("tests/faults/test_deadlocks.py",), {"DEADLOCKS": 1000}, engines=(POSTGRESQL,),
    ),
    Experiment(
        "F22", "the sealer is killed at each step; two seal at once", "no gap, no act in two seals",
        ("tests/faults/test_killed_sealers.py",), {"SEALINGS": 100},
    ),
    Experiment(
        "F23", "the signing key is lost or changed", "saves go on, an alarm, old seals verify",
        (KEYS, "tests/trial/security/test_production.py"), only="key",
    ),
    Experiment(
        "F24", "the answer to a save is lost", "sent again: the same answer, nothing twice",
        ("tests/patients/web/test_lost_answers.py",), {"DROPS": 1000}, engines=(SQLITE,),
    ),
    Experiment(
        "V01", "a whole trail is verified again and again", "whole each time",
        ("tests/trial/trail/test_tampering.py",), {"CLEAN_RUNS": 1000},
    ),
    Experiment(
        "V02", "freezing and thawing by chance", "as the model says",
        ("tests/patients/entry/test_freezing.py",), {"STEPS": 10_000}, engines=(SQLITE,),
    ),
    Experiment(
        "V03", "fifty people save while the trail is sealed", "one event for each change, in order",
        ("tests/trial/trail/test_writers.py",), {"WRITERS_SECONDS": 60}, engines=(POSTGRESQL,),
    ),
    Experiment(
        "V04", "a program follows what twenty people save", "each act once and in order",
        ("tests/analytics/exports/live/test_sync_writers.py",), {"SYNC_SECONDS": 60}, engines=(POSTGRESQL,),
    ),
)  # fmt: skip
