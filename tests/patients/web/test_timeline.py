"""What the timeline tells of the rows of a casebook: which bar or mark, in which words."""

from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from patients.casebook.answers import HeldCasebook, Record
from patients.casebook.form import form_model
from patients.web.timeline_presenter import FORMS, Timeline, timeline_of
from trial.protocol.study import SITE_ZONE

TODAY = date(2025, 8, 5)


def subject(**others: Any) -> SimpleNamespace:
    t0 = datetime(2025, 6, 7, 10, 20, tzinfo=SITE_ZONE)
    h0 = datetime(2025, 6, 23, 15, 40, tzinfo=SITE_ZONE)
    return SimpleNamespace(**({"code": "HZ01-001", "t0": t0, "h0": h0, "died": None} | others))


def row(form: str, key: str = "", visit: str = "C0", **values: Any) -> Record:
    empty = dict.fromkeys(item.name for item in form_model(form).items())
    return Record(form, visit, key, None, empty | values)


def drawn(*rows: Record, counts: tuple[tuple[date, int], ...] = (), **others: Any) -> Timeline:
    found = timeline_of(subject(**others), HeldCasebook("HZ01-001", rows), counts, (), TODAY)
    assert found is not None
    return found


def labels(timeline: Timeline) -> list[tuple[str, str]]:
    """Shape and label of what stands in the lane of the course."""
    return [(each.shown.shape, each.shown.label) for each in timeline.lanes[1].drawn]


def june(number: int) -> date:
    return date(2025, 6, number)


def crs(day: int, grade: int, episode: int = 1) -> Record:
    return row("CRS", visit=f"C{day - 7}", crs_date=june(day), crs_grade=grade, crs_episode=episode)


def acute(day: int, grade: int, **others: Any) -> Record:
    return row("AGVHD", visit=f"H{day}", ag_dt=june(day), ag_grade=grade, ag_onset_dt=june(25), **others)


CASES: list[tuple[list[Record], list[tuple[str, str]], str]] = [
    (
        [crs(10, 1), crs(11, 2), crs(12, 0)],
        [("bar", "CRS G2")],
        "10 Jun 2025 to 11 Jun 2025: CRS, maximum grade 2",
    ),
    ([crs(10, 0)], [], ""),
    (
        [crs(10, 1), crs(20, 3, episode=2)],
        [("bar", "CRS G1"), ("bar", "CRS G3")],
        "20 Jun 2025: CRS, maximum grade 3, CAR-T D+13, HSCT D−3",
    ),
    (
        [row("ICANS", ice_dt=datetime(2025, 6, 12, 8, tzinfo=SITE_ZONE), icans_grade=1)],
        [("bar", "ICANS G1")],
        "12 Jun 2025: ICANS, maximum grade 1",
    ),
    (
        [row("RESP", resp_dt=june(20), resp_protocol="CRi", mrd_status="negative")],
        [("dot", "CRi")],
        "20 Jun 2025: MRD-negative CRi",
    ),
    ([row("RESP", resp_dt=june(1), resp_protocol="CR")], [], ""),
    ([row("RESP", resp_dt=june(20), resp_protocol="PR")], [], ""),
    (
        [acute(27, 1), acute(30, 2)],
        [("bar", "aGVHD II")],
        "25 Jun 2025 to 30 Jun 2025: acute GVHD, maximum grade II",
    ),
    (
        [acute(27, 3, ag_resolved_dt=date(2025, 7, 4))],
        [("bar", "aGVHD III")],
        "25 Jun 2025 to 4 Jul 2025: acute GVHD, maximum grade III",
    ),
    (
        [row("CGVHD", cg_dt=date(2025, 8, 1), cg_present=True, cg_global="mild")],
        [("bar", "cGVHD mild")],
        "1 Aug 2025: chronic GVHD, mild",
    ),
    (
        [row("RLP", rlp_dt=june(30), rlp_type="morphological_relapse")],
        [("triangle", "morphological relapse")],
        "30 Jun 2025: morphological relapse",
    ),
    (
        [
            row("FU", fu_dt=date(2025, 8, 1), fu_status="ALIVE"),
            row("FU", fu_dt=date(2025, 8, 4), fu_status="UNKNOWN"),
        ],
        [("dot", "last contact")],
        "1 Aug 2025: last contact, alive",
    ),
]


@pytest.mark.parametrize(("rows", "shown", "words"), CASES)
def test_what_is_recorded_is_drawn_and_said(
    rows: list[Record], shown: list[tuple[str, str]], words: str
) -> None:
    timeline = drawn(*rows)
    assert labels(timeline) == shown
    assert not words or any(line.startswith(words) for line in timeline.words), timeline.words


def test_days_of_low_counts_make_a_bar_from_the_infusion_on() -> None:
    counts = ((june(1), 4), (june(8), 3), (june(12), 4), (june(30), 3))
    assert labels(drawn(counts=counts)) == [("bar", "Cytopenia G4"), ("bar", "Cytopenia G3")]


def test_death_ends_the_picture_and_takes_the_place_of_the_last_contact() -> None:
    died = date(2025, 7, 1)
    told = row("FU", fu_dt=june(30), fu_status="ALIVE")
    timeline = drawn(told, row("DTH", dth_dt=died, dth_primary="infection"), died=died)
    assert labels(timeline) == [("cross", "died")]
    assert "died of infection" in timeline.words[-1]
    assert timeline.today_x is None


def test_lymphodepletion_and_both_days_zero_stand_in_the_lane_of_treatment() -> None:
    rows = [
        row("LD", key, "LD1", ld_date=june(day), ld_drug=drug)
        for key, day, drug in (("1", 2, "fludarabine"), ("2", 4, "etoposide"))
    ]
    timeline = drawn(*rows)
    shapes = [(each.shown.shape, each.shown.label) for each in timeline.lanes[0].drawn]
    assert shapes == [("bar", "Lymphodepletion"), ("diamond", "T0 CAR-T"), ("disc", "H0 graft")]
    assert timeline.words[0].startswith("2 Jun 2025 to 4 Jun 2025: lymphodepletion (fludarabine, etoposide)")
    assert timeline.words[0].endswith("CAR-T D−5 to D−3, HSCT D−21 to D−19")


def test_without_a_graft_there_is_one_clock() -> None:
    timeline = drawn(h0=None)
    assert timeline.hsct is None
    assert all("HSCT" not in words for words in timeline.words)


def test_before_the_infusion_there_is_none() -> None:
    assert timeline_of(subject(t0=None), HeldCasebook("HZ01-001", ()), (), (), TODAY) is None


def test_every_form_that_is_drawn_is_declared() -> None:
    assert all(form_model(form) for form in FORMS)
