"""The cohort builder: facts in are facts out, pages are complete, and they stand at their visits."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from patients.builder import contradictions, timelines
from patients.builder.build import FORMS, casebook_of, stories
from patients.builder.members import member_rows
from patients.builder.story import PageRow, Story
from patients.builder.timeline import COLUMNS, DeathCause, RelapseType, Response, Timeline
from patients.builder.timelines import read_timelines
from patients.casebook.answers import HeldCasebook, Record, local_day
from patients.casebook.files import columns, read_sheet, write_casebook
from patients.casebook.form import declared_forms, form_model
from patients.forms.relapse import REMISSION
from patients.grading.response import Assessed, best_response
from patients.items.problems import Severity
from patients.items.types import UserItem
from patients.schedule.plan import PlannedVisit
from tests.patients.builder import reading
from tests.patients.builder.reading import DEMO
from tests.patients.builder.strategies import DOSES
from tests.patients.builder.strategies import timelines as valid_timelines
from trial.people.roles import Role
from trial.protocol.visits import Clock, visit_type

# A casebook of a few hundred pages is built, read back and judged for each example.
SLOW = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
CAUSES = {
    "infection": DeathCause.INFECTION,
    "relapse_progression": DeathCause.RELAPSE,
    "other": DeathCause.OTHER,
}
DIAGNOSES = {"aml": "AML", "t_all": "T-ALL", "t_lbl": "T-LBL"}
MARROW_FROM_DAY = 8


@pytest.fixture(scope="module")
def demo() -> list[Timeline]:
    return read_timelines(DEMO)


@pytest.fixture(scope="module")
def demo_subjects(demo: list[Timeline]) -> dict[str, HeldCasebook]:
    return reading.subjects(casebook_of(demo))


def casebook(timeline: Timeline) -> HeldCasebook:
    (found,) = reading.subjects(casebook_of([timeline])).values()
    return found


def only(found: HeldCasebook, form: str) -> Mapping[str, Any]:
    """The values of the one row of a form; nothing where there is none."""
    rows = found.records(form)
    assert len(rows) <= 1, form
    return rows[0].values if rows else {}


def page_day(row: Record) -> date:
    """The day of a row's page; the builder leaves none out."""
    assert row.form_date
    return row.form_date


# --- facts in, facts out --------------------------------------------------------------------------
def facts_out(found: HeldCasebook) -> dict[str, Any]:
    """What a reader of the casebook alone learns of the patient."""
    demographics, eligibility, infusion = (only(found, form) for form in ("DM", "ELIG", "INF"))
    relapse, death = only(found, "RLP"), only(found, "DTH")
    return {
        "date_of_birth": demographics["birth_date"].earliest,
        "sex": demographics["sex"],
        "diagnosis": DIAGNOSES[only(found, "DX")["dx_type"]],
        "enrolment_date": eligibility["enrol_dt"],
        "cart_infusion_date": local_day(infusion.get("inf_start_dt")),
        "hsct_date": local_day(only(found, "HSCT").get("hsct_start_dt")),
        "relapse_date": relapse.get("rlp_dt"),
        "relapse_type": relapse_type(relapse),
        "death_date": death.get("dth_dt"),
        "death_cause": CAUSES.get(death.get("dth_primary", "")),
        "last_contact_date": max(row.values["fu_dt"] for row in found.records("FU")),
        **response_out(found),
    }


def relapse_type(relapse: Mapping[str, Any]) -> RelapseType | None:
    return RelapseType[f"CD7_{relapse['rlp_cd7'].upper()}"] if relapse else None


def response_out(found: HeldCasebook) -> dict[str, Any]:
    """The best response after the infusion and before relapse, with its first day."""
    if not found.records("INF"):
        return {"response": None, "cri_date": None}
    remissions = [row for row in assessed(found) if row["resp_protocol"] in REMISSION]
    if not remissions:
        return {"response": Response.NO_RESPONSE, "cri_date": None}
    negative = any(row["mrd_status"] == "negative" for row in remissions)
    response = Response.MRD_NEG_CRI if negative else Response.MRD_POS_CRI
    return {"response": response, "cri_date": min(row["resp_dt"] for row in remissions)}


