"""The way of a subject into the trial: which step is done, which is next, and what would refuse it today."""

from datetime import datetime

import pytest
import time_machine

from patients.casebook.answers import StoredCasebook
from patients.casebook.page import Subject
from patients.entry.admission import Step, Taken, admission_of, forms_of_admission
from patients.forms.eligibility import EXCLUSION, INCLUSION
from tests.patients.web import people
from trial.people.models import Account
from trial.people.roles import Role
from trial.protocol.models import ApprovalKind
from trial.protocol.study import SITE_ZONE

NOW = datetime(2025, 6, 2, 9, 0, tzinfo=SITE_ZONE)


@pytest.fixture(autouse=True)
def today(db: None):
    """2 June 2025."""
    with time_machine.travel(NOW, tick=False):
        yield


def steps(subject: Subject) -> dict[Step, Taken]:
    casebook = StoredCasebook(Subject.objects.select_related("site").get(pk=subject.pk))
    casebook.load(forms_of_admission())
    return {each.step: each for each in admission_of(casebook, NOW)}


def next_step(subject: Subject) -> Taken:
    (found,) = (each for each in steps(subject).values() if each.is_next)
    return found


def said(taken: Taken) -> list[str]:
    return [str(found.message) for found in taken.stops]


def answer_criteria(subject: Subject, **answers: str) -> None:
    criteria = dict.fromkeys(INCLUSION, "Y") | dict.fromkeys(EXCLUSION, "N") | answers
    people.save(people.page_of(subject, "ELIG", "SCR"), criteria)
    people.save(people.page_of(subject, "DM", "SCR"), {"sex": "M"}, {"form_date": "2025-05-16"})


def sign_on_paper(subject: Subject) -> Account:
    site = subject.site.code
    member = people.a_member(Role.PRINCIPAL_INVESTIGATOR, site, name="zhou.wei", printed="Zhou Wei")
    signed = {"signed_in_source_by": member.user_name, "signed_in_source_on": "2025-05-20"}
    people.save(people.page_of(subject, "ELIG", "SCR"), signed)
    return member


def test_consent_comes_first_in_the_words_of_its_refusal() -> None:
    taken = next_step(people.a_subject(consented=False))
    assert taken.step is Step.CONSENT
    assert [found.check for found in taken.stops] == ["X-ELIG-01"]
    assert said(taken) == ["Main consent is not recorded. Record consent before entering data."]


def test_eligibility_waits_for_what_keeps_its_page_from_being_complete() -> None:
    subject = people.a_subject()
    assert steps(subject)[Step.CONSENT].is_done
    taken = next_step(subject)
    assert taken.step is Step.ELIGIBILITY
    assert "Language of consent is required." in said(taken)
    assert "enrol_dt" not in {found.item for found in taken.stops}


def test_who_is_not_eligible_is_told_so() -> None:
    subject = people.a_subject()
    answer_criteria(subject, inc05_cd7="N")
    taken = next_step(subject)
    assert taken.step is Step.ELIGIBILITY
    assert "X-ELIG-05" in {found.check for found in taken.stops}


def an_eligible_subject(code: str = "HZ01-001") -> Subject:
    """Every question of the page on eligibility answered, but for enrolment and signature."""
    subject = people.a_subject(code)
    answer_criteria(subject)
    kept = {
        "icf_language": "zh",
        "icf_signer": "subject",
        "icf_hsct_signed": "Y",
        "icf_hsct_dt": "2025-05-16",
        "icf_genetic_signed": "Y",
        "icf_ltfu_signed": "Y",
        "rescreen": "N",
        "rr_basis": "ge2_relapses",
        "lvef_pct": "60",
        "spo2_ra_pct": "98",
        "icf_main_version": "1.0",
    }
    people.save(people.page_of(subject, "ELIG", "SCR"), kept)
    return subject


@pytest.mark.requirement("LK-08")
@pytest.mark.parametrize(("code", "missing"), [("HZ01-001", 0), ("HZ02-001", len(ApprovalKind))])
def test_enrolment_waits_for_the_approvals_of_the_site(code: str, missing: int) -> None:
    """HZ01 has them, HZ02 has none."""
    subject = an_eligible_subject(code)
    sign_on_paper(subject)
    found = steps(subject)
    assert found[Step.ELIGIBILITY].is_done, said(found[Step.ELIGIBILITY])
    signed = found[Step.SIGNATURE]
    assert (signed.is_done, signed.by, str(signed.on)) == (True, "zhou.wei", "2025-05-20")
    taken = next_step(subject)
    assert taken.step is Step.ENROLMENT
    assert [each.check for each in taken.stops] == ["LK-08"] * missing


def test_the_signature_waits_for_nothing_that_it_settles_itself() -> None:
    taken = next_step(an_eligible_subject())
    assert taken.step is Step.SIGNATURE
    assert "X-ELIG-12" not in {found.check for found in taken.stops}


def test_after_enrolment_lymphodepletion_and_then_a_batch_are_waited_for() -> None:
    subject = an_eligible_subject()
    sign_on_paper(subject)
    people.save(people.page_of(subject, "ELIG", "SCR"), {"enrol_dt": "2025-05-21"})
    assert next_step(subject).step is Step.LYMPHODEPLETION
    page = people.page_of(subject, "LD", "LD1")
    people.save(page, {"ld_date": "2025-05-28"}, {"form_date": "2025-05-28"}, row="1")
    taken = next_step(subject)
    assert taken.step is Step.INFUSION
    assert said(taken) == ["No batch of the product is recorded."]


def test_a_step_that_is_not_next_says_nothing_of_what_stops_it() -> None:
    subject = people.a_subject(consented=False)
    assert all(not taken.stops for taken in steps(subject).values() if not taken.is_next)
