"""Derived items: computed where they stand and wherever else they are made from what changed."""

import pytest
from django.db import transaction

from patients.casebook.answers import StoredCasebook
from patients.casebook.form import declared_forms, form_model
from patients.casebook.page import Page, Subject
from patients.entry.derive import AUTHOR, dependents, with_derived
from patients.entry.edits import Typed
from patients.entry.refusals import Refused
from patients.entry.save import Saved, save_page
from patients.items.problems import Severity
from patients.schedule.placing import page_of as page_made
from tests.patients.entry import desk
from trial import __version__
from trial.people.access import Person, actor_at
from trial.people.roles import Role
from trial.protocol.configuration import setting
from trial.trail.actor import Source, acting
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]


@pytest.fixture
def subject() -> Subject:
    return desk.infused()


def assessed(subject: Subject, visit: str, day: str, **answers: str) -> Page:
    """A response assessment on a day."""
    page = desk.opened(subject, "RESP", visit, day)
    desk.save(page, desk.RESP | {"resp_dt": day, **answers}, on=day)
    return page


def log_page(subject: Subject, form: str) -> Page:
    with transaction.atomic(), acting(actor_at(desk.SYSTEM, site="HZ01", source=Source.COMMAND)):
        return page_made(subject, form, None)


def save_rows(page: Page, rows: Typed, *, by: Person = desk.SYSTEM) -> Saved:
    page = desk.now(page)
    return save_page(page, rows, by=by, base_version=page.version, source=Source.WEB)


def kept_rows(page: Page, rows: dict[str, dict[str, str]], on: str = "") -> None:
    """A page with rows, as it is entered."""
    header = {"form_date": on} if on else {}
    save_page(page, rows, by=desk.SYSTEM, base_version=page.version, source=Source.COMMAND, header=header)


def test_counts_and_transfusions_entered_later_move_a_proposed_engraftment(subject: Subject) -> None:
    desk.save(desk.opened(subject, "HSCT", "H0", desk.GRAFTED), desk.HSCT, on=desk.GRAFTED)
    summary = desk.opened(subject, "ENG", "HM1", "2024-02-24")
    desk.save(summary, {"eng_pgf": "N"}, on="2024-02-24")
    assert "eng_plt_dt" not in desk.texts(summary)
    for day in ("2024-02-10", "2024-02-11", "2024-02-12", "2024-02-13"):
        count = {"lab_dt": f"{day} 07:00", "lab_test": "PLAT", "lab_value": "30", "lab_unit": "10^9/L"}
        kept_rows(desk.opened(subject, "LAB", f"UNS{day[-2:]}", day), {"PLAT": count}, day)
    assert desk.texts(summary)["eng_plt_dt"] == "2024-02-10"
    given = {"trf_dt": "2024-02-03", "trf_type": "platelets", "trf_units": "1"}
    kept_rows(log_page(subject, "TRF"), {"1": given})
    assert desk.texts(summary)["eng_plt_dt"] == "2024-02-11"


# --- on the page itself ---------------------------------------------------------------------------------
def test_a_derived_item_is_computed_with_the_save(subject: Subject) -> None:
    kept = desk.texts(desk.page_of(subject, "INF", "C0"))
    assert (kept["inf_dose_kg"], kept["inf_dose_ok"]) == ("2.000", "Y")


@pytest.mark.parametrize(
    ("total", "weight", "dose", "is_in_window"),
    [("118.40", "74.0", "1.600", "Y"), ("118.36", "74.0", "1.599", "N"), ("177.60", "74.0", "2.400", "Y"),
     ("177.64", "74.0", "2.401", "N"), ("148.00", "", "", "")],
)  # fmt: skip
def test_a_derived_item_follows_what_it_is_made_from(
    subject: Subject, total: str, weight: str, dose: str, is_in_window: str
) -> None:
    page = desk.page_of(subject, "INF", "C0")
    desk.save(page, {"inf_dose_total": total, "inf_weight": weight}, why=desk.BECAUSE)
    kept = desk.texts(page)
    assert (kept.get("inf_dose_kg", ""), kept.get("inf_dose_ok", "")) == (dose, is_in_window)