def assessed(found: HeldCasebook) -> list[dict[str, Any]]:
    """The assessments from the day after the infusion to the day before relapse."""
    infused = local_day(only(found, "INF").get("inf_start_dt"))
    relapsed = only(found, "RLP").get("rlp_dt") or date.max
    rows = [row.values for row in found.records("RESP")]
    return [row for row in rows if infused and infused < row["resp_dt"] < relapsed]


def facts_in(timeline: Timeline) -> dict[str, Any]:
    names = (
        "date_of_birth",
        "sex",
        "diagnosis",
        "enrolment_date",
        "cart_infusion_date",
        "hsct_date",
        "relapse_date",
        "relapse_type",
        "death_date",
        "death_cause",
        "last_contact_date",
        "response",
        "cri_date",
    )
    return {name: getattr(timeline, name) for name in names}


def test_facts_of_the_demo_cohort_come_out_again(
    demo: list[Timeline], demo_subjects: dict[str, HeldCasebook]
) -> None:
    for timeline, found in zip(demo, demo_subjects.values(), strict=True):
        assert facts_out(found) == facts_in(timeline)


@SLOW
@given(valid_timelines())
def test_facts_of_any_timeline_come_out_again(timeline: Timeline) -> None:
    assert facts_out(casebook(timeline)) == facts_in(timeline)


@SLOW
@given(valid_timelines())
def test_the_dose_per_kg_is_that_of_the_timeline(timeline: Timeline) -> None:
    infusion = only(casebook(timeline), "INF")
    if infusion:
        dose = Decimal(timeline.cart_dose_cells_per_kg or 0) / 1_000_000
        assert infusion["inf_dose_kg"] == dose.quantize(Decimal("0.001"), ROUND_HALF_UP)
        assert infusion["inf_coi_check1"] != infusion["inf_coi_check2"]


@SLOW
@given(valid_timelines())
def test_the_engine_and_the_investigator_agree(timeline: Timeline) -> None:
    for row in casebook(timeline).records("RESP"):
        assert row.values["resp_inv"] == row.values["resp_protocol"], row


@SLOW
@given(valid_timelines())
def test_no_response_shows_in_a_marrow_where_there_was_time_for_one(timeline: Timeline) -> None:
    infused, relapsed = timeline.cart_infusion_date, timeline.relapse_date
    if timeline.response is not Response.NO_RESPONSE or infused is None:
        return
    ends = relapsed or timeline.last_contact_date
    marrows = [row for row in casebook(timeline).records("RESP") if row.dated and row.dated > infused]
    assert all(row.values["bm_blast"] >= 5 for row in marrows)
    assert marrows or (ends - infused).days <= MARROW_FROM_DAY


@SLOW
@given(valid_timelines())
def test_a_relapse_shows_in_the_marrow_of_its_day(timeline: Timeline) -> None:
    if timeline.relapse_date is None or timeline.relapse_date == timeline.hsct_date:
        return
    found = casebook(timeline)
    (marrow,) = (row for row in found.records("RESP") if row.dated == timeline.relapse_date)
    assert marrow.visit == "RLPv1"
    assert marrow.values["resp_protocol"] == ("RELAPSE" if timeline.cri_date else "NR")
    assert marrow.values["bm_blast"] == only(found, "RLP")["rlp_bm_blast"] >= 5


@SLOW
@given(valid_timelines())
def test_the_best_response_is_that_of_the_timeline(timeline: Timeline) -> None:
    rows = [Assessed(row["resp_dt"], row["resp_protocol"]) for row in assessed(casebook(timeline))]
    best = best_response(rows).value
    assert (best in REMISSION) == (timeline.cri_date is not None)


@SLOW
@given(valid_timelines())
def test_an_open_gate_supports_every_graft(timeline: Timeline) -> None:
    if timeline.hsct_date is None:
        return
    found = casebook(timeline)
    graft, h0 = only(found, "HSCT"), timeline.hsct_date
    last = [row.values for row in found.records("RESP") if row.values["resp_dt"] <= h0][-1]
    assert last["resp_gate"] is True
    assert h0 - last["resp_dt"] <= timedelta(14)
    assert graft["hsct_status"] == last["resp_protocol"]
    assert (graft["cond_none"], graft["gvhdp_none"]) == (True, True)


