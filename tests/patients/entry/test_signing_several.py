"""Many pages are signed in one act: each gets a signature of its own, or none of them gets one (ES-09)."""

import pytest
from django.core.exceptions import PermissionDenied

from patients.casebook.page import Page, PageState
from patients.entry.refusals import CannotSign, ContentChanged, PageClosed, UnknownPage
from patients.entry.signing import SomeNotSigned, sign_pages
from patients.oversight.signatures import Meaning, Signature
from tests.patients.entry import desk, signing_desk
from trial.people.access import Person
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db, pytest.mark.requirement("ES-09")]
THIRTY = 30


@pytest.fixture
def pages() -> list[Page]:
    """Thirty complete pages of demographics, each of a subject of its own."""
    made = []
    for number in range(1, THIRTY + 1):
        page = desk.page_of(desk.consented(f"HZ01-{number:03}"), "DM")
        desk.save(page, desk.DM, on=desk.CONSENT, complete=True)
        made.append(desk.now(page))
    assert {page.state for page in made} == {PageState.COMPLETE}
    return made


@pytest.fixture
def pi() -> Account:
    return signing_desk.principal_investigator()


def shown(pages: list[Page]) -> dict[Page, str]:
    return {page: signing_desk.seen(page) for page in pages}


def sign(seen: dict[Page, str], by: Person, meaning: Meaning = Meaning.REVIEW) -> list[Signature]:
    return sign_pages(seen, by=by, meaning=meaning, source=Source.WEB)


def test_thirty_pages_are_thirty_signatures_and_thirty_events(pages: list[Page], pi: Account) -> None:
    made = sign(shown(pages), pi)
    assert [signature.page for signature in made] == pages
    assert {desk.now(page).state for page in pages} == {PageState.SIGNED}
    assert TrailEvent.objects.filter(action="page.signed").count() == THIRTY
    for signature in made:
        assert signature.stands_for(desk.now(signature.page), [desk.row_of(signature.page)])


def test_one_that_changed_in_between_is_named_and_none_is_signed(pages: list[Page], pi: Account) -> None:
    seen = shown(pages)
    desk.save(pages[17], {"hctci": "5"}, why=desk.BECAUSE)
    with pytest.raises(SomeNotSigned, match="HZ01-018 SCR DM") as refused:
        sign(seen, pi)
    assert {page: type(why) for page, why in refused.value.why.items()} == {pages[17]: ContentChanged}
    assert not Signature.objects.exists()
    assert not TrailEvent.objects.filter(action="page.signed").exists()
    assert {desk.now(page).state for page in pages} == {PageState.COMPLETE}


def test_every_page_that_cannot_be_signed_is_named(pages: list[Page], pi: Account) -> None:
    few = pages[:4]
    sign(shown(few[:1]), pi)
    desk.put_in_state(few[1], PageState.FROZEN)
    seen = shown(few)
    with pytest.raises(SomeNotSigned) as refused:
        sign(seen, pi)
    assert {page: type(why) for page, why in refused.value.why.items()} == {
        few[0]: CannotSign,
        few[1]: PageClosed,
    }
    assert Signature.objects.count() == 1


def test_on_a_page_that_is_approved_it_is_the_approval(pi: Account) -> None:
    subject = signing_desk.screened()
    both = [signing_desk.eligibility(subject), desk.page_of(subject, "DM")]
    made = sign(shown(both), pi, Meaning.REVIEW)
    assert [signature.meaning for signature in made] == [Meaning.APPROVAL, Meaning.REVIEW]


@pytest.mark.parametrize("form", ["ELIG", "DLT", "SAE", "DTH", "EOS"])
def test_what_decides_on_a_subject_is_approved_by_the_principal_investigator_alone(form: str) -> None:
    """Specification 5.3; a page that nobody may sign keeps the others from being signed."""
    subject = signing_desk.screened()
    page = Page(subject=subject, form_code=form)
    page.pk = desk.page_of(subject, "ELIG").pk
    with pytest.raises(PermissionDenied):
        sign({page: ""}, signing_desk.investigator())


def test_a_page_of_another_site_is_unknown(pages: list[Page]) -> None:
    with pytest.raises(UnknownPage):
        sign(shown(pages[:2]), desk.a_member(Role.PRINCIPAL_INVESTIGATOR, "HZ02", "pi.hz02"))