def test_a_derived_item_that_is_not_asked_is_empty(subject: Subject) -> None:
    page = desk.opened(subject, "HSCT", "H0", desk.GRAFTED)
    desk.save(page, desk.HSCT, on=desk.GRAFTED)
    assert desk.texts(page)["hsct_interval"] == "20"
    desk.save(page, {"hsct_done": "N"}, why=desk.BECAUSE)
    assert "hsct_interval" not in desk.texts(page)


@pytest.mark.parametrize("name", ["age_consent", "screen_no"])
def test_a_derived_item_is_never_entered(subject: Subject, name: str) -> None:
    page = desk.page_of(subject, "DM" if name == "age_consent" else "ELIG")
    before = desk.content()
    for answers in ({name: "31.6"}, {name: ""}, {f"{name}__missing": "unknown"}):
        with pytest.raises(Refused) as refusal:
            desk.save(page, answers, why=desk.BECAUSE)
        assert "derived and cannot be entered" in str(refusal.value.findings[0].message)
    assert desk.content() == before


def test_the_limits_of_a_derived_item_are_judged(subject: Subject) -> None:
    page = desk.page_of(subject, "INF", "C0")
    saved = desk.save(page, {"inf_dose_total": "74.00"}, why=desk.BECAUSE)
    found = {(finding.item, finding.severity) for finding in saved.findings}
    assert {("inf_dose_kg", Severity.SOFT), ("inf_dose_ok", Severity.SOFT)} <= found


# --- what only an engine says -----------------------------------------------------------------------------
def test_a_stage_follows_its_organ_value_and_the_trail_tells_old_and_new(subject: Subject) -> None:
    """X-AG-01: no stored stage differs from the one that its values give."""
    page = desk.opened(subject, "AGVHD", "UNS1", "2024-02-08")
    desk.save(page, {"ag_dt": "2024-02-08", "ag_skin_bsa": "10"}, on="2024-02-08")
    assert desk.texts(page)["ag_skin_stage"] == "1"
    desk.save(page, {"ag_skin_bsa": "60"}, why=desk.BECAUSE)
    change = desk.changes_of(desk.last_event())["ag_skin_stage"]
    assert (change.old, change.new, change.author) == ("1", "3", AUTHOR)
    with pytest.raises(Refused):
        desk.save(page, {"ag_skin_stage": "4"}, why=desk.BECAUSE)


def test_an_event_is_graded_by_the_configured_version_alone(subject: Subject) -> None:
    """X-AE-08: the version is the configured one, and nobody enters another."""
    page = log_page(subject, "AE")
    save_rows(page, {"1": {"ae_term": "rash", "ae_ctcae_term": "other"}})
    row = form_model("AE").of_page(page).get()
    assert row.ae_ctcae_ver == setting("ctcae_version")
    with pytest.raises(Refused):
        save_rows(page, {"1": {"ae_ctcae_ver": "6.0"}})


def test_a_batch_remembers_who_entered_it_first(subject: Subject) -> None:
    first, second = desk.a_member(Role.CELL_LAB, user_name="lab.one"), desk.a_member(user_name="ana.li")
    page = desk.opened(subject, "MFG", "APH", "2023-12-20")
    save_rows(page, {"1": {"coi_id": "C1"}}, by=first)
    save_rows(page, {"1": {"mfg_success": "Y"}, "2": {"coi_id": "C1"}}, by=second)
    found = {row.row_key: row.mfg_by for row in form_model("MFG").of_page(page)}
    assert found == {"1": "lab.one", "2": "ana.li"}