@SLOW
@given(valid_timelines())
def test_the_last_contact_states_vital_and_disease_status(timeline: Timeline) -> None:
    found = casebook(timeline)
    last = next(
        row.values for row in found.records("FU") if row.values["fu_dt"] == timeline.last_contact_date
    )
    if timeline.death_date:  # seen alive on the day of death, so that the day counts for PFS as well
        end = only(found, "EOS")
        assert (end["eos_dt"], end["eos_reason"]) == (timeline.death_date, "death")
    if timeline.relapse_date:
        assert (last["fu_status"], last["fu_disease"]) == ("ALIVE", "relapse_progression")
    else:
        assert (last["fu_status"], last["fu_dz_dt"]) == ("ALIVE", timeline.last_contact_date)


@SLOW
@given(valid_timelines())
def test_contacts_say_what_was_known_then(timeline: Timeline) -> None:
    for row in casebook(timeline).records("FU"):
        day, disease = row.values["fu_dt"], row.values["fu_disease"]
        if disease is None:
            assert day == timeline.death_date
            continue
        relapsed = timeline.relapse_date is not None and timeline.relapse_date <= day
        in_remission = timeline.cri_date is not None and timeline.cri_date <= day
        assert (disease == "relapse_progression") == relapsed
        assert disease.startswith("remission") == (in_remission and not relapsed)


@SLOW
@given(valid_timelines())
def test_who_is_not_transplanted_has_a_reason(timeline: Timeline) -> None:
    page = only(casebook(timeline), "HSCT")
    followed = timeline.cart_infusion_date and timeline.cart_infusion_date < timeline.last_contact_date
    assert bool(page) == bool(followed)
    if page and timeline.hsct_date is None:
        assert page["hsct_done"] is False
        assert (page["hsct_not_reason"] == "death") <= (timeline.death_date is not None)


def test_the_living_go_on(demo_subjects: dict[str, HeldCasebook]) -> None:
    for found in demo_subjects.values():
        assert bool(found.records("EOS")) == bool(found.records("DTH"))


# --- complete pages -------------------------------------------------------------------------------
EVENTS_MAY_ASK = {
    ("DONOR", "donor_age"),
    ("MFG", "aph_date"),  # the cells were collected long before the infusion
    ("LD", "ld_date"),  # days from screening to lymphodepletion and from it to infusion
    ("INF", "inf_start_dt"),
    ("LAB", "lab_value"),  # results that change by half within a day
    ("LAB", "lab_grade"),  # counts that fall by two grades
    ("RESP", "resp_strict"),  # a remission without counts: MLFS, strictly
    ("HSCT", "hsct_start_dt"),  # no sample for chimerism at one month
    *(("VS", item) for item in ("vs_temp", "vs_hr", "vs_sbp", "vs_dbp", "vs_spo2")),  # of CRS
    ("ENG", "eng_nadir"),  # counts that never fell so far
    ("ENG", "eng_anc_dt"),  # or rose late
    ("ENG", "eng_primary_gf"),
    ("ICANS", "ice_dt"),  # days without a test where visits lie apart
    ("CRS", "crs_fever"),  # an onset after the second week
    ("CRS", "crs_date"),  # CRS after the third week
    ("CRS", "crs_pressor_n"),  # the two pressors of grade 4
    ("CRS", "crs_max"),
    ("AGVHD", "ag_dt"),  # assessments at the two ends of their windows
    ("AGVHD", "ag_grade"),
    ("CGVHD", "cg_dt"),
    ("INFX", "inf_ctcae"),
    ("AE", "ae_outcome"),  # an event that is still open
    ("DLT", "dlt_evaluable"),  # relapse, or the last contact, before day 28
}
"""What a timeline's own days and grades ask about."""
STORY_MAY_ASK = {
    ("DM", "age_consent"),  # above 75
    ("ELIG", "icf_main_dt"),  # before the registration of the trial
    ("DX", "cd7_test_dt"),  # lymphodepletion long after screening
    ("REL", "rel_dose_total"),  # a dose far below the target
    ("INF", "inf_dose_kg"),
    ("INF", "inf_dose_ok"),
    ("INF", "inf_tcells_kg"),  # a dose far above it
    ("RESP", "bm_done"),  # a CRi later than day 28
    ("RESP", "pet_done"),
    ("RESP", "deauville"),  # active lymphoma
    ("HSCT", "hsct_done"),  # a last contact before the first assessment of GVHD
    ("HSCT", "hsct_interval"),
    ("HSCT", "hsct_mrd"),
    ("RLP", "rlp_dt"),  # a relapse on the day of the last contact
    ("FU", "fu_dt"),  # the cohort is not followed up to today
    ("FU", "fu_ist"),
    ("DTH", "dth_primary"),  # death of relapse without one
    *EVENTS_MAY_ASK,
}


