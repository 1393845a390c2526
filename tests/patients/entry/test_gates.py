"""What must not be recorded at all, and what is recorded and only keeps a page from being complete."""

from collections.abc import Callable
from datetime import date

import pytest
from django.db import transaction

from patients.casebook.form import form_model
from patients.casebook.identity import fingerprint
from patients.casebook.page import Page, PageState, Subject
from patients.entry.refusals import Refused, SiteNotOpen
from patients.items.problems import Finding, Severity
from tests.patients.entry import desk
from trial.people.roles import Role
from trial.protocol.approvals import record_approval
from trial.protocol.models import ApprovalKind, SiteApproval
from trial.trail.actor import Source

pytestmark = pytest.mark.django_db


def refused(act: Callable[[], object]) -> set[tuple[str, str]]:
    """Item and check of every finding for which an act is refused; nothing may be written by it."""
    before = desk.content()
    with pytest.raises(Refused) as refusal:
        act()
    assert desk.content() == before
    return {(finding.item, finding.check) for finding in refusal.value.findings}


# --- consent --------------------------------------------------------------------------------------------
def before_consent(form: str) -> Page:
    return desk.opened(desk.a_subject(), form, "SCR", desk.CONSENT)


CONSENT_IS_MISSING = {("icf_main_signed", "X-ELIG-01")}


@pytest.mark.parametrize("form", ["DX", "RESP"])
def test_without_consent_no_other_form_is_saved(form: str) -> None:
    page = before_consent(form)
    assert refused(lambda: desk.save(page, desk.ANSWERS[form], on=desk.CONSENT)) == CONSENT_IS_MISSING


def test_without_consent_not_even_a_date_is_saved() -> None:
    page = before_consent("DX")
    assert refused(lambda: desk.save(page, on=desk.CONSENT)) == CONSENT_IS_MISSING


@pytest.mark.parametrize("form", ["ELIG", "DM"])
def test_consent_itself_and_the_demographics_are_saved_before(form: str) -> None:
    page = before_consent(form)
    assert desk.save(page, desk.ANSWERS[form], on=desk.CONSENT).changed > 5


@pytest.mark.parametrize("answer", ["N", ""])
def test_consent_that_is_not_given_is_no_consent(answer: str) -> None:
    subject = desk.a_subject()
    desk.save(desk.page_of(subject, "ELIG"), {"icf_main_signed": answer, "rescreen": "N"})
    page = desk.page_of(subject, "DX")
    assert refused(lambda: desk.save(page, desk.DX, on=desk.CONSENT)) == CONSENT_IS_MISSING


def test_consent_that_is_corrected_to_no_closes_the_other_forms_again() -> None:
    subject = desk.consented()
    page = desk.page_of(subject, "DX")
    desk.save(page, {"dx_type": "aml"})
    desk.save(desk.page_of(subject, "ELIG"), {"icf_main_signed": "N"}, why=desk.BECAUSE)
    assert refused(lambda: desk.save(page, {"relapse_n": "1"})) == CONSENT_IS_MISSING


def test_the_consent_of_one_subject_is_not_that_of_another() -> None:
    desk.consented("HZ01-001")
    page = desk.page_of(desk.a_subject("HZ01-002"), "DX")
    assert refused(lambda: desk.save(page, {"dx_type": "aml"})) == CONSENT_IS_MISSING


# --- death ----------------------------------------------------------------------------------------------
@pytest.fixture
def dead() -> Subject:
    """Died on 20 March 2024."""
    return desk.died()


AFTER_DEATH = "X-DTH-01"


@pytest.mark.requirement("DI-07")
@pytest.mark.parametrize(
    ("contact", "page_date", "items"),
    [
        ("2024-03-19", "2024-03-19", set()),
        ("2024-03-20", "2024-03-20", set()),
        ("2024-03-21", "2024-03-20", {"fu_dt"}),
        ("2024-03-20", "2024-03-21", {"form_date"}),
        ("2024-03-21", "2024-03-22", {"fu_dt", "form_date"}),
        ("", "2024-03-21", {"form_date"}),
    ],
)
def test_nothing_is_dated_after_death(dead: Subject, contact: str, page_date: str, items: set[str]) -> None:
    page = desk.opened(dead, "FU", "UNS1", "2024-03-10")
    answers = desk.FU | {"fu_dt": contact, "fu_status": "DEAD"}
    if items:
        found = refused(lambda: desk.save(page, answers, on=page_date))
        assert found == {(item, AFTER_DEATH) for item in items}
    else:
        assert desk.save(page, answers, on=page_date).changed


def test_a_page_without_rows_is_not_dated_after_death_either(dead: Subject) -> None:
    page = desk.opened(dead, "FU", "UNS1", "2024-03-10")
    assert refused(lambda: desk.save(page, on="2024-03-21")) == {("form_date", AFTER_DEATH)}


