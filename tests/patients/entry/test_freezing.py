"""Pages are frozen and thawed, with a reason, all that are chosen or none; a frozen one does not change."""

import os
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from patients.casebook.page import Page, PageState, Subject
from patients.casebook.page_states import TABLE
from patients.entry.freezing import Keeper, NotMoved, freeze_pages, thaw_pages
from patients.entry.refusals import CannotSign, ContentChanged, NotSaved, PageClosed, Refused, UnknownPage
from patients.entry.verifying import Verifier, verify_page
from patients.oversight.freezes import Freeze, Thaw
from patients.oversight.signatures import Meaning, Signature
from patients.oversight.verification import ticks_on
from tests.patients.entry import desk, signing_desk
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.models import TrailChange, TrailEvent

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("LK-01")]
WHY = "ready to be cut"


@pytest.fixture
def manager() -> Account:
    return desk.a_member(Role.DATA_MANAGER, user_name="mei.zhang")


@pytest.fixture
def page() -> Page:
    """Complete demographics."""
    page = desk.page_of(desk.consented(), "DM")
    desk.save(page, desk.DM, on=desk.CONSENT, complete=True)
    return desk.now(page)


def seen(*pages: Page) -> dict[int, int]:
    return {page.pk: desk.now(page).version for page in pages}


def freeze(by: Account, *pages: Page, why: str = WHY) -> int:
    return freeze_pages(pages[0].subject, seen(*pages), Keeper(by, why))


def thaw(by: Account, *pages: Page, why: str = "a late result") -> int:
    return thaw_pages(pages[0].subject, seen(*pages), Keeper(by, why))


def test_a_frozen_page_takes_nothing_until_it_is_thawed(page: Page, manager: Account) -> None:
    assert freeze(manager, page) == 1
    assert desk.now(page).state == PageState.FROZEN
    with pytest.raises(PageClosed):
        desk.save(desk.now(page), {"hctci": "3"}, why=desk.BECAUSE)
    assert thaw(manager, page) == 1
    assert desk.now(page).state == PageState.COMPLETE
    desk.save(desk.now(page), {"hctci": "3"}, why=desk.BECAUSE)


def test_who_when_and_why_are_on_record(page: Page, manager: Account) -> None:
    freeze(manager, page)
    frozen = desk.last_event()
    assert (frozen.action, frozen.actor, frozen.reason) == ("pages.frozen", "mei.zhang", WHY)
    assert (frozen.subject, frozen.visit, frozen.form) == ("HZ01-001", "SCR", "DM")
    (change,) = frozen.changes.all()
    assert (change.item, change.old, change.new) == ("DM@SCR.entry_state", "complete", "frozen")
    kept = Freeze.objects.get()
    assert (kept.page, kept.frozen_by, kept.reason, kept.event) == (page, "mei.zhang", WHY, frozen)
    thaw(manager, page)
    assert Thaw.objects.get().freeze == kept
    assert not Freeze.objects.standing().exists()


def test_a_signature_and_verified_values_stand_over_it(page: Page, manager: Account) -> None:
    signing_desk.sign(page, signing_desk.investigator(), Meaning.REVIEW)
    monitor = Verifier(desk.a_member(Role.MONITOR, user_name="ke.fan"))
    verify_page(page, None, seen=desk.now(page).version, by=monitor)
    ticks = len(ticks_on(desk.now(page)))
    freeze(manager, page)
    assert Signature.objects.in_force().count() == 1
    thaw(manager, page)
    assert desk.now(page).state == PageState.SIGNED
    assert len(ticks_on(desk.now(page))) == ticks > 0


def test_pages_of_a_visit_are_frozen_in_one_act_or_none_is(page: Page, manager: Account) -> None:
    begun = desk.page_of(page.subject, "ELIG")
    assert begun.state == PageState.IN_PROGRESS
    with pytest.raises(NotMoved, match="HZ01-001 SCR ELIG is in progress"):
        freeze(manager, page, begun)
    assert desk.now(page).state == PageState.COMPLETE
    disease = desk.page_of(page.subject, "DX")
    desk.save(disease, desk.DX, on=desk.CONSENT, complete=True)
    before = TrailEvent.objects.count()
    assert freeze(manager, page, disease) == 2
    assert TrailEvent.objects.count() == before + 1
    assert (desk.last_event().visit, desk.last_event().form) == ("SCR", "")


@pytest.mark.parametrize("why", ["", "no", "x" * 201, "call 13812345678"])
def test_nothing_is_frozen_for_no_reason(page: Page, manager: Account, why: str) -> None:
    with pytest.raises(NotMoved):
        freeze(manager, page, why=why)
    assert not Freeze.objects.exists()


def test_what_changed_since_it_was_seen_is_not_frozen(page: Page, manager: Account) -> None:
    desk.save(page, {"hctci": "3"}, why=desk.BECAUSE)
    with pytest.raises(ContentChanged):
        freeze_pages(page.subject, {page.pk: page.version}, Keeper(manager, WHY))


