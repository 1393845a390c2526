"""The table of timelines: read in any order and line end, refused with line, column and reason."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given

from patients.builder import timelines as module
from patients.builder.timeline import COLUMNS, Response, Timeline
from patients.builder.timelines import TimelinesRefused, read_timelines
from patients.casebook.files import UnreadableSheet
from tests.patients.builder.strategies import cells_of, cohorts, table, write_timelines

DEMO = Path(module.__file__).parent / "demo" / "timelines.csv"
COMPLETE = {
    "patient_id": "P-1",
    "date_of_birth": "1990-06-01",
    "age_at_enrolment": "33.6",
    "sex": "F",
    "diagnosis": "T-ALL",
    "prior_lines": "3",
    "n_prior_allo_hsct": "1",
    "prior_cll1_cart": "0",
    "product_source": "PRIOR_DONOR",
    "donor_relationship": "SIBLING",
    "enrolment_date": "2024-01-10",
    "ld_start_date": "2024-01-20",
    "cart_infusion_date": "2024-01-26",
    "cart_dose_cells_per_kg": "2000000",
    "crs_max_grade": "2",
    "crs_onset_date": "2024-01-28",
    "crs_resolved_date": "2024-02-02",
    "cytopenia_max_grade": "4",
    "cytopenia_onset_date": "2024-01-25",
    "response": "MRD_NEG_CRI",
    "cri_date": "2024-02-09",
    "hsct_date": "2024-02-14",
    "agvhd_max_grade": "2",
    "agvhd_onset_date": "2024-03-10",
    "agvhd_resolved_date": "2024-04-10",
    "chimerism_1m_date": "2024-03-15",
    "chimerism_1m_donor_pct": "99.1",
    "cgvhd_onset_date": "2024-08-01",
    "cgvhd_severity": "MILD",
    "relapse_date": "2024-10-01",
    "relapse_type": "CD7_NEGATIVE",
    "last_contact_date": "2024-12-01",
    "death_date": "2024-12-01",
    "death_cause": "RELAPSE",
}
NO_GRAFT = dict.fromkeys(
    (
        "hsct_date",
        "agvhd_max_grade",
        "agvhd_onset_date",
        "agvhd_resolved_date",
        "chimerism_1m_date",
        "chimerism_1m_donor_pct",
        "cgvhd_onset_date",
        "cgvhd_severity",
    ),
    "",
)
NO_REMISSION = {**NO_GRAFT, "response": "NO_RESPONSE", "cri_date": ""}
UNINFUSED = {
    **NO_GRAFT,
    **dict.fromkeys(
        (
            "product_source",
            "donor_relationship",
            "cart_infusion_date",
            "cart_dose_cells_per_kg",
            "crs_max_grade",
            "crs_onset_date",
            "crs_resolved_date",
            "response",
            "cri_date",
            "relapse_date",
            "relapse_type",
        ),
        "",
    ),
}
UNTREATED = UNINFUSED | dict.fromkeys(("ld_start_date", "cytopenia_max_grade", "cytopenia_onset_date"), "")


def read(tmp_path: Path, *rows: dict[str, str]) -> list[Timeline]:
    path = tmp_path / "timelines.csv"
    path.write_bytes(table(rows))
    return read_timelines(path)


def refused(tmp_path: Path, *rows: dict[str, str]) -> list[tuple[int, str, str]]:
    with pytest.raises(TimelinesRefused) as refusal:
        read(tmp_path, *rows)
    return [(one.line, one.column, str(one.reason)) for one in refusal.value.refusals]


def test_the_demo_cohort_is_read_whole() -> None:
    cohort = read_timelines(DEMO)
    assert [one.patient_id for one in cohort] == [f"SYN-{number:03d}" for number in range(1, 20)]
    second = cohort[1]
    assert (second.cri_date, second.hsct_date) == (date(2024, 4, 11), date(2024, 4, 13))
    assert (second.response, second.cart_dose_cells_per_kg) == (Response.MRD_NEG_CRI, Decimal(2_000_000))
    assert cohort[0].relapse_date is None


def test_the_columns_are_those_of_the_demo_cohort() -> None:
    with DEMO.open(newline="") as file:
        assert tuple(next(csv.reader(file))) == COLUMNS


VALID = {
    "everything happened": {},
    "death on the day of infusion": {
        **NO_REMISSION,
        **dict.fromkeys(("crs_onset_date", "crs_resolved_date", "relapse_date", "relapse_type"), ""),
        "crs_max_grade": "0",
        "last_contact_date": "2024-01-26",
        "death_date": "2024-01-26",
        "death_cause": "OTHER",
    },
    "last contact on the day of infusion, alive": {
        **NO_REMISSION,
        **dict.fromkeys(
            ("crs_resolved_date", "relapse_date", "relapse_type", "death_date", "death_cause"), ""
        ),
        "crs_onset_date": "2024-01-26",
        "last_contact_date": "2024-01-26",
    },
    "lymphodepletion and no infusion": UNINFUSED | {"death_cause": "OTHER"},
    "enrolment and no treatment": UNTREATED,
    "no infusion, and zeros for what did not happen": UNTREATED
    | {"crs_max_grade": "0", "cytopenia_max_grade": "0", "agvhd_max_grade": "0", "response": "NO_RESPONSE"},
    "enrolment on the day of lymphodepletion": {"enrolment_date": "2024-01-20"},
    "CRi and graft on one day": {"hsct_date": "2024-02-09"},
    "graft on the 365th day": {
        **dict.fromkeys(("agvhd_onset_date", "agvhd_resolved_date", "chimerism_1m_date"), ""),
        "agvhd_max_grade": "0",
        "chimerism_1m_donor_pct": "",
        "cgvhd_onset_date": "2025-01-25",
        "hsct_date": "2025-01-25",
        "last_contact_date": "2025-01-25",
        "death_date": "2025-01-25",
    },
    "everything after the graft on its day": {
        "agvhd_onset_date": "2024-02-14",
        "agvhd_resolved_date": "2024-02-14",
        "chimerism_1m_date": "2024-02-14",
        "cgvhd_onset_date": "2024-02-14",
    },
    "CRS and cytopenia as early as they can be": {
        "crs_onset_date": "2024-01-26",
        "cytopenia_onset_date": "2024-01-20",
    },
    "CRS over at the last contact": {"crs_resolved_date": "2024-12-01"},
    "a progression": NO_REMISSION | {"relapse_date": "2024-01-27"},
    "a relapse on the day after CRi, before the graft": {"relapse_date": "2024-02-10"},
    "relapse on the day of death": {"relapse_date": "2024-12-01"},
    "death of relapse without one": {"relapse_date": "", "relapse_type": ""},
    "aGVHD that was not resolved": {"agvhd_resolved_date": ""},
    "age in completed years": {"age_at_enrolment": "33"},
    "spaces around a cell": {"sex": " F ", "cri_date": " 2024-02-09"},
    "18 years old": {"date_of_birth": "2006-01-09", "age_at_enrolment": "18.0"},
}


@pytest.mark.parametrize("changes", VALID.values(), ids=VALID)
def test_accepts(tmp_path: Path, changes: dict[str, str]) -> None:
    (timeline,) = read(tmp_path, COMPLETE | changes)
    assert timeline.patient_id == "P-1"


BROKEN: dict[str, tuple[dict[str, str], list[tuple[str, str]]]] = {
    # --- the order of events
    "lymphodepletion before enrolment": (
        {"ld_start_date": "2024-01-09"},
        [("ld_start_date", "enrolment_date")],
    ),
    "infusion on the day of lymphodepletion": (
        {"cart_infusion_date": "2024-01-20"},
        [("cart_infusion_date", "not after ld_start_date")],
    ),
    "infusion before enrolment": (
        {"cart_infusion_date": "2024-01-08", "ld_start_date": "2024-01-07"},
        [("ld_start_date", "enrolment_date"), ("cart_infusion_date", "enrolment_date")],
    ),
    "CRi on the day of infusion": (
        {"cri_date": "2024-01-26"},
        [("cri_date", "not after cart_infusion_date")],
    ),
    "graft before CRi": ({"hsct_date": "2024-02-08"}, [("hsct_date", "before cri_date (2024-02-09)")]),
    "graft after more than a year": (
        {
            **NO_GRAFT,
            "agvhd_max_grade": "0",
            "hsct_date": "2025-01-26",
            "last_contact_date": "2025-01-26",
            "death_date": "2025-01-26",
        },
        [("hsct_date", "365 days")],
    ),
    "relapse on the day of CRi": ({"relapse_date": "2024-02-09"}, [("relapse_date", "not after cri_date")]),
    "progression on the day of infusion": (
        NO_REMISSION | {"relapse_date": "2024-01-26"},
        [("relapse_date", "not after cart_infusion_date")],
    ),
    "cytopenia before lymphodepletion": (
        {"cytopenia_onset_date": "2024-01-19"},
        [("cytopenia_onset_date", "before ld_start_date")],
    ),
    "CRS before infusion": (
        {"crs_onset_date": "2024-01-25"},
        [("crs_onset_date", "before cart_infusion_date")],
    ),
    "CRS resolved before onset": (
        {"crs_resolved_date": "2024-01-27"},
        [("crs_resolved_date", "before crs_onset_date")],
    ),
    "aGVHD resolved before onset": (
        {"agvhd_resolved_date": "2024-03-09"},
        [("agvhd_resolved_date", "before agvhd_onset_date")],
    ),
    "aGVHD before the graft": (
        {"agvhd_onset_date": "2024-02-13"},
        [("agvhd_onset_date", "before hsct_date")],
    ),
    "chimerism before the graft": (
        {"chimerism_1m_date": "2024-02-13"},
        [("chimerism_1m_date", "before hsct_date")],
    ),
    "cGVHD before the graft": (
        {"cgvhd_onset_date": "2024-02-13"},
        [("cgvhd_onset_date", "before hsct_date")],
    ),
    # --- the end
    "death before the last contact": (
        {"death_date": "2024-11-30"},
        [("death_date", "not last_contact_date")],
    ),
    "death after the last contact": ({"death_date": "2024-12-02"}, [("death_date", "not last_contact_date")]),
    "CRS resolved after the last contact": (
        {"crs_resolved_date": "2024-12-02"},
        [("crs_resolved_date", "after last_contact_date")],
    ),
    "aGVHD resolved after the last contact": (
        {"agvhd_resolved_date": "2024-12-02"},
        [("agvhd_resolved_date", "after last_contact_date")],
    ),
    "relapse after the last contact": (
        {"relapse_date": "2024-12-02"},
        [("relapse_date", "after last_contact_date (2024-12-01)")],
    ),
    "chimerism after the last contact": (
        {"chimerism_1m_date": "2024-12-02"},
        [("chimerism_1m_date", "after last_contact_date")],
    ),
    "cGVHD after the last contact": (
        {"cgvhd_onset_date": "2024-12-02"},
        [("cgvhd_onset_date", "after last_contact_date")],
    ),
    # --- what cannot be without another
    "prior donor without an earlier graft": ({"n_prior_allo_hsct": "0"}, [("product_source", "PRIOR_DONOR")]),
    "graft without response": (
        {"response": "NO_RESPONSE", "cri_date": ""},
        [("hsct_date", "without response")],
    ),
    "CRi without a date": ({"cri_date": ""}, [("cri_date", "response is MRD_NEG_CRI")]),
    "date of CRi without CRi": (
        {**NO_GRAFT, "response": "NO_RESPONSE"},
        [("cri_date", "not a CRi")],
    ),
    "infusion without lymphodepletion": (
        {"ld_start_date": "", "cytopenia_max_grade": "0", "cytopenia_onset_date": ""},
        [("ld_start_date", "It is empty")],
    ),
    "infusion without dose": ({"cart_dose_cells_per_kg": ""}, [("cart_dose_cells_per_kg", "It is empty")]),
    "infusion without product": ({"product_source": ""}, [("product_source", "It is empty")]),
    "infusion without response": (
        {**NO_GRAFT, "response": "", "cri_date": ""},
        [("response", "It is empty")],
    ),
    "response without infusion": (
        UNINFUSED | {"response": "MRD_NEG_CRI"},
        [
            ("response", "needs cart_infusion_date"),
            ("cri_date", "It is empty"),
        ],
    ),
    "relapse without infusion": (
        UNINFUSED | {"relapse_date": "2024-03-01", "relapse_type": "CD7_NEGATIVE"},
        [("relapse_date", "needs cart_infusion_date")],
    ),
    "CRS without infusion": (
        UNINFUSED | {"crs_max_grade": "1", "crs_onset_date": "2024-02-01"},
        [("crs_max_grade", "needs cart_infusion_date")],
    ),
    "cytopenia without lymphodepletion": (
        UNTREATED | {"cytopenia_max_grade": "3", "cytopenia_onset_date": "2024-02-01"},
        [("cytopenia_max_grade", "needs ld_start_date")],
    ),
    "aGVHD without a graft": (
        NO_GRAFT | {"agvhd_max_grade": "1", "agvhd_onset_date": "2024-03-01"},
        [("agvhd_max_grade", "needs hsct_date")],
    ),
    "chimerism without a graft": (
        NO_GRAFT | {"chimerism_1m_date": "2024-03-01", "chimerism_1m_donor_pct": "99"},
        [("chimerism_1m_date", "needs hsct_date")],
    ),
    "cGVHD without a graft": (
        NO_GRAFT | {"cgvhd_onset_date": "2024-03-01", "cgvhd_severity": "MILD"},
        [("cgvhd_onset_date", "needs hsct_date")],
    ),
    "graft without a grade of aGVHD": (
        {"agvhd_max_grade": "", "agvhd_onset_date": "", "agvhd_resolved_date": ""},
        [("agvhd_max_grade", "It is empty")],
    ),
    "CRS without onset": (
        {"crs_onset_date": "", "crs_resolved_date": ""},
        [("crs_onset_date", "crs_max_grade is above 0")],
    ),
    "onset of no CRS": ({"crs_max_grade": "0"}, [("crs_onset_date", "crs_max_grade is 0")]),
    "cytopenia without onset": ({"cytopenia_onset_date": ""}, [("cytopenia_onset_date", "above 0")]),
    "onset of no cytopenia": ({"cytopenia_max_grade": "0"}, [("cytopenia_onset_date", "is 0")]),
    "resolution without onset": (
        {"agvhd_max_grade": "0", "agvhd_onset_date": ""},
        [("agvhd_resolved_date", "needs agvhd_onset_date")],
    ),
    "chimerism without a share": (
        {"chimerism_1m_donor_pct": ""},
        [("chimerism_1m_donor_pct", "It is empty")],
    ),
    "share without a sample": ({"chimerism_1m_date": ""}, [("chimerism_1m_date", "It is empty")]),
    "cGVHD without severity": ({"cgvhd_severity": ""}, [("cgvhd_severity", "It is empty")]),
    "severity of no cGVHD": ({"cgvhd_onset_date": ""}, [("cgvhd_onset_date", "It is empty")]),
    "relapse without type": ({"relapse_type": ""}, [("relapse_type", "It is empty")]),
    "type of no relapse": ({"relapse_date": ""}, [("relapse_date", "It is empty")]),
    "death without cause": ({"death_cause": ""}, [("death_cause", "It is empty")]),
    "cause of no death": ({"death_date": ""}, [("death_date", "It is empty")]),
    # --- the patient
    "no identifier": ({"patient_id": ""}, [("patient_id", "It is empty")]),
    "an identifier too long": ({"patient_id": "P" * 41}, [("patient_id", "41 characters")]),
    "no enrolment": ({"enrolment_date": ""}, [("enrolment_date", "It is empty")]),
    "no last contact": ({"last_contact_date": ""}, [("last_contact_date", "It is empty")]),
    "a minor": (
        {"date_of_birth": "2006-01-11", "age_at_enrolment": "18"},
        [("date_of_birth", "younger than 18")],
    ),
    "born after enrolment": (
        {"date_of_birth": "2024-02-01", "age_at_enrolment": "0"},
        [("date_of_birth", "younger than 18")],
    ),
    "born before 1920": (
        {"date_of_birth": "1919-12-31", "age_at_enrolment": "104"},
        [("date_of_birth", "before 1920-01-01")],
    ),
    "an age that the birth date contradicts": (
        {"age_at_enrolment": "32.5"},
        [("age_at_enrolment", "1990-06-01")],
    ),
    # --- cells that cannot be read
    "not a day of the calendar": ({"cri_date": "2024-02-30"}, [("cri_date", "not a day of the calendar")]),
    "day and month unclear": ({"cri_date": "9/2/2024"}, [("cri_date", "9/2/2024 is not a date")]),
    "a partial date": ({"cri_date": "2024-02"}, [("cri_date", "not a date")]),
    "a date without signs": ({"cri_date": "20240209"}, [("cri_date", "not a date")]),
    "an unknown sex": ({"sex": "X"}, [("sex", "M, F")]),
    "an unknown diagnosis": ({"diagnosis": "ALL"}, [("diagnosis", "AML, T-ALL, T-LBL")]),
    "an unknown product": ({"product_source": "haplo"}, [("product_source", "NEW_HAPLO")]),
    "an unknown donor": ({"donor_relationship": "COUSIN"}, [("donor_relationship", "OFFSPRING")]),
    "an unknown response": ({"response": "CR"}, [("response", "MRD_NEG_CRI")]),
    "an unknown relapse": ({"relapse_type": "MRD"}, [("relapse_type", "CD7_NEGATIVE")]),
    "an unknown severity": ({"cgvhd_severity": "mild"}, [("cgvhd_severity", "MILD")]),
    "an unknown cause": ({"death_cause": "GVHD"}, [("death_cause", "INFECTION")]),
    "grade 5": ({"crs_max_grade": "5"}, [("crs_max_grade", "0 to 4")]),
    "half a grade": ({"agvhd_max_grade": "1.5"}, [("agvhd_max_grade", "not a whole number")]),
    "lines in words": ({"prior_lines": "three"}, [("prior_lines", "not a whole number")]),
    "five earlier grafts": ({"n_prior_allo_hsct": "5"}, [("n_prior_allo_hsct", "0 to 4")]),
    "two earlier CLL-1 products": ({"prior_cll1_cart": "2"}, [("prior_cll1_cart", "0 to 1")]),
    "more than all cells of the donor": (
        {"chimerism_1m_donor_pct": "100.1"},
        [("chimerism_1m_donor_pct", "0 to 100")],
    ),
    "a dose below the hard limit": ({"cart_dose_cells_per_kg": "2.0"}, [("cart_dose_cells_per_kg", "10000")]),
    "a dose above the hard limit": (
        {"cart_dose_cells_per_kg": "20000001"},
        [("cart_dose_cells_per_kg", "20000000")],
    ),
    "a dose in words": ({"cart_dose_cells_per_kg": "2e6"}, [("cart_dose_cells_per_kg", "not a number")]),
    "a negative age": ({"age_at_enrolment": "-33.6"}, [("age_at_enrolment", "not a number")]),
}


@pytest.mark.parametrize(("changes", "expected"), BROKEN.values(), ids=BROKEN)
def test_refuses(tmp_path: Path, changes: dict[str, str], expected: list[tuple[str, str]]) -> None:
    found = refused(tmp_path, {**COMPLETE, "patient_id": "P-0"}, COMPLETE | changes)
    assert [(line, column) for line, column, _reason in found] == [(3, column) for column, _part in expected]
    for (_line, _column, reason), (_expected_column, part) in zip(found, expected, strict=True):
        assert part in reason


def test_collects_every_refusal_of_every_row(tmp_path: Path) -> None:
    rows = (
        COMPLETE | {"sex": "X", "cri_date": "2024-01-26"},
        COMPLETE | {"patient_id": "P-2"},
        COMPLETE | {"patient_id": "P-3", "death_date": "2024-11-30", "hsct_date": "2024-02-08"},
    )
    places = [(line, column) for line, column, _reason in refused(tmp_path, *rows)]
    assert places == [(2, "sex"), (2, "cri_date"), (4, "hsct_date"), (4, "death_date")]


def test_a_cell_that_cannot_be_read_is_refused_once(tmp_path: Path) -> None:
    found = refused(tmp_path, COMPLETE | {"cart_infusion_date": "soon"})
    assert [column for _line, column, _reason in found] == ["cart_infusion_date"]


def test_one_identifier_is_one_patient(tmp_path: Path) -> None:
    found = refused(tmp_path, COMPLETE, COMPLETE | {"patient_id": " P-1"})
    assert found == [(3, "patient_id", "P-1 stands on line 2 already.")]


def test_a_site_has_at_most_999_subjects(tmp_path: Path) -> None:
    rows = [COMPLETE | {"patient_id": f"P-{number}"} for number in range(1001)]
    assert refused(tmp_path, *rows) == [(1001, "patient_id", "There are more than 999 patients.")]


def test_a_refusal_names_line_column_and_reason(tmp_path: Path) -> None:
    with pytest.raises(TimelinesRefused) as refusal:
        read(tmp_path, COMPLETE | {"cri_date": "2024-01-26"})
    assert str(refusal.value) == "line 2, cri_date: 2024-01-26 is not after cart_infusion_date (2024-01-26)."


UNREADABLE = {
    "a column under another name": (
        table([COMPLETE]).replace(b",sex,", b",gender,"),
        1,
        "The column sex is missing. There is no column “gender”.",
    ),
    "an unknown column": (table([COMPLETE]).replace(b"death_cause\n", b"death_cause,note\n", 1), 1, "note"),
    "a column twice": (table([COMPLETE]).replace(b"death_cause\n", b"sex\n", 1), 1, "twice"),
    "a cell too many": (
        table([COMPLETE]).replace(b",RELAPSE\n", b",RELAPSE,\n"),
        2,
        "35 cells for 34 columns",
    ),
    "a cell too few": (table([COMPLETE]).replace(b",RELAPSE\n", b"\n"), 2, "33 cells"),
    "another encoding": (table([COMPLETE]).replace(b"P-1", "é".encode("latin-1")), 2, "UTF-8"),
    "a NUL byte": (table([COMPLETE]).replace(b"P-1", b"P\x001"), 2, "NUL"),
    "nothing": (b"", 1, "empty"),
}


@pytest.mark.parametrize(("content", "line", "part"), UNREADABLE.values(), ids=UNREADABLE)
def test_is_no_table_of_timelines(tmp_path: Path, content: bytes, line: int, part: str) -> None:
    path = tmp_path / "timelines.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableSheet) as problem:
        read_timelines(path)
    assert problem.value.line == line
    assert part in problem.value.reason


@given(cohorts())
def test_a_table_gives_back_the_timelines(
    tmp_path_factory: pytest.TempPathFactory, cohort: list[Timeline]
) -> None:
    path = write_timelines(tmp_path_factory.mktemp("timelines") / "timelines.csv", cohort)
    assert read_timelines(path) == sorted(cohort, key=lambda timeline: timeline.patient_id)


@given(cohorts(min_size=2))
def test_order_line_ends_and_byte_order_mark_make_no_difference(
    tmp_path_factory: pytest.TempPathFactory, cohort: list[Timeline]
) -> None:
    path = tmp_path_factory.mktemp("timelines") / "timelines.csv"
    path.write_bytes(table([cells_of(one) for one in reversed(cohort)], end="\r\n", mark="\ufeff"))
    assert read_timelines(path) == sorted(cohort, key=lambda timeline: timeline.patient_id)