def hard(found: HeldCasebook) -> list[str]:
    return [
        f"{row.form} {row.visit} {finding.item}: {finding.message}"
        for row, finding in reading.findings(found)
        if finding.severity in (Severity.REFUSED, Severity.HARD)
    ]


def soft(found: HeldCasebook) -> set[tuple[str, str]]:
    return {
        (row.form, finding.item)
        for row, finding in reading.findings(found)
        if finding.severity is Severity.SOFT
    }


@SLOW
@given(valid_timelines())
def test_every_page_is_complete(timeline: Timeline) -> None:
    found = casebook(timeline)
    assert hard(found) == []
    assert soft(found) <= STORY_MAY_ASK


def test_the_demo_cohort_asks_only_what_its_story_has(demo_subjects: dict[str, HeldCasebook]) -> None:
    asked: dict[tuple[str, str], list[str]] = {}
    for subject, found in demo_subjects.items():
        assert hard(found) == []
        for place in soft(found):
            asked.setdefault(place, []).append(subject)
    assert asked[("DM", "age_consent")] == ["HZ01-007"]  # 81.9 years
    assert (
        set(asked)
        <= {("DM", "age_consent"), ("FU", "fu_dt"), ("FU", "fu_ist"), ("RESP", "deauville")} | EVENTS_MAY_ASK
    )


@SLOW
@given(valid_timelines())
def test_nothing_is_dated_after_the_last_contact_or_before_consent(timeline: Timeline) -> None:
    (story,) = stories([timeline])
    found = casebook(timeline)
    for form in FORMS:
        for row in found.records(form):
            values = [value for name, value in row.values.items() if name != "rel_expiry"]  # lies ahead
            days = [row.form_date, row.dated, *map(local_day, values)]
            assert max(day for day in days if day) <= timeline.last_contact_date, row
            assert page_day(row) >= story.consented_on, row
    assert story.consented_on <= story.screened_on <= timeline.enrolment_date


@SLOW
@given(valid_timelines())
def test_screening_is_dated_on_or_before_enrolment(timeline: Timeline) -> None:
    found = casebook(timeline)
    signed, enrolled = only(found, "ELIG")["signed_in_source_on"], timeline.enrolment_date
    assert signed <= enrolled
    assert only(found, "ELIG")["signed_in_source_by"] in principal_investigators()
    assert all(page_day(row) <= enrolled for form in ("DM", "DX") for row in found.records(form))


def principal_investigators() -> list[str]:
    return [row["user_name"] for row in member_rows() if row["role"] == Role.PRINCIPAL_INVESTIGATOR]


def test_whoever_acts_is_a_member(demo_subjects: dict[str, HeldCasebook]) -> None:
    members = {row["user_name"] for row in member_rows()}
    for found in demo_subjects.values():
        for form in FORMS:
            users = [
                item.name
                for item in form_model(form).items()
                if isinstance(item, UserItem) and not item.is_derived
            ]
            named = {row.values[name] for row in found.records(form) for name in users}
            assert named <= members


@pytest.mark.parametrize("sex", ["F", "M"])
def test_pregnancy_is_asked_of_women_alone(demo: list[Timeline], sex: str) -> None:
    for found, timeline in zip(map(casebook, demo), demo, strict=True):
        if timeline.sex == sex:
            answers = only(found, "ELIG")
            assert (answers["exc07_preg"] is None, answers["pregnancy_test"] is None) == (
                sex == "M",
                sex == "M",
            )


# --- visits ---------------------------------------------------------------------------------------
@SLOW
@given(valid_timelines())
def test_every_page_stands_in_the_window_of_its_visit(timeline: Timeline) -> None:
    (story,) = stories([timeline])
    planned: dict[str, PlannedVisit] = {visit.code: visit for visit in story.plan if not visit.superseded}
    found = casebook(timeline)
    for form in FORMS:
        for row in found.records(form):
            if not row.visit or visit_type(row.visit).clock is Clock.EVENT:
                continue
            visit = planned[row.visit]
            assert any(due.form == form and not due.page_at for due in visit.forms), row
            assert visit.opens is None or visit.holds(page_day(row)), row


