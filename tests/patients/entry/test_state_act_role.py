"""Every state of a page × every act × every role: who may do it moves the page as the picture says; anybody
else is refused, and nothing moves (specification 5.3 and 5.4)."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from patients.casebook.page import Page, PageState
from patients.casebook.page_states import Act
from patients.entry.freezing import Keeper, freeze_pages, thaw_pages
from patients.entry.refusals import NotSaved
from patients.oversight.signatures import Meaning
from tests.patients.entry import desk, signing_desk
from tests.trial.trail.claiming import claim
from trial.people.models import Account
from trial.people.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("LK-01")]

EMPTY, BEGUN, COMPLETE, SIGNED, FROZEN, LOCKED = PageState
REFUSED = None
AFTER: dict[Act, dict[PageState, PageState | None]] = {
    Act.SAVE: {
        EMPTY: BEGUN, BEGUN: BEGUN, COMPLETE: COMPLETE, SIGNED: COMPLETE, FROZEN: REFUSED, LOCKED: REFUSED,
    },
    Act.COMPLETE: {
        EMPTY: COMPLETE, BEGUN: COMPLETE, COMPLETE: COMPLETE, SIGNED: COMPLETE, FROZEN: REFUSED,
        LOCKED: REFUSED,
    },
    Act.SIGN: {
        EMPTY: REFUSED, BEGUN: REFUSED, COMPLETE: SIGNED, SIGNED: SIGNED, FROZEN: REFUSED, LOCKED: REFUSED,
    },
    Act.FREEZE: {
        EMPTY: REFUSED, BEGUN: REFUSED, COMPLETE: FROZEN, SIGNED: FROZEN, FROZEN: REFUSED, LOCKED: REFUSED,
    },
    Act.THAW: {
        EMPTY: REFUSED, BEGUN: REFUSED, COMPLETE: REFUSED, SIGNED: REFUSED, FROZEN: COMPLETE, LOCKED: REFUSED,
    },
}  # fmt: skip
SITE = {Role.COORDINATOR, Role.INVESTIGATOR, Role.PRINCIPAL_INVESTIGATOR}
WHO = {  # of demographics, which are not among the forms of the transplant physician
    Act.SAVE: SITE,
    Act.COMPLETE: SITE,
    Act.SIGN: {Role.INVESTIGATOR, Role.PRINCIPAL_INVESTIGATOR},
    Act.FREEZE: {Role.DATA_MANAGER},
    Act.THAW: {Role.DATA_MANAGER},
}


def save(page: Page, by: Account) -> object:
    return desk.save(page, {"hctci": "5"}, on=desk.CONSENT, by=by, why=desk.BECAUSE)


def complete(page: Page, by: Account) -> object:
    answers = desk.DM | {"hctci": "5"}
    return desk.save(page, answers, on=desk.CONSENT, by=by, why=desk.BECAUSE, complete=True)


def sign(page: Page, by: Account) -> object:
    return signing_desk.sign(page, by, Meaning.REVIEW)


def freeze(page: Page, by: Account) -> object:
    return freeze_pages(page.subject, {page.pk: page.version}, Keeper(by, "ready to be cut"))


def thaw(page: Page, by: Account) -> object:
    return thaw_pages(page.subject, {page.pk: page.version}, Keeper(by, "a late result"))


DO: dict[Act, Callable[[Page, Account], object]] = {
    Act.SAVE: save, Act.COMPLETE: complete, Act.SIGN: sign, Act.FREEZE: freeze, Act.THAW: thaw,
}  # fmt: skip


def brought_to(state: PageState) -> Page:
    """Demographics in this state, by the acts that lead there; no act locks a page alone."""
    page = desk.page_of(desk.consented(), "DM")
    if state is BEGUN:
        desk.save(page, {"sex": "M"}, on=desk.CONSENT)
    elif state is not EMPTY:
        desk.save(page, desk.DM, on=desk.CONSENT, complete=True)
    if state is SIGNED:
        signing_desk.sign(page, signing_desk.investigator(), Meaning.REVIEW)
    elif state is FROZEN:
        freeze(desk.now(page), desk.a_member(Role.DATA_MANAGER, user_name="mei.zhang"))
    elif state is LOCKED:
        desk.put_in_state(desk.now(page), LOCKED)
    page = desk.now(page)
    assert page.state == state
    return page


def came_of(act: Act, page: Page, by: Account) -> PageState | type[Exception]:
    """The state that the act left, or how it was refused; undone at once."""
    try:
        with transaction.atomic():
            try:
                DO[act](page, by)
                claim()
                return PageState(desk.now(page).state)
            finally:
                transaction.set_rollback(True)
    except (NotSaved, PermissionDenied) as refused:
        assert desk.now(page).state == page.state
        return type(refused)


@pytest.mark.parametrize("state", PageState)
def test_a_page_moves_for_who_may_and_as_the_picture_says(state: PageState) -> None:
    page, wrong = brought_to(state), []
    everybody = {role: desk.a_member(role, user_name=f"some.{role}") for role in Role}
    for act, after in AFTER.items():
        for role, somebody in everybody.items():
            came, wanted = came_of(act, page, somebody), after[state] if role in WHO[act] else REFUSED
            is_right = came == wanted if wanted else not isinstance(came, PageState)
            if not is_right:
                wrong.append(f"{act} of a page that is {state} by {role}: {came}, not {wanted or 'refused'}")
    assert "\n".join(wrong) == ""