def test_the_count_of_therapy_lines_remembers_its_last_value(subject: Subject) -> None:
    def counts() -> tuple[str, str]:
        kept = desk.texts(desk.page_of(subject, "DX"))
        return kept.get("lines_n", ""), kept.get("lines_before_n", "")

    page = log_page(subject, "PTHER")
    assert counts() == ("", "")
    save_rows(page, {"1": {"line_no": "1"}, "2": {"line_no": "2"}})
    assert counts() == ("2", "")
    saved = save_rows(page, {"3": {"line_no": "3"}})
    assert counts() == ("3", "2")
    assert ("3", "X-DX-08") in {(finding.row_key, finding.check) for finding in saved.findings}
    desk.save(desk.page_of(subject, "DX"), {"relapse_n": "1"}, why=desk.BECAUSE)
    assert counts() == ("3", "2")


# --- who derived it -------------------------------------------------------------------------------------
@pytest.mark.requirement("AT-13")
def test_a_derived_change_names_the_engine_inside_the_event_of_the_person(subject: Subject) -> None:
    person = desk.a_member()
    counted = TrailEvent.objects.count()
    page = desk.page_of(subject, "INF", "C0")
    desk.save(page, {"inf_weight": "70.0"}, why=desk.BECAUSE, by=person)
    event, changes = desk.last_event(), desk.changes_of(desk.last_event())
    assert (TrailEvent.objects.count(), event.actor) == (counted + 1, "ana.li")
    assert f"system:derivation@{__version__}" == AUTHOR
    assert (changes["inf_weight"].author, changes["inf_dose_kg"].author) == ("ana.li", AUTHOR)
    assert (changes["inf_dose_kg"].old, changes["inf_dose_kg"].new) == ("2.000", "2.114")
    assert (changes["inf_dose_kg"].old_shown, changes["inf_dose_kg"].reason) == ("2.000 10^6/kg", "")


def test_a_derived_item_that_stays_the_same_is_no_change(subject: Subject) -> None:
    page = desk.page_of(subject, "INF", "C0")
    desk.save(page, {"inf_volume": "60.0"}, why=desk.BECAUSE)
    assert set(desk.changes_of(desk.last_event())) == {"inf_volume"}


# --- on other pages -------------------------------------------------------------------------------------
@pytest.mark.requirement("AT-13")
def test_another_day_of_consent_gives_another_age(subject: Subject) -> None:
    demographics = desk.page_of(subject, "DM")
    assert desk.texts(demographics)["age_consent"] == "31.6"
    desk.save(desk.page_of(subject, "ELIG"), {"icf_main_dt": "2022-04-03 10:00"}, why=desk.BECAUSE)
    assert desk.texts(demographics)["age_consent"] == "29.9"
    change = desk.changes_of(desk.last_event())["DM@SCR.age_consent"]
    assert (change.old, change.new, change.author) == ("31.6", "29.9", AUTHOR)
    versions = desk.row_of(demographics).history.all()
    assert [str(version.age_consent) for version in versions] == ["29.9", "31.6"]


def test_what_is_derived_elsewhere_takes_no_version_of_that_page(subject: Subject) -> None:
    """Somebody who edits that page meanwhile has changed nothing that the derivation has."""
    demographics = desk.page_of(subject, "DM")
    desk.save(desk.page_of(subject, "ELIG"), {"icf_main_dt": "2022-04-03 10:00"}, why=desk.BECAUSE)
    assert desk.now(demographics).version == demographics.version
    desk.save(demographics, {"hctci": "5"}, base=demographics.version, why=desk.BECAUSE)
    assert desk.texts(demographics)["age_consent"] == "29.9"


def test_the_birth_date_survives_a_derivation_elsewhere(subject: Subject) -> None:
    before = desk.row_of(desk.page_of(subject, "DM")).birth_date
    desk.save(desk.page_of(subject, "ELIG"), {"icf_main_dt": "2022-04-03 10:00"}, why=desk.BECAUSE)
    assert desk.row_of(desk.page_of(subject, "DM")).birth_date == before


