"""Signing a page: who may, what stands in the way, what it opens, and how a signature falls."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from patients.casebook.answers import StoredCasebook
from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Subject
from patients.entry.refusals import CannotSign, ContentChanged, PageClosed, UnknownPage
from patients.entry.signing import obstacles, sign_page
from patients.oversight.queries import Query, QueryState
from patients.oversight.signatures import Meaning, Signature, SignatureFall, signatures_on
from tests.patients.entry import desk
from tests.patients.entry.desk import BECAUSE
from tests.patients.entry.signing_desk import (
    eligibility,
    investigator,
    principal_investigator,
    screened,
    seen,
    sign,
)
from trial.people.models import Account
from trial.people.roles import TABLE, Permission, Role
from trial.protocol.study import site_today
from trial.trail import clocks
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def pi() -> Account:
    return principal_investigator()


@pytest.fixture
def subject(pi: Account) -> Subject:
    return screened()


def standing(page: Page, by: Account) -> list[str]:
    return [str(found.message) for found in obstacles(page, StoredCasebook(page.subject), by)]


# --- the signature ------------------------------------------------------------------------------------------
@pytest.mark.requirement("ES-02")
def test_a_signature_says_who_as_what_when_and_meaning_what(subject: Subject, pi: Account) -> None:
    before = timezone.now()
    made = sign(eligibility(subject), pi)
    assert (made.signer, made.printed_name, made.role) == (
        pi.user_name,
        pi.printed_name,
        Role.PRINCIPAL_INVESTIGATOR,
    )
    assert before <= made.at <= timezone.now()
    assert made.at_site.isoformat().endswith("+08:00")
    assert (made.meaning, made.statement_version) == (Meaning.APPROVAL, "1")
    assert made.statement == "I have reviewed this page and approve what is decided on it."
    assert made.page_version == eligibility(subject).version
    assert eligibility(subject).state == PageState.SIGNED


@pytest.mark.requirement("AT-09")
def test_to_sign_is_one_event_of_the_signer(subject: Subject, pi: Account) -> None:
    count = TrailEvent.objects.count()
    made = sign(eligibility(subject), pi)
    event = desk.last_event()
    assert TrailEvent.objects.count() == count + 1
    assert (event.action, event.actor, event.form, event.visit) == (
        "page.signed",
        pi.user_name,
        "ELIG",
        "SCR",
    )
    assert made.event_id == event.act
    changes = desk.changes_of(event)
    assert made.sha256 in changes["signature"].new
    assert (changes["entry_state"].old, changes["entry_state"].new) == ("in_progress", "signed")
    assert changes["signature"].author == pi.user_name


@pytest.mark.requirement("ES-05")
@pytest.mark.parametrize("site", ["HZ01", "HZ02"])
def test_only_the_signing_roles_of_the_site_sign(site: str) -> None:
    page = desk.page_of(desk.consented(), "DM")
    desk.save(page, desk.DM, on=desk.CONSENT, complete=True)
    for role in Role:
        person = desk.a_member(role, site, f"a.{role}")
        reads = site == "HZ01" and Permission.READ in TABLE[role]
        if reads and role in (Role.INVESTIGATOR, Role.PRINCIPAL_INVESTIGATOR):
            assert sign(page, person, Meaning.REVIEW).role == role
            continue
        with pytest.raises(PermissionDenied if reads else UnknownPage):
            sign(page, person, Meaning.REVIEW)
    signed_by = set(Signature.objects.values_list("role", flat=True))
    assert signed_by == ({Role.INVESTIGATOR, Role.PRINCIPAL_INVESTIGATOR} if site == "HZ01" else set())


@pytest.mark.requirement("ES-05")
def test_eligibility_is_approved_by_the_principal_investigator_alone(subject: Subject) -> None:
    for person in (investigator(), desk.SYSTEM, principal_investigator("HZ02")):
        with pytest.raises((PermissionDenied, UnknownPage)):
            sign(eligibility(subject), person)
    with pytest.raises(PermissionDenied):  # and it is always an approval
        sign(eligibility(subject), principal_investigator(), Meaning.REVIEW)
    assert not Signature.objects.exists()


# --- what stands in the way -------------------------------------------------------------------------------
def test_an_empty_and_an_unfinished_page_are_not_signed(pi: Account) -> None:
    subject = desk.consented()
    page = desk.page_of(subject, "DM")
    assert standing(page, pi) == ["Nothing is recorded on the page yet.", *standing(page, pi)[1:]]
    desk.save(page, desk.DM, on=desk.CONSENT)
    assert standing(desk.now(page), pi) == ["The page is not complete yet."]
    with pytest.raises(CannotSign, match="not complete"):
        sign(page, pi, Meaning.REVIEW)


def test_a_page_with_a_hard_finding_is_not_signed(subject: Subject, pi: Account) -> None:
    """Complete, until another page spoke against it."""
    page = desk.page_of(subject, "RESP")
    assert desk.save(page, desk.RESP | {"resp_dt": desk.CONSENT}, on=desk.CONSENT, complete=True).is_complete
    desk.save(eligibility(subject), {"icf_main_dt": "2023-12-10 13:45"}, why=BECAUSE)
    assert desk.now(page).state == PageState.COMPLETE
    with pytest.raises(CannotSign, match="before consent"):
        sign(page, pi, Meaning.REVIEW)


def test_an_open_query_blocks_signing(subject: Subject, pi: Account) -> None:
    page = desk.page_of(subject, "DM")
    desk.save(page, {"hctci": "9"}, why=BECAUSE, complete=True)
    query = Query.objects.get(page=page, state=QueryState.OPEN)
    assert desk.now(page).state == PageState.COMPLETE
    assert standing(desk.now(page), pi) == [query.text]
    with pytest.raises(CannotSign):
        sign(page, pi, Meaning.REVIEW)


@pytest.mark.parametrize("state", [PageState.FROZEN, PageState.LOCKED])
def test_a_closed_page_is_not_signed(subject: Subject, pi: Account, state: PageState) -> None:
    page = eligibility(subject)
    desk.put_in_state(page, state)
    with pytest.raises(PageClosed):
        sign(page, pi)


def test_what_was_not_shown_is_not_signed(subject: Subject, pi: Account) -> None:
    page = eligibility(subject)
    shown = seen(page)
    desk.save(page, {"spo2_ra_pct": "96"}, why=BECAUSE)
    with pytest.raises(ContentChanged):
        sign_page(desk.now(page), by=pi, meaning=Meaning.APPROVAL, seen=shown, source=Source.WEB)
    assert not Signature.objects.exists()


def test_nobody_signs_twice_with_the_same_meaning(subject: Subject, pi: Account) -> None:
    page = desk.page_of(subject, "DM")
    sign(page, pi, Meaning.REVIEW)
    with pytest.raises(CannotSign, match="already"):
        sign(page, pi, Meaning.REVIEW)
    sign(eligibility(subject), pi)
    assert standing(eligibility(subject), pi) == ["You have signed this page already, with the same meaning."]
    sign(page, pi, Meaning.RESPONSIBILITY)
    sign(page, investigator(), Meaning.REVIEW)
    assert Signature.objects.in_force().count() == 4


def test_the_end_of_study_is_not_signed_before_all_else_is_closed(subject: Subject, pi: Account) -> None:
    page = desk.opened(subject, "EOS", "ENDv", "2024-03-20")
    assert any("first" in said for said in standing(page, pi))


# --- enrolment ----------------------------------------------------------------------------------------------
def rules_on(page: Page) -> set[str]:
    saved = desk.save(page, {}, complete=True)
    return {found.check for found in saved.findings}


@pytest.mark.requirement("ES-05")
def test_the_signature_on_eligibility_opens_enrolment(subject: Subject, pi: Account) -> None:
    page = eligibility(subject)
    assert "X-ELIG-12" in rules_on(page)
    assert page.state == PageState.IN_PROGRESS
    assert standing(page, pi) == []
    assert not subject.visits.filter(code="LD1").exists()
    subject.planned_infusion = None
    sign(page, pi)
    assert "X-ELIG-12" not in rules_on(page)
    assert eligibility(subject).state == PageState.SIGNED


def test_enrolment_before_the_signature_is_not_signed_for(pi: Account) -> None:
    yesterday = site_today() - timedelta(days=1)
    subject = screened(enrol_dt=yesterday.isoformat())
    with pytest.raises(CannotSign, match="before enrolment"):
        sign(eligibility(subject), pi)


def test_the_signature_places_the_visits_of_treatment(pi: Account) -> None:
    subject = desk.a_subject(planned=site_today() + timedelta(days=20))
    answers = desk.ELIG | {"enrol_dt": site_today().isoformat()}
    desk.save(eligibility(subject), answers, on=desk.CONSENT, complete=True)
    desk.save(desk.page_of(subject, "DM"), desk.DM, on=desk.CONSENT)
    assert not subject.visits.filter(code="BL").exists()
    sign(eligibility(subject), pi)
    assert subject.visits.filter(code="BL", state="open").exists()
    desk.save(eligibility(subject), {"spo2_ra_pct": "96"}, why=BECAUSE)
    assert subject.visits.get(code="BL").state == "superseded"


# --- falling ------------------------------------------------------------------------------------------------
@pytest.mark.requirement("ES-04")
def test_a_change_breaks_the_signature_keeps_it_and_asks_again(subject: Subject, pi: Account) -> None:
    made = sign(eligibility(subject), pi)
    saved = desk.save(eligibility(subject), {"spo2_ra_pct": "96"}, why=BECAUSE)
    (kept,) = signatures_on(eligibility(subject))
    assert kept == made
    assert kept.fall.why == "spo2_ra_pct"
    assert kept.fall.event == desk.last_event()
    assert "X-ELIG-12" in {found.check for found in saved.findings}
    assert eligibility(subject).state == PageState.IN_PROGRESS
    change = desk.changes_of(desk.last_event())["signature"]
    assert made.sha256 in change.old
    assert change.new == ""
    again = sign(eligibility(subject), pi)
    assert eligibility(subject).state == PageState.SIGNED
    assert [each.has_fallen for each in signatures_on(eligibility(subject))] == [True, False]
    assert again.sha256 != made.sha256


def test_a_page_without_a_rule_about_its_signature_is_complete_again(subject: Subject, pi: Account) -> None:
    page = desk.page_of(subject, "DM")
    sign(page, pi, Meaning.REVIEW)
    desk.save(page, {"hctci": "3"}, why=BECAUSE)
    assert desk.now(page).state == PageState.COMPLETE


def test_a_save_that_changes_nothing_breaks_nothing(subject: Subject, pi: Account) -> None:
    sign(eligibility(subject), pi)
    saved = desk.save(eligibility(subject), {"spo2_ra_pct": desk.ELIG["spo2_ra_pct"]}, complete=True)
    assert saved.is_complete
    assert eligibility(subject).state == PageState.SIGNED
    assert not SignatureFall.objects.exists()


@pytest.fixture
def weighed(subject: Subject) -> Page:
    """The vital signs of a subject whose clearance, on the page of eligibility, is derived from them."""
    creatinine = {
        "lab_dt": f"{desk.CONSENT} 08:00",
        "lab_test": "CREAT",
        "lab_status": "done",
        "lab_value": "70",
        "lab_unit": "umol/L",
    }
    desk.save(desk.page_of(subject, "LAB"), rows={"1": creatinine}, on=desk.CONSENT)
    page = desk.page_of(subject, "VS")
    desk.save(page, {"vs_weight": "70.0"}, on=desk.CONSENT)
    return page


@pytest.mark.requirement("ES-04")
def test_what_is_derived_from_another_page_breaks_the_signature_too(
    subject: Subject, pi: Account, weighed: Page
) -> None:
    sign(eligibility(subject), pi)
    before = desk.texts(eligibility(subject))
    desk.save(weighed, {"vs_weight": "72.0"}, why=BECAUSE)
    assert desk.texts(eligibility(subject))["crcl_ml_min"] != before["crcl_ml_min"]
    assert eligibility(subject).state == PageState.COMPLETE
    assert SignatureFall.objects.get().event == desk.last_event()
    changes = desk.changes_of(desk.last_event())
    assert "ELIG@SCR.signature" in changes
    assert Query.objects.filter(
        page=eligibility(subject), check_id="X-ELIG-12", state=QueryState.OPEN
    ).exists()


def test_the_query_about_a_lost_signature_is_settled_by_signing_again(
    subject: Subject, pi: Account, weighed: Page
) -> None:
    sign(eligibility(subject), pi)
    desk.save(weighed, {"vs_weight": "72.0"}, why=BECAUSE)
    assert Query.objects.get(check_id="X-ELIG-12").is_open
    sign(eligibility(subject), pi)
    assert not Query.objects.get(check_id="X-ELIG-12").is_open


def test_who_corrects_the_page_after_enrolment_signs_it_again_later(
    subject: Subject, pi: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The approval of before stood on the day of enrolment; the new one stands for the page as it is."""
    page = eligibility(subject)
    sign(page, pi)
    desk.save(page, {"spo2_ra_pct": "96"}, why=BECAUSE)
    later = site_today() + timedelta(days=90)
    monkeypatch.setattr("patients.entry.signing.site_today", lambda: later)
    sign(page, pi)
    assert eligibility(subject).state == PageState.SIGNED
    approvals = eligibility(subject).approved
    assert [(each.since, each.stands) for each in approvals] == [(site_today(), False), (later, True)]