def test_a_moment_counts_by_its_day_at_the_site(dead: Subject) -> None:
    page = desk.page_of(dead, "INF", "C0")
    same_day = {"inf_start_dt": "2024-03-20 23:59"}
    desk.save(page, same_day, why=desk.BECAUSE)
    next_day = {"inf_start_dt": "2024-03-20T16:00:00Z"}  # 00:00 of the 21st in Hangzhou
    assert refused(lambda: desk.save(page, next_day, why=desk.BECAUSE)) == {("inf_start_dt", AFTER_DEATH)}


def test_the_day_of_death_itself_can_be_corrected(dead: Subject) -> None:
    page = desk.page_of(dead, "DTH", "ENDv")
    desk.save(page, {"dth_dt": "2024-03-25"}, on="2024-03-26", why=desk.BECAUSE)
    assert desk.texts(page)["dth_dt"] == "2024-03-25"


def test_an_earlier_day_of_death_is_kept_and_asked_about() -> None:
    """What was recorded before is not thrown out; the death page stays open until it is settled."""
    subject = desk.infused()
    desk.save(
        desk.opened(subject, "FU", "UNS1", "2024-03-10"), desk.FU | {"fu_dt": "2024-03-10"}, on="2024-03-10"
    )
    saved = desk.save(
        desk.opened(subject, "DTH", "ENDv", desk.DIED),
        desk.DTH | {"dth_dt": "2024-03-01"},
        on="2024-03-01",
        complete=True,
    )
    assert not saved.is_complete
    assert "X-DTH-01" in {finding.check for finding in saved.findings if finding.severity is Severity.HARD}


# --- withdrawal -----------------------------------------------------------------------------------------
def withdrawn(scope: str) -> Subject:
    subject = desk.infused()
    page = desk.opened(subject, "EOS", "ENDv", "2024-03-01")
    answers = {"eos_dt": "2024-03-01", "eos_reason": "withdrawal_by_subject", "eos_withdraw_scope": scope}
    desk.save(page, answers, on="2024-03-01")
    return subject


@pytest.mark.requirement("PV-06")
@pytest.mark.parametrize("scope", ["data_use", "data_use|visits", "contact|data_use|samples"])
def test_after_withdrawal_of_data_use_nothing_is_saved(scope: str) -> None:
    page = desk.page_of(withdrawn(scope), "DX")
    found = refused(lambda: desk.save(page, {"relapse_n": "2"}, why=desk.BECAUSE))
    assert found == {("eos_withdraw_scope", "X-EOS-02")}


@pytest.mark.parametrize("scope", ["treatment", "visits|contact", "samples"])
def test_any_other_withdrawal_leaves_the_forms_open(scope: str) -> None:
    page = desk.page_of(withdrawn(scope), "DX")
    assert desk.save(page, {"relapse_n": "2"}, why=desk.BECAUSE).changed == 1


@pytest.mark.requirement("PV-06")
def test_the_withdrawal_itself_can_be_corrected_and_opens_the_forms_again() -> None:
    subject = withdrawn("data_use")
    page = desk.page_of(subject, "EOS", "ENDv")
    desk.save(page, {"eos_withdraw_scope": "visits"}, why=desk.BECAUSE)
    assert desk.save(desk.page_of(subject, "DX"), {"relapse_n": "2"}, why=desk.BECAUSE).changed == 1


# --- members --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["nobody", "Ben.Wu", "ben.wu ben.wu", "ben.wu'"])
def test_whoever_is_named_must_be_known(name: str) -> None:
    page = desk.page_of(desk.infused(), "INF", "C0")
    found = refused(lambda: desk.save(page, {"inf_coi_check1": name}, why=desk.BECAUSE))
    assert found == {("inf_coi_check1", "")}


def test_a_member_who_left_may_still_be_named() -> None:
    page = desk.page_of(desk.infused(), "INF", "C0")
    desk.a_member(Role.CELL_LAB, user_name="gone.long").grants.update(ends="2024-01-01T00:00:00Z")
    desk.save(page, {"inf_coi_check1": "gone.long"}, why=desk.BECAUSE)
    assert desk.texts(page)["inf_coi_check1"] == "gone.long"


# --- everything else is kept ----------------------------------------------------------------------------
def checks(findings: tuple[Finding, ...], severity: Severity) -> set[tuple[str, str]]:
    return {(found.item, found.check) for found in findings if found.severity is severity}


