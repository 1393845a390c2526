"""The common header and the state of a page: empty, in progress, complete, and back."""

import pytest
import time_machine

from patients.casebook.page import NotDoneReason, Page, PageState, Subject
from patients.entry.reasons import Reason
from patients.entry.refusals import Refused
from patients.entry.save import Saved
from patients.items.problems import Finding, Severity
from tests.patients.entry import desk
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db


def of(saved: Saved, item: str) -> list[Finding]:
    return [finding for finding in saved.findings if finding.item == item]


def checks(saved: Saved, item: str) -> list[tuple[Severity, str]]:
    return [(finding.severity, finding.check) for finding in of(saved, item)]


@pytest.fixture
def subject() -> Subject:
    return desk.consented()


@pytest.fixture
def page(subject: Subject) -> Page:
    desk.save(desk.page_of(subject, "DM"), desk.DM, on=desk.CONSENT)
    return desk.page_of(subject, "DX")


@pytest.fixture
def complete(page: Page) -> Page:
    assert desk.save(page, desk.DX, on=desk.CONSENT, complete=True).is_complete
    return desk.now(page)


# --- states ---------------------------------------------------------------------------------------------
def test_a_page_begins_empty(page: Page) -> None:
    assert (page.state, page.version) == (PageState.EMPTY, 0)


def test_a_save_puts_a_page_in_progress(page: Page) -> None:
    assert desk.save(page, {"dx_type": "aml"}).page.state == PageState.IN_PROGRESS


def test_a_page_with_its_header_alone_is_in_progress(page: Page) -> None:
    assert desk.save(page, header={"src_doc": "emr"}).page.state == PageState.IN_PROGRESS


def test_a_page_without_fault_is_complete_when_that_is_asked(page: Page) -> None:
    saved = desk.save(page, desk.DX, on=desk.CONSENT, complete=True)
    assert saved.is_complete
    assert desk.changes_of(desk.last_event())["entry_state"].new == PageState.COMPLETE


def test_a_page_without_fault_is_not_complete_until_it_is_asked(page: Page) -> None:
    assert desk.save(page, desk.DX, on=desk.CONSENT).page.state == PageState.IN_PROGRESS


def test_completion_asked_for_later_changes_the_state_alone(page: Page) -> None:
    desk.save(page, desk.DX, on=desk.CONSENT)
    saved = desk.save(page, complete=True)
    assert (saved.is_complete, saved.changed, saved.page.version) == (True, 0, 1)
    assert set(desk.changes_of(desk.last_event())) == {"entry_state"}


def test_completion_asked_for_again_writes_nothing(complete: Page) -> None:
    before = desk.content()
    assert desk.save(complete, complete=True).is_complete
    assert desk.content() == before


def test_a_required_answer_that_is_missing_keeps_a_page_open(page: Page) -> None:
    without = {name: text for name, text in desk.DX.items() if name not in ("relapse_n", "cd7_pct")}
    saved = desk.save(page, without, on=desk.CONSENT, complete=True)
    assert not saved.is_complete
    assert checks(saved, "relapse_n") == checks(saved, "cd7_pct") == [(Severity.HARD, "X-SYS-05")]


def test_why_an_answer_is_missing_answers_for_it(page: Page) -> None:
    answers = {name: text for name, text in desk.DX.items() if name != "relapse_n"}
    assert desk.save(
        page, answers | {"relapse_n__missing": "unknown"}, on=desk.CONSENT, complete=True
    ).is_complete


def test_an_optional_answer_is_not_asked_for(page: Page) -> None:
    answers = {name: text for name, text in desk.DX.items() if name != "karyotype_iscn"}
    assert desk.save(page, answers, on=desk.CONSENT, complete=True).is_complete


def test_a_conditional_answer_is_asked_for_where_it_is_shown(page: Page) -> None:
    aml = desk.DX | {"dx_type": "aml", "dx_subtype": "npm1"}
    saved = desk.save(page, aml, on=desk.CONSENT, complete=True)
    assert checks(saved, "eln_risk") == [(Severity.HARD, "X-SYS-05")]
    assert desk.save(page, {"eln_risk": "adverse"}, complete=True).is_complete