# --- bound to the content -----------------------------------------------------------------------------------
def is_valid(signature: Signature) -> bool:
    page = Page.objects.select_related("subject", "visit").get(pk=signature.page_id)
    return signature.stands_for(page, form_model(page.form_code).of_page(page))


@pytest.mark.requirement("ES-03")
def test_a_signature_stands_for_what_was_signed(subject: Subject, pi: Account) -> None:
    made = Signature.objects.get(pk=sign(eligibility(subject), pi).pk)
    assert is_valid(made)
    made.page_id = desk.page_of(subject, "DM").pk
    assert not is_valid(made)


@pytest.mark.requirement("ES-03")
@pytest.mark.parametrize("name", ["printed_name", "signer", "role", "meaning", "statement", "utc_offset"])
def test_a_signature_is_bound_to_what_it_says_of_itself(subject: Subject, pi: Account, name: str) -> None:
    made = Signature.objects.get(pk=sign(eligibility(subject), pi).pk)
    setattr(made, name, "x")
    assert not is_valid(made)


@pytest.mark.requirement("TS-02")
@pytest.mark.parametrize(
    ("gap_s", "is_told", "is_refused"), [(1, False, False), (5, True, False), (300, True, True)]
)
def test_clocks_that_disagree_are_told_and_stop_signing(
    subject: Subject,
    pi: Account,
    monkeypatch: pytest.MonkeyPatch,
    gap_s: int,
    is_told: bool,
    is_refused: bool,
) -> None:
    monkeypatch.setattr(clocks, "database_now", lambda: timezone.now() - timedelta(seconds=gap_s))
    if is_refused:
        with pytest.raises(clocks.ClocksDisagree):
            sign(eligibility(subject), pi)
    else:
        sign(eligibility(subject), pi)
    assert TrailEvent.objects.filter(action="clock.gap").exists() == is_told
    assert Signature.objects.exists() != is_refused


@pytest.mark.requirement("TS-02")
def test_the_clock_of_the_database_is_the_same() -> None:
    assert abs((timezone.now() - clocks.database_now()).total_seconds()) < 1