EDGES = (
    # form, item, what is typed, what it breaks
    ("DX", "relapse_n", "11", "hard"),
    ("DX", "relapse_n", "-1", "hard"),
    ("DX", "relapse_n", "5", "soft"),
    ("DX", "relapse_n", "4", ""),
    ("DX", "bm_blast_scr_pct", "100.1", "hard"),
    ("DX", "bm_blast_scr_pct", "100", "soft"),
    ("DX", "bm_blast_scr_pct", "70.1", "soft"),
    ("DX", "bm_blast_scr_pct", "70.0", ""),
    ("DX", "cd7_pct", "49.9", "soft"),
    ("DX", "cd7_pct", "50", ""),
    ("DX", "dx_date", "1992-04-03", "hard"),
    ("DX", "dx_date", "1992-04", ""),
    ("DX", "dx_date", "2023-12-10", "hard"),
    ("DX", "dx_date", "2023-12", ""),
    ("DX", "dx_date", "2024", "hard"),
    ("DX", "cd7_test_dt", "2023-12-10", "hard"),
    ("DX", "cd7_test_dt", "2199-12-31", "hard"),
    ("DX", "dx_subtype", "npm1", "hard"),
    ("DX", "cns_status", "CNS3", "soft"),
    ("INF", "inf_weight", "29.9", "hard"),
    ("INF", "inf_weight", "180.1", "hard"),
    ("INF", "inf_end_dt", "2024-01-05 13:40", "hard"),
    ("INF", "inf_end_dt", "2024-01-05 19:40", "soft"),
    ("INF", "inf_end_dt", "2024-01-05 19:41", "hard"),
    ("INF", "inf_start_dt", "2199-01-01 10:00", "hard"),
    ("INF", "inf_start_dt", "1900-01-01 10:00", "hard"),
    ("INF", "inf_go", "N", "hard"),
    ("INF", "inf_coi_check2", "ben.wu", "hard"),
    ("DM", "country", "USA", "soft"),
    ("DM", "birth_date", "1919-12-31", "hard"),
    ("DM", "birth_date", "2020-01-01", "hard"),
    ("DM", "hctci", "27", "hard"),
    ("DM", "hctci", "5", "soft"),
)


@pytest.fixture
def infused() -> Subject:
    return desk.infused()


@pytest.mark.requirement("DI-03", "DI-04")
@pytest.mark.parametrize("source", [Source.WEB, Source.IMPORT])
def test_a_value_outside_its_limits_is_kept_as_typed_and_blocks_completion_alone(
    source: Source, infused: Subject
) -> None:
    pages = {
        form: desk.page_of(infused, form, "C0" if form == "INF" else "SCR") for form in ("DX", "INF", "DM")
    }
    wrong = []
    for form, name, typed, breaks in EDGES:
        with transaction.atomic():
            saved = desk.save(pages[form], {name: typed}, why=desk.BECAUSE, complete=True, source=source)
            said = {found.severity.value for found in saved.findings if found.item == name}
            item, row = form_model(form).item(name), desk.row_of(pages[form])
            value = item.read(typed)
            kept = fingerprint(item.text(value)) if item.declared.identity else item.text(value)
            seen = (breaks in said if breaks else not said, item.text(getattr(row, name)) == kept)
            is_open = saved.page.state == PageState.IN_PROGRESS or breaks != "hard"
            if not (all(seen) and is_open):
                wrong.append((form, name, typed, said, saved.page.state))
            transaction.set_rollback(True)
    assert wrong == []


# --- approvals of the site ------------------------------------------------------------------------------
ENROLLED = {"enrol_dt": "2023-12-16"}


def ready_to_enrol(code: str) -> Page:
    """The eligibility of a subject of whom all is recorded but the day of enrolment."""
    subject = desk.consented(code)
    page = desk.page_of(subject, "ELIG")
    desk.save(page, desk.ELIG, why=desk.BECAUSE)
    return page


def approve(site: str) -> None:
    for kind in ApprovalKind:
        approval = SiteApproval(site_code=site, kind=kind, body="B", reference="R", protocol_version="1.0")
        approval.approved_on = date(2023, 1, 1)
        record_approval(approval, by=desk.SYSTEM, source=Source.COMMAND, reason="letter")


@pytest.mark.requirement("LK-08")
def test_a_site_without_approvals_enrols_nobody_until_they_are_recorded() -> None:
    page = ready_to_enrol("HZ02-001")
    assert refused(lambda: desk.save(page, ENROLLED)) == {("enrol_dt", "LK-08")}
    with pytest.raises(SiteNotOpen) as refusal:
        desk.save(page, ENROLLED)
    assert refusal.value.status == 409
    assert {str(found.message).rpartition(": ")[2] for found in refusal.value.findings} == {
        f"{kind.label}." for kind in ApprovalKind
    }
    approve("HZ02")
    assert desk.save(page, ENROLLED).changed == 1


@pytest.mark.requirement("LK-08")
def test_before_the_approvals_of_the_site_nobody_is_enrolled() -> None:
    approve("HZ02")
    page = ready_to_enrol("HZ02-001")
    assert refused(lambda: desk.save(page, {"enrol_dt": "2022-12-31"})) == {("enrol_dt", "LK-08")}
