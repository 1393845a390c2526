"""A lock by two people makes its data cut in the same act; what changed until the next one is told."""

import os
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from itertools import cycle
from typing import Any

import pytest
from django.conf import settings

from analytics.locks.comparing import Difference, differences, moved_estimates
from analytics.locks.locking import approve_lock, relock
from analytics.locks.models import Lock
from analytics.locks.seal import content_of_cut, make_lock
from analytics.locks.snapshot import write_snapshot
from analytics.locks.tasks import lock_again
from analytics.runs.compute import compute_run
from analytics.runs.models import Run
from analytics.runs.results import NotFinished
from patients.casebook.page import Page, PageState, Subject
from patients.entry.locking import Extent, NotAsked, refuse_request
from patients.entry.refusals import PageClosed
from patients.models import CasebookLock, LockDecision
from tests.patients.entry import desk
from tests.patients.entry.locking_desk import approver, asked, manager, unlocked
from tests.patients.entry.test_freezing_races import all_begun_together
from trial.people.access import SystemPerson
from trial.people.models import Account
from trial.trail.actor import Source
from trial.trail.clocks import ClocksDisagree
from trial.trail.ledger import LedgerLeaf
from trial.trail.models import TrailEvent

CHANGED = {"cd7_pct": "50.0", "bm_blast_scr_pct": "44.0"}


def approved(subject: Subject | None = None) -> Lock:
    return approve_lock(asked(subject), by=approver())


def computed(lock: Lock) -> Lock:
    for run in Run.objects.filter(snapshot=lock.snapshot):
        compute_run(run.pk)
    return lock


@pytest.mark.django_db
@pytest.mark.requirement("LK-06")
def test_a_lock_of_the_study_is_a_snapshot_with_a_run_that_waits() -> None:
    desk.infused()
    lock = approved()
    assert lock.decision == LockDecision.objects.get()
    assert (lock.made_by, lock.reason) == ("wei.shen", "interim analysis")
    assert lock.snapshot.runs.get().state == "queued"
    assert lock.snapshot.path.exists()
    plain = make_lock(lock.cutoff, "the same", by=SystemPerson("lock"), source=Source.COMMAND)
    assert plain.snapshot == lock.snapshot, "the same content has the same hash"


@pytest.mark.django_db
def test_what_cannot_be_cut_is_not_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = desk.infused()
    request, second = asked(), approver()

    def apart(*_args: Any) -> None:
        raise ClocksDisagree(90.0)

    monkeypatch.setattr("analytics.locks.seal.refuse_if_clocks_disagree", apart)
    with pytest.raises(ClocksDisagree):
        approve_lock(request, by=second)
    assert not CasebookLock.objects.exists()
    assert not Lock.objects.exists()
    assert not Page.objects.filter(subject=subject, state=PageState.LOCKED).exists()
    with pytest.raises(NotAsked):
        approve_lock(request, by=manager())


@pytest.mark.django_db
@pytest.mark.requirement("LK-05")
def test_what_changes_between_unlocking_and_relocking_is_told_and_nothing_else() -> None:
    subject = desk.infused()
    first = computed(approved())
    page = desk.page_of(subject, "DX")
    unlocking = unlocked(subject, page)
    desk.save(page, CHANGED, why=desk.BECAUSE)
    (second,) = relock(unlocking, by=manager(), source=Source.WEB)
    assert (second.follows, second.decision, second.cutoff) == (first, first.decision, first.cutoff)
    assert sorted(differences(first, second), key=lambda one: one.item) == [
        Difference(subject.code, "SCR", "DX", "", "bm_blast_scr_pct", "60.4 %", "44.0 %"),
        Difference(subject.code, "SCR", "DX", "", "cd7_pct", "92.0 %", "50.0 %"),
    ]
    with pytest.raises(NotFinished):
        moved_estimates(first, second)
    assert moved_estimates(first, computed(second)) == [], "no figure rests on these"


@pytest.mark.django_db
def test_it_is_locked_again_though_the_cut_fails_and_the_worker_makes_the_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subject = desk.infused()
    first = approved()
    unlocking = unlocked(subject, desk.page_of(subject, "DX"))

    def apart(*_args: Any) -> None:
        raise ClocksDisagree(90.0)

    with monkeypatch.context() as patch:
        patch.setattr("analytics.locks.seal.refuse_if_clocks_disagree", apart)
        with pytest.raises(ClocksDisagree):
            relock(unlocking, by=manager(), source=Source.WEB)
    assert desk.page_of(subject, "DX").state == PageState.LOCKED
    assert Lock.objects.get() == first
    assert lock_again() == 0
    assert Lock.objects.latest("pk").follows == first
    assert lock_again() == 0
    assert Lock.objects.count() == 2