@SLOW
@given(valid_timelines())
def test_a_visit_has_one_page_of_a_form_and_unscheduled_visits_are_numbered_by_day(
    timeline: Timeline,
) -> None:
    found = casebook(timeline)
    rows = [row for form in FORMS for row in found.records(form)]
    places = [(row.form, row.visit, row.row_key, row.form_date) for row in rows]
    assert len(places) == len(set(places))
    visited = [row for row in rows if row.visit and not row.row_key]
    assert len(visited) == len({(row.form, row.visit) for row in visited})
    unscheduled = {row.visit: page_day(row) for row in rows if row.visit.startswith("UNS")}
    in_order = [unscheduled[f"UNS{number}"] for number in range(1, len(unscheduled) + 1)]
    assert in_order == sorted(set(in_order))


def test_two_forms_of_one_day_share_the_unscheduled_visit(demo: list[Timeline]) -> None:
    (row,) = (one for one in demo if one.patient_id == "SYN-013")
    changes = {"cri_date": row.last_contact_date, "response": Response.MRD_NEG_CRI}
    changed = replaced(row, **changes, **WITHOUT_GRAFT_AND_RELAPSE)
    rows = [found for form in ("RESP", "FU") for found in casebook(changed).records(form)]
    assert {(one.form, one.visit) for one in rows if one.visit.startswith("UNS")} <= {
        ("RESP", "UNS1"),
        ("FU", "UNS1"),
    }


WITHOUT_GRAFT_AND_RELAPSE = dict.fromkeys(
    (
        "hsct_date",
        "agvhd_max_grade",
        "agvhd_onset_date",
        "agvhd_resolved_date",
        "chimerism_1m_date",
        "chimerism_1m_donor_pct",
        "cgvhd_onset_date",
        "cgvhd_severity",
        "relapse_date",
        "relapse_type",
        "death_date",
        "death_cause",
    )
)


def replaced(timeline: Timeline, **changes: Any) -> Timeline:
    return Timeline(**({name: getattr(timeline, name) for name in COLUMNS} | changes))


REMISSIONS = ("CR", "CRh", "CRi")  # which of them is for the counts of the day to say


@pytest.mark.parametrize(
    ("day", "visits"),
    [
        (5, {"UNS1": "CRi", "C14R": "CRi"}),
        (10, {"C14R": "CRi", "C28": "CRi"}),
        (26, {"C14R": "NE", "C28": "CRi"}),
        (40, {"C14R": "NE", "C28": "NE", "UNS1": "CRi"}),
    ],
)
def test_the_marrow_before_the_first_cri_is_not_done(
    demo: list[Timeline], day: int, visits: dict[str, str]
) -> None:
    first = next(one for one in demo if one.diagnosis == "AML")
    infused = first.cart_infusion_date
    assert infused is not None
    changed = replaced(first, cri_date=infused + timedelta(day), **WITHOUT_GRAFT_AND_RELAPSE)
    responses = {row.visit: row.values["resp_protocol"] for row in casebook(changed).records("RESP")}
    found = {visit: responses[visit] for visit in visits}
    assert {
        visit: "CRi" if response in REMISSIONS else response for visit, response in found.items()
    } == visits


# --- files ----------------------------------------------------------------------------------------
def test_one_patient_changes_no_other(demo: list[Timeline]) -> None:
    whole, part = casebook_of(demo), casebook_of(demo[:12])
    for sheet in FORMS:
        assert [row for row in whole[sheet] if row["subject_id"] <= "HZ01-012"] == part[sheet]


def test_subjects_are_numbered_in_the_order_of_patients(demo: list[Timeline], tmp_path: Path) -> None:
    write_casebook(tmp_path / "out", casebook_of(demo[::-1]))
    rows = [cells for _line, cells in read_sheet(tmp_path / "out" / "SUBJECTS.csv")]
    assert rows[0] == {
        "subject_id": "HZ01-001",
        "patient_id": "SYN-001",
        "site": "HZ01",
        "planned_infusion": "2024-01-05",
    }
    assert [row["patient_id"] for row in rows] == [f"SYN-{number:03d}" for number in range(1, 20)]