def test_another_day_of_infusion_gives_another_interval(subject: Subject) -> None:
    graft = desk.opened(subject, "HSCT", "H0", desk.GRAFTED)
    desk.save(graft, desk.HSCT, on=desk.GRAFTED)
    desk.save(desk.page_of(subject, "INF", "C0"), {"inf_start_dt": "2024-01-04 10:00"}, why=desk.BECAUSE)
    assert desk.texts(graft)["hsct_interval"] == "21"
    assert desk.changes_of(desk.last_event())["HSCT@H0.hsct_interval"].new == "21"


def test_an_earlier_response_that_changes_turns_a_later_one_into_a_relapse(subject: Subject) -> None:
    first = assessed(subject, "C14R", "2024-01-21", bm_blast="40", resp_inv="NR")
    later = assessed(subject, "UNS1", "2024-03-01", bm_blast="40", resp_inv="NR")
    latest = assessed(subject, "UNS2", "2024-04-01", bm_blast="1", resp_inv="CRi")
    assert desk.texts(later)["resp_protocol"] != "RELAPSE"
    desk.save(first, {"bm_blast": "1.2"}, why=desk.BECAUSE)
    assert desk.texts(first)["resp_protocol"] == "CRi"
    assert desk.texts(later)["resp_protocol"] == "RELAPSE"
    changes = desk.changes_of(desk.last_event())
    assert (changes["RESP@UNS1.resp_protocol"].new, changes["RESP@UNS1.resp_protocol"].author) == (
        "RELAPSE",
        AUTHOR,
    )
    assert "RESP@UNS2.resp_protocol" not in changes
    assert desk.texts(latest)["resp_protocol"] == "CRi"


def test_a_later_response_does_not_change_an_earlier_one(subject: Subject) -> None:
    first = assessed(subject, "C14R", "2024-01-21")
    before = desk.row_of(first).history.count()
    assessed(subject, "UNS1", "2024-03-01", bm_blast="40")
    assert desk.row_of(first).history.count() == before


def test_the_diagnosis_derives_every_response(subject: Subject) -> None:
    pages = [assessed(subject, "C14R", "2024-01-21"), assessed(subject, "UNS1", "2024-03-01")]
    desk.save(desk.page_of(subject, "DX"), {"dx_type": ""}, why=desk.BECAUSE)
    assert [desk.texts(page).get("resp_protocol") for page in pages] == [None, None]
    desk.save(desk.page_of(subject, "DX"), {"dx_type": "t_all"}, why=desk.BECAUSE)
    assert [desk.texts(page).get("resp_protocol") for page in pages] == ["CRi", "CRi"]


def test_a_relapse_makes_a_death_one_of_relapse(subject: Subject) -> None:
    page = desk.opened(subject, "DTH", "ENDv", desk.DIED)
    desk.save(page, desk.DTH, on=desk.DIED)
    assert desk.texts(page)["dth_nrm"] == "Y"
    relapse = desk.opened(subject, "RLP", "RLPv1", "2024-03-01")
    desk.save(relapse, {"rlp_dt": "2024-03-01", "rlp_type": "progression_without_remission"}, on="2024-03-01")
    assert desk.texts(page)["dth_nrm"] == "N"


def test_the_sex_decides_whether_an_answer_is_asked_for_eligibility(subject: Subject) -> None:
    page = desk.page_of(subject, "ELIG")
    assert desk.texts(page)["eligible"] == "Y"
    desk.save(desk.page_of(subject, "DM"), {"sex": "F"}, why=desk.BECAUSE)
    assert "eligible" not in desk.texts(page)
    desk.save(page, {"exc07_preg": "N", "pregnancy_test": "negative"})
    assert desk.texts(page)["eligible"] == "Y"


def test_a_derivation_of_one_subject_leaves_others_alone(subject: Subject) -> None:
    other = desk.infused("HZ01-002")
    before = desk.row_of(desk.page_of(other, "DM")).history.count()
    desk.save(desk.page_of(subject, "ELIG"), {"icf_main_dt": "2022-04-03 10:00"}, why=desk.BECAUSE)
    assert desk.row_of(desk.page_of(other, "DM")).history.count() == before