def test_a_soft_finding_does_not_keep_a_page_open(page: Page) -> None:
    saved = desk.save(page, desk.DX | {"cd7_pct": "30"}, on=desk.CONSENT, complete=True)
    assert saved.is_complete
    assert checks(saved, "cd7_pct") == [(Severity.SOFT, "X-DX-06")]


def test_an_item_of_a_form_that_is_not_there_yet_is_not_asked_for(subject: Subject) -> None:
    page = desk.opened(desk.infused("HZ01-002"), "RLP", "RLPv1", "2024-03-01")
    answers = {"rlp_dt": "2024-03-01", "rlp_type": "progression_without_remission"}
    saved = desk.save(page, answers, on="2024-03-01", complete=True)
    assert not saved.is_complete
    assert checks(saved, "rlp_cd7")
    assert not checks(saved, "rlp_car_pos")
    assert desk.row_of(page).rlp_car_pos is None


def test_a_correction_without_fault_leaves_a_page_complete(complete: Page) -> None:
    assert desk.save(complete, {"relapse_n": "2"}, why=desk.BECAUSE).is_complete


def test_a_correction_with_a_fault_opens_a_complete_page(complete: Page) -> None:
    saved = desk.save(complete, {"relapse_n": "11"}, why=desk.BECAUSE)
    assert saved.page.state == PageState.IN_PROGRESS
    state = desk.changes_of(desk.last_event())["entry_state"]
    assert (state.old, state.new) == (PageState.COMPLETE, PageState.IN_PROGRESS)


def test_a_corrected_page_is_complete_again_only_when_that_is_asked(complete: Page) -> None:
    desk.save(complete, {"relapse_n": "11"}, why=desk.BECAUSE)
    assert desk.save(complete, {"relapse_n": "3"}, why=desk.BECAUSE).page.state == PageState.IN_PROGRESS


# --- hidden answers -------------------------------------------------------------------------------------
def test_an_answer_that_is_no_longer_asked_is_kept_and_flagged(complete: Page) -> None:
    desk.save(complete, {"emd_present": "Y", "emd_sites": "skin"}, why=desk.BECAUSE)
    saved = desk.save(complete, {"emd_present": "N"}, why=desk.BECAUSE, complete=True)
    assert desk.texts(complete)["emd_sites"] == "skin"
    (finding,) = of(saved, "emd_sites")
    assert finding.severity is Severity.SOFT
    assert str(finding.message) == "Extramedullary sites is no longer asked and still holds skin."
    assert saved.is_complete


def test_an_answer_that_was_never_asked_is_kept_and_flagged_too(page: Page) -> None:
    saved = desk.save(page, desk.DX | {"ann_arbor": "II"}, on=desk.CONSENT)
    assert desk.texts(page)["ann_arbor"] == "II"
    assert [finding.severity for finding in of(saved, "ann_arbor")] == [Severity.SOFT]


def test_the_limits_of_an_answer_that_is_not_asked_are_silent(page: Page) -> None:
    saved = desk.save(page, desk.DX | {"cns_status": "not_assessed", "csf_wbc": "99999"}, on=desk.CONSENT)
    assert [finding.severity for finding in of(saved, "csf_wbc")] == [Severity.SOFT]


# --- the header -----------------------------------------------------------------------------------------
def test_a_page_of_a_visit_needs_a_date(page: Page) -> None:
    saved = desk.save(page, desk.DX, complete=True)
    assert checks(saved, "form_date") == [(Severity.HARD, "X-SYS-05")]
    assert not saved.is_complete


@pytest.mark.parametrize(
    ("day", "found"),
    [
        ("2023-12-08", [(Severity.NOTE, "X-PD-01")]),  # before consent, as the disease history may be
        ("2023-12-09", []),
        ("2024-01-06", []),
        ("2024-01-07", [(Severity.NOTE, "X-PD-01")]),
    ],
)
def test_a_date_outside_the_window_of_the_visit_is_noted(page: Page, day: str, found: list) -> None:
    assert checks(desk.save(page, desk.DX, on=day), "form_date") == found