def test_who_is_not_infused_has_the_planned_day(demo: list[Timeline]) -> None:
    names = ("cart_infusion_date", "cart_dose_cells_per_kg", "response", "cri_date", "crs_max_grade")
    never = dict.fromkeys((*names, "crs_onset_date", "crs_resolved_date"))
    uninfused = replaced(demo[0], **never, **WITHOUT_GRAFT_AND_RELAPSE)
    sheets = casebook_of([uninfused])
    assert sheets["SUBJECTS"][0]["planned_infusion"] == "2024-01-04"  # lymphodepletion from 29 December
    assert [sheets[form] for form in ("INF", "HSCT", "DTH", "EOS")] == [[], [], [], []]
    assert [row["visit_code"] for row in sheets["RESP"]] == ["SCR"]
    assert [row["form_date"] for row in sheets["FU"]] == ["2025-08-05"]


def test_identity_stands_apart(demo: list[Timeline], tmp_path: Path) -> None:
    write_casebook(tmp_path / "out", casebook_of(demo))
    rows = [cells for _line, cells in read_sheet(tmp_path / "out" / "IDENTITY.csv")]
    assert rows[1] == {
        "subject_id": "HZ01-002",
        "birth_date": "1969-11-03",
        "name": "",
        "hospital_number": "",
    }
    others = [path for path in (tmp_path / "out").iterdir() if path.name != "IDENTITY.csv"]
    assert not any(
        b"birth_date" in path.read_bytes() or b"1969-11-03" in path.read_bytes() for path in others
    )


def test_every_form_of_the_builder_has_a_sheet_with_its_columns(tmp_path: Path, demo: list[Timeline]) -> None:
    write_casebook(tmp_path / "out", casebook_of(demo[:1]))
    for form in FORMS:
        header = (tmp_path / "out" / f"{form}.csv").read_text().partition("\n")[0]
        assert tuple(header.split(",")) == columns(form)
    assert list(FORMS) == [model.form.code for model in declared_forms() if model.form.code in FORMS]


def test_every_cell_reads_back(demo: list[Timeline], tmp_path: Path) -> None:
    write_casebook(tmp_path / "out", casebook_of(demo))
    sheets = {
        path.stem: [cells for _line, cells in read_sheet(path)] for path in (tmp_path / "out").iterdir()
    }
    assert {subject: facts_out(found) for subject, found in reading.subjects(sheets).items()} == {
        f"HZ01-{number:03d}": facts_in(timeline) for number, timeline in enumerate(demo, 1)
    }


def test_a_full_site_builds(tmp_path: Path, demo: list[Timeline], monkeypatch: pytest.MonkeyPatch) -> None:
    """As many subjects as a site has numbers for; two forms are enough to see them all."""
    for form in set(FORMS) - {"ELIG", "DM"}:
        monkeypatch.delitem(FORMS, form)
    cohort = [replaced(demo[number % 19], patient_id=f"P-{number:03d}") for number in range(999)]
    write_casebook(tmp_path / "out", casebook_of(cohort))
    for sheet in ("SUBJECTS", "DM"):
        assert len(list(read_sheet(tmp_path / "out" / f"{sheet}.csv"))) == 999


def test_the_builder_writes_nothing_derived(demo: list[Timeline], monkeypatch: pytest.MonkeyPatch) -> None:
    def graded(story: Story) -> Iterator[PageRow]:
        yield PageRow(form="RESP", day=story.screened_on, visit="SCR", values={"resp_protocol": "CRi"})

    monkeypatch.setitem(FORMS, "RESP", graded)
    with pytest.raises(ValueError, match="resp_protocol"):
        casebook_of(demo[:1])


def test_doses_of_the_strategy_are_within_the_limits() -> None:
    low, high = timelines.DOSE_CELLS_PER_KG
    assert all(low <= Decimal(dose) <= high for dose in DOSES)


def test_limits_of_the_timelines_are_those_of_the_forms() -> None:
    """The builder keeps its own copy of three hard limits, since a table is judged before there are forms."""
    dose, interval = form_model("INF").item("inf_dose_kg"), form_model("HSCT").item("hsct_interval")
    low, high = (Decimal(cells) / 1_000_000 for cells in timelines.DOSE_CELLS_PER_KG)
    assert str(dose.declared.hard[0]) == f"{low}-{high}"
    assert str(interval.declared.hard[0]) == f"1-{contradictions.HSCT_WITHIN_DAYS}"
    assert str(form_model("DM").item("birth_date").declared.hard[0]) == f">= {contradictions.BORN_FROM}"