@pytest.mark.django_db
def test_the_estimates_that_moved_are_named() -> None:
    subject = desk.infused()
    first = computed(approved())
    page = desk.page_of(subject, "DX")
    unlocking = unlocked(subject, page)
    desk.save(page, {"dx_type": "aml"}, why=desk.BECAUSE)
    (second,) = relock(unlocking, by=manager(), source=Source.WEB)
    moved = {each.figure: (each.before, each.after) for each in moved_estimates(first, computed(second))}
    assert moved == {
        "dx_aml_n": ("0", "1"),
        "dx_aml_pct": ("0.0", "100.0"),
        "dx_tall_n": ("1", "0"),
        "dx_tall_pct": ("100.0", "0.0"),
    }


@pytest.mark.django_db
def test_of_a_subject_that_came_or_went_every_value_differs() -> None:
    desk.consented()
    first = make_lock(date(2024, 6, 1), "before", by=SystemPerson("lock"), source=Source.COMMAND)
    desk.consented("HZ01-002")
    second = make_lock(date(2024, 6, 1), "after", by=SystemPerson("lock"), source=Source.COMMAND)
    came, went = list(differences(first, second)), list(differences(second, first))
    assert {each.subject for each in came} == {"HZ01-002"}
    assert all(not each.before and each.after for each in came)
    assert [(each.after, each.before) for each in went] == [(each.before, each.after) for each in came]
    assert list(differences(first, first)) == []


@pytest.mark.django_db
def test_when_the_time_is_over_the_worker_locks_again_and_cuts() -> None:
    subject = desk.infused()
    first = approved()
    beat = settings.CELERY_BEAT_SCHEDULE["lock-what-is-over"]
    assert (beat["task"], beat["schedule"]) == (lock_again.name, 60.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("patients.entry.locking.timedelta", lambda hours: timedelta(seconds=-hours))
        unlocked(subject, hours=1)
    assert lock_again() == 1
    assert lock_again() == 0
    assert set(Page.objects.filter(subject=subject).values_list("state", flat=True)) == {PageState.LOCKED}
    assert TrailEvent.objects.get(action="casebook.relocked").actor.startswith("system:lock@")
    again = Lock.objects.latest("pk")
    assert (again.follows, again.snapshot) == (first, first.snapshot)


# --- F12 ---------------------------------------------------------------------------------------------------
ROUNDS = int(os.environ.get("ROUNDS", "6"))  # 200 in `make faults`
EDITORS = int(os.environ.get("EDITORS", "4"))  # 50 in `make faults`


@pytest.mark.requirement("LK-03")
def test_an_edit_is_before_the_lock_or_refused(
    transactional_db: None, tmp_path: Any, tried: Callable[[int], None]
) -> None:
    """In each round editors save a page of a casebook while it is locked (F12)."""
    tried(ROUNDS * EDITORS)
    editors = [desk.a_member(user_name=f"editor.{number}") for number in range(EDITORS)]
    before = 0
    for number in range(ROUNDS):
        subject = desk.consented(f"HZ01-{number + 1:03d}")
        desk.save(desk.page_of(subject, "DM"), desk.DM, on=desk.CONSENT)
        *saved, lock = all_begun_together(*editing(subject, editors), locking(subject))
        assert isinstance(lock, Lock)
        before += sum(not isinstance(each, PageClosed) for each in saved)
        acts = acts_on(subject)
        assert "page.saved" not in acts[acts.index("casebook.locked") :], "nothing changes after the lock"
        now = content_of_cut(lock.cutoff, Extent(subject=subject), None)
        assert write_snapshot(tmp_path, lock.cutoff, now).hash == lock.snapshot.hash, "all that came before"
    assert 0 <= before <= ROUNDS * EDITORS
    assert desk.rows_that_differ_from_their_newest_version() == []


def editing(subject: Subject, editors: list[Account]) -> list[Callable[[], object]]:
    """Saves of the same page by several people, each of an item of its own or of another's."""
    page = desk.now(desk.page_of(subject, "DM"))
    edits = cycle([{"hctci": "1"}, {"race": "OTHER"}, {"hbsag": "positive"}, {"hbcab": "positive"}])
    return [
        partial(desk.save, page, edit, by=editor, base=page.version, why=desk.BECAUSE)
        for editor, edit in zip(editors, edits, strict=False)
    ]


def locking(subject: Subject) -> Callable[[], object]:
    """The lock approved; where an edit came first and brought something into its way, asked for once more."""
    request, second = asked(subject), approver()

    def lock() -> Lock:
        asking = request
        for _edit in range(EDITORS):
            try:
                return approve_lock(asking, by=second)
            except NotAsked:
                refuse_request(asking, by=second)
                asking = asked(subject)
        return approve_lock(asking, by=second)

    return lock


def acts_on(subject: Subject) -> list[str]:
    """What happened to a subject, in the order of the ledger."""
    leaves = LedgerLeaf.objects.filter(event__subject=subject.code).order_by("seq")
    return list(leaves.values_list("event__action", flat=True))
