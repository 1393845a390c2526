"""What is typed and not saved: kept for who typed it, unreadable at rest, outside of the trail, 30 days."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from patients.casebook.page import Page, PageState
from patients.entry.drafts import KeptDraft, discard_draft, draft_of, keep_draft
from patients.entry.tasks import purge
from patients.models import AnsweredRequest
from tests.patients.entry import desk
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.models import TrailEvent

NAMED = {"birth_date": ["1977-03-09"], "birth_date__base": [""], "remark": ["Canary Zhaolin"]}


@pytest.fixture
def ana(db: None) -> Account:
    return desk.a_member()


@pytest.fixture
def page(ana: Account) -> Page:
    return desk.page_of(desk.consented(), "DM")


def test_what_was_typed_comes_back_to_who_typed_it_alone(page: Page, ana: Account) -> None:
    ben = desk.a_member(user_name="ben.wu")
    keep_draft(page, NAMED, by=ana, base_version=0)
    kept = draft_of(page, by=ana)
    assert kept is not None
    assert (kept.fields, kept.base_version) == (NAMED, 0)
    assert draft_of(page, by=ben) is None
    assert draft_of(desk.page_of(page.subject, "DX"), by=ana) is None


def test_there_is_one_draft_of_a_person_on_a_page_and_the_last_one_counts(page: Page, ana: Account) -> None:
    keep_draft(page, {"sex": ["F"]}, by=ana, base_version=0)
    keep_draft(page, {"sex": ["M"]}, by=ana, base_version=1)
    kept = KeptDraft.objects.get()
    assert (kept.fields, kept.base_version) == ({"sex": ["M"]}, 1)


def test_it_cannot_be_read_in_the_database(page: Page, ana: Account) -> None:
    keep_draft(page, NAMED, by=ana, base_version=0)
    text = desk.all_text()
    assert not [word for word in ("1977-03-09", "Canary", "Zhaolin") if word in text]


def test_it_is_no_data(page: Page, ana: Account) -> None:
    """No event, no version, nothing in any other table: so no export and no data cut can know of it."""
    before = desk.content()
    keep_draft(page, NAMED, by=ana, base_version=0)
    after = desk.content()
    assert {table for table in after if after[table] != before[table]} == {KeptDraft._meta.db_table}
    discard_draft(page, by=ana)
    assert desk.content() == before


def test_who_may_not_enter_keeps_nothing(page: Page) -> None:
    with pytest.raises(PermissionDenied):
        keep_draft(page, NAMED, by=desk.a_member(Role.MONITOR, user_name="mo.lan"), base_version=0)


def test_a_page_that_was_frozen_meanwhile_keeps_it(page: Page, ana: Account) -> None:
    desk.put_in_state(page, PageState.FROZEN)
    keep_draft(page, {"sex": ["F"]}, by=ana, base_version=0)
    assert draft_of(page, by=ana) is not None


def test_after_thirty_days_it_is_forgotten(page: Page, ana: Account) -> None:
    AnsweredRequest.objects.create(account=ana, key="k", digest="d", answer="{}")
    keep_draft(page, NAMED, by=ana, base_version=0)
    events = TrailEvent.objects.count()
    for days, drafts, answers in ((0.9, 1, 1), (1.1, 1, 0), (29.9, 1, 0), (30.1, 0, 0)):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
            purge()
        assert (KeptDraft.objects.count(), AnsweredRequest.objects.count()) == (drafts, answers), days
    assert TrailEvent.objects.count() == events