def test_every_stored_derivation_is_what_the_rules_say_now(subject: Subject) -> None:
    """After many saves in any order nothing is left that would be derived otherwise."""
    assessed(subject, "UNS1", "2024-03-01", bm_blast="40")
    assessed(subject, "C14R", "2024-01-21")
    desk.save(desk.opened(subject, "HSCT", "H0", desk.GRAFTED), desk.HSCT, on=desk.GRAFTED)
    desk.save(desk.page_of(subject, "INF", "C0"), {"inf_start_dt": "2024-01-06 10:00"}, why=desk.BECAUSE)
    desk.save(desk.page_of(subject, "DX"), {"bm_blast_scr_pct": "50.0"}, why=desk.BECAUSE)
    assert_derived_as_the_rules_say(subject)


def assert_derived_as_the_rules_say(subject: Subject) -> None:
    casebook = StoredCasebook(Subject.objects.select_related("identity").get(pk=subject.pk))
    for model in declared_forms():
        for record in casebook.records(model.form.code):
            kept = {item.name: item.text(record.values[item.name]) for item in model.items()}
            with_derived(record, casebook)
            assert kept == {item.name: item.text(record.values[item.name]) for item in model.items()}, (
                record.place
            )


def result(test: str, value: str, unit: str, at: str) -> dict[str, str]:
    """A result of a laboratory as it is entered."""
    low, high = {"CA": ("2.1", "2.6"), "ALT": ("1", "50")}.get(test, ("", ""))
    given = {"lab_dt": at, "lab_test": test, "lab_value": value, "lab_unit": unit, "lab_status": "done"}
    return given | {"lab_lln": low, "lab_uln": high}


def test_results_that_a_result_bears_on_follow_it_and_no_others(subject: Subject) -> None:
    """Albumin corrects the calcium of its sample on whatever page, and the last result before the first dose
    is the baseline of its test, until it turns out to be of a later day."""
    dose = {"FLU": {"ld_date": "2023-12-31"}}
    desk.save(desk.opened(subject, "LD", "LD1", "2023-12-31"), rows=dose, on="2023-12-31")
    early, late = "2023-12-30", "2024-01-10"
    later = desk.opened(subject, "LAB", "UNS1", late)
    sample = {"CA": ("2.0", "mmol/L"), "ALT": ("160", "U/L"), "K": ("6.5", "mmol/L")}
    kept_rows(later, {test: result(test, *told, f"{late} 07:00") for test, told in sample.items()}, late)
    alone = grades(later)
    albumin = desk.opened(subject, "LAB", "UNS2", late)
    kept_rows(albumin, {"ALB": result("ALB", "20", "g/L", f"{late} 07:00")}, late)
    assert grades(later) == alone | {"CA": grades(later)["CA"]} != alone
    corrected, baseline = grades(later), desk.opened(subject, "LAB", "UNS3", early)
    kept_rows(baseline, {"ALT": result("ALT", "100", "U/L", f"{early} 07:00")}, early)
    assert grades(later) == corrected | {"ALT": grades(later)["ALT"]} != corrected
    assert_derived_as_the_rules_say(subject)
    desk.save(baseline, rows={"ALT": {"lab_dt": f"{late} 09:00"}}, why=desk.BECAUSE)
    assert grades(later) == corrected
    assert_derived_as_the_rules_say(subject)


def grades(page: Page) -> dict[str, str]:
    """The grade of each result of a page."""
    rows = form_model("LAB").of_page(page)
    return {row.row_key: row.item("lab_grade").text(row.lab_grade) for row in rows}


def test_the_sources_of_derivations_say_which_forms_depend_on_which() -> None:
    found = dependents()
    assert found["ELIG"] == {"DM"}
    assert found["INF"] == {"AE", "CRS", "ENG", "HSCT", "KIN", "RESP"}
    assert found["RESP"] == {"RESP"}
    assert found["DX"] == {"RESP"}
    assert found["RLP"] == {"DTH", "ENG"}
    assert found["HSCT"] == {"AE", "ENG", "RESP"}