def test_a_date_before_consent_keeps_a_page_open(subject: Subject) -> None:
    page = desk.page_of(subject, "RESP")
    saved = desk.save(page, desk.RESP, on="2023-12-08")
    assert (Severity.HARD, "X-ELIG-02") in checks(saved, "form_date")
    assert desk.now(page).form_date.isoformat() == "2023-12-08"


def test_a_date_in_the_future_keeps_a_page_open(page: Page) -> None:
    with time_machine.travel("2023-12-10T10:00:00+08:00"):
        saved = desk.save(page, desk.DX | {"cd7_test_dt": desk.CONSENT}, on="2023-12-11")
    assert (Severity.HARD, "X-SYS-01") in checks(saved, "form_date")


@pytest.mark.parametrize(
    ("header", "item"),
    [
        ({"form_date": "2023-12"}, "form_date"),
        ({"form_date": "9/12/2023"}, "form_date"),
        ({"form_date": "9999-12-31"}, "form_date"),
        ({"form_date": "\x00"}, "form_date"),
        ({"not_done": "maybe"}, "not_done"),
        ({"not_done_reason": "holiday"}, "not_done_reason"),
        ({"src_doc": "emr|diary"}, "src_doc"),
    ],
)
def test_a_header_that_cannot_be_read_is_refused(page: Page, header: dict[str, str], item: str) -> None:
    before = desk.content()
    with pytest.raises(Refused) as refusal:
        desk.save(page, desk.DX, header=header)
    assert [finding.item for finding in refusal.value.findings] == [item]
    assert desk.content() == before


def test_the_header_is_kept_and_stands_in_the_trail(page: Page) -> None:
    desk.save(page, header={"form_date": "2023-12-10", "src_doc": "phone_contact|emr"})
    kept = desk.now(page)
    assert (str(kept.form_date), kept.source_documents) == ("2023-12-10", ["emr", "phone_contact"])
    changes = desk.changes_of(desk.last_event())
    assert (changes["form_date"].new, changes["src_doc"].new) == ("2023-12-10", "emr|phone_contact")
    assert changes["src_doc"].new_shown == "EMR; phone contact"


def test_a_header_that_is_the_same_writes_nothing(page: Page) -> None:
    header = {"form_date": "2023-12-10", "src_doc": "emr", "not_done": "N", "not_done_reason": ""}
    desk.save(page, header=header)
    before = desk.content()
    assert desk.save(page, header=header | {"form_date": "10 Dec 2023"}).changed == 0
    assert desk.content() == before


def test_a_reason_for_another_date_is_kept_with_it(page: Page) -> None:
    desk.save(page, on="2023-12-10")
    desk.save(page, on="2023-12-11", why={"form_date": Reason(text="wrong day")})
    change = desk.changes_of(desk.last_event())["form_date"]
    assert (change.old, change.new, change.reason) == ("2023-12-10", "2023-12-11", "wrong day")


def test_a_form_that_was_not_done_is_asked_for_the_reason_alone(page: Page) -> None:
    saved = desk.save(page, header={"form_date": desk.CONSENT, "not_done": "Y"}, complete=True)
    assert [(finding.item, finding.severity) for finding in saved.findings] == [
        ("not_done_reason", Severity.HARD)
    ]
    assert not saved.is_complete


@pytest.mark.parametrize("reason", NotDoneReason)
def test_a_form_that_was_not_done_is_complete_with_its_reason(page: Page, reason: NotDoneReason) -> None:
    header = {"form_date": desk.CONSENT, "not_done": "Y", "not_done_reason": reason}
    assert desk.save(page, header=header, complete=True).is_complete


# --- nothing is decided by an event ---------------------------------------------------------------------
def test_each_act_is_one_event(page: Page) -> None:
    acts = (
        lambda: desk.save(page, {"dx_type": "aml"}),
        lambda: desk.save(page, on=desk.CONSENT),
        lambda: desk.save(page, desk.DX, why=desk.BECAUSE, complete=True),
        lambda: desk.save(page, {"relapse_n": "11"}, why=desk.BECAUSE),
    )
    for act in acts:
        counted = TrailEvent.objects.count()
        act()
        assert TrailEvent.objects.count() == counted + 1