def test_nothing_chosen_and_pages_of_others_are_refused(page: Page, manager: Account) -> None:
    with pytest.raises(NotMoved):
        freeze_pages(page.subject, {}, Keeper(manager, WHY))
    other = desk.page_of(desk.consented("HZ01-002"), "DM")
    with pytest.raises(UnknownPage):
        freeze_pages(page.subject, seen(page, other), Keeper(manager, WHY))
    with pytest.raises(NotMoved):
        thaw(manager, page)


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.PRINCIPAL_INVESTIGATOR, Role.MONITOR, Role.AUDITOR])
def test_nobody_else_freezes(page: Page, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        freeze(desk.a_member(role, user_name="some.body"), page)


def test_another_site_finds_nothing(page: Page) -> None:
    with pytest.raises(UnknownPage):
        freeze(desk.a_member(Role.DATA_MANAGER, "HZ02", "da.ta"), page)


def test_a_save_that_would_change_what_is_derived_on_a_frozen_page_is_refused(manager: Account) -> None:
    """The age at consent stands on demographics and follows from the date on eligibility."""
    subject = desk.consented()
    page = desk.page_of(subject, "DM")
    desk.save(page, desk.DM, on=desk.CONSENT, complete=True)
    freeze(manager, page)
    before = desk.content()
    with pytest.raises(Refused, match="derived on DM SCR, which is frozen"):
        desk.save(desk.page_of(subject, "ELIG"), {"icf_main_dt": "2020-01-02 09:00"}, why=desk.BECAUSE)
    assert desk.content() == before
    thaw(manager, page)
    desk.save(desk.page_of(subject, "ELIG"), {"icf_main_dt": "2022-01-02 09:00"}, why=desk.BECAUSE)


def test_a_deviation_waits_until_its_frozen_page_is_thawed(manager: Account) -> None:
    subject = desk.infused()
    visit = desk.page_of(subject, "VS", "C28")
    desk.save(visit, {"vs_temp": "36.8"}, on="2024-02-20")
    log = Page.objects.get(subject=subject, form_code="PDEV")
    desk.put_in_state(log, PageState.FROZEN)
    other = desk.page_of(subject, "RESP", "C28")
    desk.save(other, {"resp_dt": "2024-02-21"}, on="2024-02-21")
    assert desk.now(log).version == log.version


# --- every way through the states --------------------------------------------------------------------------
class Moves(RuleBasedStateMachine):
    """Acts on one page in any order: each either moves it by a line of the table or is refused and moves
    nothing."""

    subject: Subject
    people: dict[str, Account]

    def __init__(self) -> None:
        super().__init__()
        self.page = desk.page_of(self.subject, "DM")
        self.state = self.page.state
        self.number = 0

    def _try(self, act: object, *args: object, **given: object) -> None:
        try:
            act(*args, **given)  # type: ignore[operator]
        except NotSaved:
            assert desk.now(self.page).state == self.state, "what is refused moves nothing"

    @rule()
    def save(self) -> None:
        self.number += 1
        answers = {"hctci": str(self.number % 3)}
        self._try(desk.save, desk.now(self.page), answers, why=desk.BECAUSE)

    @rule()
    def complete(self) -> None:
        self._try(desk.save, desk.now(self.page), desk.DM, on=desk.CONSENT, why=desk.BECAUSE, complete=True)

    @rule()
    def lack_something(self) -> None:
        self._try(desk.save, desk.now(self.page), {"abo_rh": ""}, why=desk.BECAUSE)

    @rule()
    def sign(self) -> None:
        self._try(signing_desk.sign, self.page, self.people["investigator"], Meaning.REVIEW)

    @rule()
    def verify(self) -> None:
        page = desk.now(self.page)
        self._try(verify_page, page, None, seen=page.version, by=Verifier(self.people["monitor"]))

    @rule()
    def freeze(self) -> None:
        self._try(freeze, self.people["manager"], self.page)

    @precondition(lambda self: self.state == PageState.FROZEN)
    @rule()
    def thaw(self) -> None:
        self._try(thaw, self.people["manager"], self.page)

    @invariant()
    def moved_by_a_line_of_the_table(self) -> None:
        now = desk.now(self.page).state
        assert now == self.state or any((move.before, move.after) == (self.state, now) for move in TABLE)
        assert (now == PageState.FROZEN) == Freeze.objects.standing().filter(page=self.page).exists()
        if now == PageState.SIGNED:
            assert Signature.objects.in_force().filter(page=self.page).exists()
        self.state = now


def test_no_order_of_acts_leads_past_the_table(manager: Account, tried: Callable[[int], None]) -> None:
    """In the long form (`make faults`) 10,000 steps."""
    Moves.subject = desk.consented()
    Moves.people = {
        "manager": manager,
        "investigator": signing_desk.investigator(),
        "monitor": desk.a_member(Role.MONITOR, user_name="ke.fan"),
    }
    steps = int(os.environ.get("STEPS", "200"))
    tried(steps)
    checks = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    run(
        Moves,
        settings=settings(
            max_examples=max(1, steps // 50),
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=checks,
        ),
    )
    moves = TrailChange.objects.filter(item__endswith="entry_state", event__subject="HZ01-001")
    allowed = {(move.before.value, move.after.value) for move in TABLE}
    assert {(move.old, move.new) for move in moves} <= allowed
    assert {"frozen", "signed", "complete"} <= {move.new for move in moves}


def test_a_frozen_page_is_not_signed(page: Page, manager: Account) -> None:
    freeze(manager, page)
    with pytest.raises((PageClosed, CannotSign)):
        signing_desk.sign(page, signing_desk.investigator(), Meaning.REVIEW)
