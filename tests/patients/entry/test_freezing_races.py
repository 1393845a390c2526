"""A page is frozen while people save it: whatever the order, nothing changes on it after that (F12)."""

import os
import threading
from collections.abc import Callable

import pytest
from django.db import connections

from patients.casebook.page import Page, PageState
from patients.entry.freezing import Keeper, freeze_pages, thaw_pages
from patients.entry.reasons import Reason
from patients.entry.refusals import ContentChanged, PageClosed
from tests.patients.entry import desk
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.ledger import LedgerLeaf

pytestmark = pytest.mark.requirement("LK-01")
ROUNDS = int(os.environ.get("ROUNDS", "20"))  # 200 in `make faults`
ITEMS = {"hctci": ("1", "2", "3"), "race": ("WHITE", "OTHER", "ASIAN")}


def all_begun_together(*acts) -> list[object]:
    """Each in a thread of its own; what came of each, a refusal as well."""
    meet, came = threading.Barrier(len(acts), timeout=30), [None] * len(acts)

    def run(number: int) -> None:
        try:
            meet.wait()
            came[number] = acts[number]()
        except (PageClosed, ContentChanged) as refused:
            came[number] = refused
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert None not in came
    return came


def acts_on(page: Page) -> list[str]:
    """Saves, freezes and thaws of the page, in the order of the ledger."""
    acts = ("page.saved", "pages.frozen", "pages.thawed")
    leaves = LedgerLeaf.objects.filter(event__subject=page.subject.code, event__action__in=acts)
    leaves = leaves.exclude(event__action="page.saved", event__form="ELIG")
    return list(leaves.order_by("seq").values_list("event__action", flat=True))


def test_nothing_changes_after_the_freeze_however_close_a_save_comes(
    transactional_db: None, tried: Callable[[int], None]
) -> None:
    tried(2 * ROUNDS)
    page = desk.page_of(desk.consented(), "DM")
    desk.save(page, desk.DM, on=desk.CONSENT, complete=True)
    editors = [desk.a_member(), desk.a_member(user_name="ben.wu")]
    manager = Keeper(desk.a_member(Role.DATA_MANAGER, user_name="mei.zhang"), "ready to be cut")
    before, after = 0, 0

    for number in range(ROUNDS):
        base = desk.now(page).version

        def save(editor: Account, item: str, number: int = number, base: int = base) -> object:
            answers = {item: ITEMS[item][number % 3]}
            return desk.save(desk.now(page), answers, by=editor, base=base, why=Reason("late_source"))

        def freeze(base: int = base) -> int:
            return freeze_pages(page.subject, {page.pk: base}, manager)

        *saved, frozen = all_begun_together(
            lambda: save(editors[0], "hctci"), lambda: save(editors[1], "race"), freeze
        )
        refused = sum(isinstance(each, PageClosed) for each in saved)
        before, after = before + len(saved) - refused, after + refused
        if frozen == 1:
            assert desk.now(page).state == PageState.FROZEN
            assert thaw_pages(page.subject, {page.pk: desk.now(page).version}, manager) == 1
        else:
            assert isinstance(frozen, ContentChanged), "a save was first: the manager looks again"
            assert refused == 0

    acts = acts_on(page)
    thawed = [acts[place + 1] for place, act in enumerate(acts) if act == "pages.frozen"]
    assert set(thawed) <= {"pages.thawed"}, "between a freeze and its thaw nothing is saved"
    assert acts.count("page.saved") == desk.now(page).version
    assert before + after == 2 * ROUNDS
    assert before
    assert desk.rows_that_differ_from_their_newest_version() == []
