"""The endpoints beyond the worked cases: what decides on one day, at the cut-off, at the graft, at the end.

Days of the records are those after the infusion; the rows of a table say `days,status` from the origin.
"""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.datasets.build import build_datasets
from analytics.datasets.ends.ending import CENSORED, COMPETING, EVENT, Parameter
from analytics.datasets.parameters import PARAMETERS
from analytics.datasets.story import Story, tell
from analytics.datasets.time_to_event import ADTTE, ImpossibleDates, TimeToEvent, endpoints_of
from analytics.endpoints.sets import Set
from patients.builder.timeline import Timeline
from patients.casebook.answers import Record
from tests.analytics.casebooks import (
    DIARRHOEA,
    ENROLLED,
    NEVER,
    RASH,
    T0,
    acute,
    assessed,
    built,
    chronic,
    cohort,
    contact,
    counted,
    cut,
    cut_at,
    day,
    died,
    enrolled,
    grafted,
    infused,
    relapsed,
    row,
)
from tests.patients.builder.strategies import cohorts

pytestmark = pytest.mark.usefixtures("new_registry")


def story(*records: Record, cutoff: date = NEVER) -> Story:
    return tell(cut([*infused(), *records], cutoff), cutoff)


def rows(*records: Record, cutoff: date = NEVER) -> dict[str, TimeToEvent]:
    return {row.paramcd: row for row in endpoints_of(story(*records, cutoff=cutoff))}


def low_until(on: int, *, then: str = "0.1") -> list[Record]:
    """Neutrophils at the graft of day 16 and from a day on: low, or three that are not."""
    return neut({16: "0.1", **dict.fromkeys(range(on, on + 3), then)})


def ended(row: TimeToEvent | None) -> str:
    return "-" if row is None else f"{row.days},{row.status}"


def therapy(on: int, kind: str = "dli", why: str | None = "prophylactic_pre_emptive") -> Record:
    return row("SUBTX", day(on), f"S{on}", key=str(on), stx_type=kind, stx_ind=why, stx_start=day(on))


def infection(on: int, grade: str = "3", **more: object) -> Record:
    return row("INFX", day(on), "UNSINFX", key=str(on), inf_onset=day(on), inf_ctcae=grade, **more)


def cmv(on: int, *, first: int | None = None, above: bool = True) -> Record:
    positive = {} if first is None else {"vir_first_dt": day(first)}
    return infection(on, "2", inf_org="cytomegalovirus", vir_thr=above, **positive)


def neut(course: dict[int, str]) -> list[Record]:
    return counted("NEUT", course)


def plat(course: dict[int, str]) -> list[Record]:
    return counted("PLAT", course)


def not_grafted(on: int) -> Record:
    return row("HSCT", day(on), "H0", hsct_done=False, hsct_not_reason="no_cr_cri")


RISING = {16: "0.1", 26: "0.3", 27: "0.6", 28: "0.7", 29: "0.9"}
PLATELETS = {16: "5", 30: "25", 31: "30", 32: "30"}
SECOND_GRAFT = therapy(30, "second_hsct", "graft_failure")
CASES: dict[str, list[tuple[str, list[Record], date, str]]] = {
    "OSENR": [
        ("from enrolment on", [contact(50)], NEVER, "70,0"),
        ("death", [died(50)], NEVER, "70,1"),
    ],
    "OSHSCT": [
        ("death on the day of the graft", [grafted(16), died(16)], NEVER, "0,1"),
        ("grafted after the cut-off", [grafted(16), died(50)], day(15), "-"),
        ("death after the cut-off", [grafted(16), died(50)], day(40), "24,0"),
    ],
    "PFSS": [
        ("as PFS without therapy", [contact(50, free_on=40)], NEVER, "40,0"),
        ("cut short at therapy for another reason", [therapy(30), relapsed(60)], NEVER, "30,0"),
        ("not at therapy of relapse", [therapy(61, why="relapse"), relapsed(60)], NEVER, "60,1"),
        ("not at therapy without a reason", [therapy(30, why=None), relapsed(60)], NEVER, "60,1"),
        ("an event of its day counts", [therapy(60), relapsed(60)], NEVER, "60,1"),
        ("never beyond the last assessment", [therapy(45), contact(50, free_on=40)], NEVER, "40,0"),
    ],
    "PFSMRD": [
        ("MRD relapse", [relapsed(40, "mrd_relapse"), relapsed(60)], NEVER, "40,1"),
        ("molecular relapse", [relapsed(40, "molecular_relapse"), contact(70)], NEVER, "40,1"),
        ("after the cut-off", [assessed(30, 2), relapsed(40, "mrd_relapse")], day(39), "30,0"),
    ],
    "DOR": [
        ("from the first remission", [assessed(14, 2), relapsed(60)], NEVER, "46,1"),
        ("still in remission", [assessed(14, 2), assessed(28, 2), contact(90)], NEVER, "14,0"),
        ("the remission alone", [assessed(14, 2), contact(90)], NEVER, "0,0"),
        ("no responder", [assessed(14, 60), contact(90)], NEVER, "-"),
        ("a remission after death is none", [assessed(14, 2), died(12)], NEVER, "-"),
    ],
    "EFS": [
        ("no response by day 31", [assessed(14, 60), assessed(28, 60), contact(90)], NEVER, "28,1"),
        ("a response on day 31", [assessed(14, 60), assessed(31, 2), contact(90)], NEVER, "31,0"),
        ("a response after it", [assessed(28, 60), assessed(32, 2), contact(90)], NEVER, "28,1"),
        ("not assessed is no failure", [contact(90)], NEVER, "0,0"),
        ("day 31 is after the cut-off", [assessed(28, 60), contact(90)], day(30), "28,0"),
        ("day 31 is the cut-off", [assessed(28, 60), contact(90)], day(31), "28,1"),
        ("not followed to day 31", [assessed(28, 60), contact(30)], NEVER, "28,0"),
        ("death before day 31", [assessed(14, 60), died(20)], NEVER, "20,1"),
        ("death after it proves day 31", [assessed(28, 60), died(60)], NEVER, "28,1"),
        ("progression before day 31", [assessed(14, 60), relapsed(20)], NEVER, "20,1"),
        ("relapse of a responder", [assessed(14, 2), relapsed(60)], NEVER, "60,1"),
    ],
    "CIRH": [
        ("relapse", [grafted(16), relapsed(60)], NEVER, "44,1"),
        ("on the day of death", [grafted(16), relapsed(60), died(60)], NEVER, "44,1"),
        ("death without relapse", [grafted(16), died(60)], NEVER, "44,2"),
        ("relapsed when grafted", [relapsed(10), grafted(16), died(60)], NEVER, "0,1"),
        ("no assessment after the graft", [assessed(14, 2), grafted(16), contact(60)], NEVER, "0,0"),
    ],
    "CD7NREL": [
        ("negative", [relapsed(60)], NEVER, "60,1"),
        ("positive", [relapsed(60, cd7="positive"), relapsed(90)], NEVER, "60,2"),
        ("not tested", [relapsed(60, cd7="not_tested")], NEVER, "60,2"),
        ("death", [died(60)], NEVER, "60,2"),
        ("negative on the day of death", [relapsed(60), died(60)], NEVER, "60,1"),
    ],
    "NRMH": [
        ("death without relapse", [grafted(16), died(60)], NEVER, "44,1"),
        ("relapse on the day of death", [grafted(16), relapsed(60), died(60)], NEVER, "44,2"),
        ("relapsed when grafted", [relapsed(10), grafted(16), died(60)], NEVER, "0,2"),
        ("alive", [grafted(16), contact(60)], NEVER, "44,0"),
    ],
    "NEUTENG": [
        ("first of three tests", [grafted(16), *neut(RISING)], NEVER, "11,1"),
        ("the third is after the cut-off", [grafted(16), *neut(RISING)], day(28), "12,0"),
        ("never fell", [grafted(16), *neut({16: "2", 17: "2", 18: "2"})], NEVER, "0,1"),
        ("on the day of death", [grafted(16), *neut(RISING), died(27)], NEVER, "11,1"),
        ("death before", [grafted(16), *neut(RISING), died(26)], NEVER, "10,2"),
        ("relapse before", [grafted(16), *neut(RISING), relapsed(20)], NEVER, "4,2"),
        ("relapse before the graft", [relapsed(10), grafted(16), *neut(RISING)], NEVER, "11,1"),
        ("second graft before", [grafted(16), *low_until(40), SECOND_GRAFT], NEVER, "14,2"),
        ("last count", [grafted(16), *neut({16: "0.1", 46: "0.1"})], NEVER, "30,0"),
        ("no count", [grafted(16), contact(60)], NEVER, "0,0"),
        ("counts to day 42", [grafted(16), *neut({16: "0.1", 58: "0.1"})], NEVER, "42,0"),
        ("counts beyond day 42", [grafted(16), *neut({16: "0.1", 59: "0.1"})], NEVER, "42,0"),
        ("engrafted on day 42", [grafted(16), *low_until(58, then="1")], NEVER, "42,1"),
        ("engrafted on day 43", [grafted(16), *low_until(59, then="1")], NEVER, "42,0"),
        ("death after day 42", [grafted(16), *neut({16: "0.1", 40: "0.1"}), died(90)], NEVER, "24,0"),
        ("no graft", neut(RISING), NEVER, "-"),
    ],
    "PLTENG": [
        ("first of three tests", [grafted(16), *plat(PLATELETS)], NEVER, "14,1"),
        (
            "transfused in the week before",
            [
                grafted(16),
                *plat(PLATELETS),
                row("TRF", day(23), key="1", trf_type="platelets", trf_dt=day(23)),
            ],
            NEVER,
            "16,0",
        ),
        ("counts to day 180", [grafted(16), *plat({16: "5", 196: "5"})], NEVER, "180,0"),
        ("counts beyond day 180", [grafted(16), *plat({16: "5", 300: "5"})], NEVER, "180,0"),
    ],
    "AGV14": [
        ("second graft", [grafted(16), SECOND_GRAFT, acute(40, RASH, 40), contact(90)], NEVER, "14,2"),
        ("on the day of the second graft", [grafted(16), SECOND_GRAFT, acute(30, RASH, 30)], NEVER, "14,1"),
        ("onset after the cut-off", [grafted(16), acute(40, RASH, 40), contact(90)], day(39), "23,0"),
    ],
    "AGV14R": [
        (
            "a relapse before the graft does not hide the next",
            [relapsed(10), grafted(16), relapsed(60), contact(90)],
            NEVER,
            "44,2",
        ),
    ],
    "AGPRE": [
        ("before the graft", [acute(12, RASH, 11), grafted(16)], NEVER, "11,1"),
        ("of an episode seen after it", [acute(12, {}), grafted(16), acute(18, RASH, 15)], NEVER, "15,1"),
        ("on its day is after it", [grafted(16), acute(16, RASH, 16)], NEVER, "16,2"),
        ("never grafted", [acute(60, DIARRHOEA, 58), contact(90)], NEVER, "58,1"),
        ("on the day of infusion", [acute(0, RASH, 0), contact(90)], NEVER, "0,1"),
        ("on the day of death", [acute(20, RASH, 20), died(20)], NEVER, "20,1"),
        ("relapse before", [acute(20, RASH, 20), relapsed(19)], NEVER, "19,2"),
        ("last visit", [acute(14, {}), acute(21, {}), contact(90)], NEVER, "21,0"),
        ("never looked for", [contact(90)], NEVER, "0,0"),
    ],
    "CGV": [
        ("first day with it", [grafted(16), chronic(106), chronic(196, 1), chronic(286, 2)], NEVER, "180,1"),
        ("last visit", [grafted(16), chronic(106), contact(300)], NEVER, "90,0"),
        ("never looked for", [grafted(16), contact(300)], NEVER, "0,0"),
        ("on the day of relapse", [grafted(16), chronic(106, 1), relapsed(106)], NEVER, "90,1"),
        ("on the day of death", [grafted(16), chronic(106, 1), died(106)], NEVER, "90,1"),
        ("death before", [grafted(16), chronic(90), died(105)], NEVER, "89,2"),
        ("relapse before the graft", [relapsed(10), grafted(16), chronic(106, 1)], NEVER, "90,1"),
        ("second graft", [grafted(16), SECOND_GRAFT, chronic(106, 1)], NEVER, "14,2"),
        ("after the cut-off", [grafted(16), chronic(90), chronic(106, 1)], day(105), "74,0"),
    ],
    "CGVMS": [
        ("mild stays at risk", [grafted(16), chronic(106, 1), chronic(196, 2)], NEVER, "180,1"),
        ("mild alone", [grafted(16), chronic(106, 1), contact(300)], NEVER, "90,0"),
    ],
    "GRFS": [
        ("grade II is none", [grafted(16), acute(40, {"ag_ugi": "persistent"}, 40), died(90)], NEVER, "74,1"),
        ("untreated chronic GVHD is none", [grafted(16), chronic(106, 2), died(190)], NEVER, "174,1"),
        ("oldest check: disease", [grafted(16), acute(60, {}), contact(90, free_on=50)], NEVER, "34,0"),
        ("oldest check: GVHD", [grafted(16), acute(30, {}), contact(90, free_on=80)], NEVER, "14,0"),
        ("chronic GVHD is looked for", [grafted(16), chronic(85), contact(90, free_on=80)], NEVER, "64,0"),
        ("no check of GVHD", [grafted(16), contact(90, free_on=80)], NEVER, "0,0"),
        ("relapsed when grafted", [relapsed(10), grafted(16), contact(90)], NEVER, "0,1"),
        (
            "systemic treatment after the cut-off",
            [grafted(16), assessed(88, 2), chronic(90, 2, treated_from=95), contact(100)],
            day(92),
            "72,0",
        ),
    ],
    "T2HSCT": [
        ("the graft", [grafted(16), died(90)], NEVER, "16,1"),
        ("on the day of progression", [grafted(16), relapsed(16)], NEVER, "16,1"),
        ("progression before", [relapsed(10), grafted(16)], NEVER, "10,2"),
        ("death", [died(13)], NEVER, "13,2"),
        ("said not to be done", [not_grafted(40), contact(90)], NEVER, "40,2"),
        ("said so after the cut-off", [not_grafted(40), contact(90)], day(39), "39,0"),
        ("not final", [not_grafted(14), replace(grafted(16), visit="UNSHSCT")], NEVER, "16,1"),
        ("waiting", [contact(90)], NEVER, "90,0"),
    ],
    "CMVR": [
        ("first positive", [cmv(32, first=30), contact(90)], NEVER, "30,1"),
        ("onset, where that is not known", [cmv(32), contact(90)], NEVER, "32,1"),
        ("below the threshold", [cmv(32, above=False), contact(90)], NEVER, "90,0"),
        ("from before the infusion", [cmv(2, first=-3), contact(90)], NEVER, "90,0"),
        ("another virus", [infection(30, "2", inf_org="bk_virus", vir_thr=True), contact(40)], NEVER, "40,0"),
        ("death before", [cmv(32), died(31)], NEVER, "31,2"),
        ("on the day of relapse", [cmv(32), relapsed(32)], NEVER, "32,1"),
    ],
    "ANYINF": [
        ("grade 3", [infection(10, "2"), infection(20, "3"), contact(90)], NEVER, "20,1"),
        ("on the day of infusion", [infection(0, "4")], NEVER, "0,1"),
        ("before the infusion", [infection(-5, "3"), contact(90)], NEVER, "90,0"),
        ("grade 2 alone", [infection(60, "2"), contact(50)], NEVER, "60,0"),
        ("fatal, death after the cut-off", [infection(20, "5"), died(30)], day(25), "20,0"),
        ("fatal", [infection(20, "5"), died(30)], NEVER, "20,1"),
        ("death of another cause", [died(30)], NEVER, "30,2"),
        ("no review", [], NEVER, "0,0"),
    ],
    "ICAHTR": [
        ("three days", neut({0: "2", 3: "0.2", 9: "0.5", 10: "0.6", 11: "0.7"}), NEVER, "9,1"),
        ("fallen to 0.5", neut({3: "0.5", 9: "0.6", 10: "0.6", 11: "0.7"}), NEVER, "9,1"),
        ("not within 4 days", neut({3: "0.2", 9: "0.6", 12: "0.6", 14: "0.6"}), NEVER, "14,0"),
        ("interrupted", neut({3: "0.2", 9: "0.6", 10: "0.3", 11: "0.6"}), NEVER, "11,0"),
        ("never fell", neut({0: "2", 9: "0.6", 10: "0.6"}), NEVER, "-"),
        ("low before the infusion", neut({-1: "0.2", 1: "0.6", 2: "0.6", 3: "1"}), NEVER, "-"),
        ("the graft before", [grafted(8), *neut({3: "0.2", 9: "0.5", 10: "0.6", 11: "0.7"})], NEVER, "8,2"),
        ("death before", [*neut({3: "0.2", 7: "0.2"}), died(8)], NEVER, "8,2"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("parameter", "records", "cutoff", "expected"),
    [
        pytest.param(parameter, records, cutoff, expected, id=f"{parameter}: {name}")
        for parameter, cases in CASES.items()
        for name, records, cutoff, expected in cases
    ],
)
def test_an_end(parameter: str, records: list[Record], cutoff: date, expected: str) -> None:
    assert ended(rows(*records, cutoff=cutoff).get(parameter)) == expected


def test_every_endpoint_of_the_specification_has_a_case() -> None:
    worked = {"OS", "PFS", "CIR", "NRM", "FUREV", "AGV24", "AGV34"}  # below, and in test_worked_cases
    assert {one.code for one in PARAMETERS} == worked | CASES.keys()


def test_each_endpoint_is_a_row_with_its_dates_words_and_item() -> None:
    data = cohort([*infused(), grafted(16), assessed(60, 2), relapsed(90), died(120)])
    columns = ("PARAMCD", "STARTDT", "ADT", "AVAL", "AVALU", "STATUS", "CNSR", "EVNTDESC", "CNSDTDSC", "item")
    assert [row for row in data.adtte.select(columns).rows() if row[0] in ("OS", "CIRH", "FUREV", "CGV")] == [
        ("OS", T0, day(120), 120, "DAYS", 1, 0, "DEATH", "", "dth_dt"),
        ("CIRH", day(16), day(90), 74, "DAYS", 1, 0, "RELAPSE/PROGRESSION", "", "rlp_dt"),
        ("CGV", day(16), day(90), 74, "DAYS", 2, 2, "RELAPSE/PROGRESSION", "", "rlp_dt"),
        ("FUREV", T0, day(120), 120, "DAYS", 0, 1, "", "DEATH", "dth_dt"),
    ]
    assert data.adtte["PARAMCD"].to_list() == [one.code for one in PARAMETERS if one.code != "ICAHTR"]


# As section 4.4 has them: origin, events, competing events, censoring.
ACUTE_DECLARED = "H0 | ACUTE GVHD | DEATH WITHOUT ACUTE GVHD, SECOND TRANSPLANTATION | LAST KNOWN ALIVE"
CHRONIC_DECLARED = (
    "H0 | CHRONIC GVHD | DEATH, RELAPSE/PROGRESSION, SECOND TRANSPLANTATION | LAST GVHD ASSESSMENT"
)
DECLARED = {
    "OS": "T0 | DEATH | | LAST KNOWN ALIVE",
    "OSENR": "ENROLMENT | DEATH | | LAST KNOWN ALIVE",
    "OSHSCT": "H0 | DEATH | | LAST KNOWN ALIVE",
    "PFS": "T0 | DEATH, RELAPSE/PROGRESSION | | LAST DISEASE ASSESSMENT",
    "PFSS": "T0 | DEATH, RELAPSE/PROGRESSION | | LAST DISEASE ASSESSMENT, SUBSEQUENT THERAPY",
    "PFSMRD": "T0 | DEATH, MRD RELAPSE, RELAPSE/PROGRESSION | | LAST DISEASE ASSESSMENT",
    "DOR": "REMISSION | DEATH, RELAPSE/PROGRESSION | | LAST DISEASE ASSESSMENT",
    "EFS": "T0 | DEATH, RELAPSE/PROGRESSION, TREATMENT FAILURE | | LAST DISEASE ASSESSMENT",
    "CIR": "T0 | RELAPSE/PROGRESSION | DEATH WITHOUT RELAPSE | LAST DISEASE ASSESSMENT",
    "CIRH": "H0 | RELAPSE/PROGRESSION | DEATH WITHOUT RELAPSE | LAST DISEASE ASSESSMENT",
    "CD7NREL": "T0 | CD7-NEGATIVE RELAPSE | DEATH WITHOUT RELAPSE, OTHER RELAPSE | LAST DISEASE ASSESSMENT",
    "NRM": "T0 | NON-RELAPSE DEATH | RELAPSE/PROGRESSION | LAST KNOWN ALIVE",
    "NRMH": "H0 | NON-RELAPSE DEATH | RELAPSE/PROGRESSION | LAST KNOWN ALIVE",
    "NEUTENG": "H0 | NEUTROPHIL ENGRAFTMENT | DEATH, RELAPSE/PROGRESSION, SECOND TRANSPLANTATION "
    "| LAST BLOOD COUNT, DAY 42",
    "PLTENG": "H0 | PLATELET ENGRAFTMENT | DEATH, RELAPSE/PROGRESSION, SECOND TRANSPLANTATION "
    "| LAST BLOOD COUNT, DAY 180",
    **dict.fromkeys(("AGV14", "AGV24", "AGV34"), ACUTE_DECLARED),
    "AGV14R": "H0 | ACUTE GVHD | DEATH WITHOUT ACUTE GVHD, RELAPSE/PROGRESSION, SECOND TRANSPLANTATION "
    "| LAST KNOWN ALIVE",
    "AGPRE": "T0 | ACUTE GVHD BEFORE TRANSPLANTATION | DEATH, RELAPSE/PROGRESSION, TRANSPLANTATION "
    "| LAST GVHD ASSESSMENT",
    **dict.fromkeys(("CGV", "CGVMS"), CHRONIC_DECLARED),
    "GRFS": "H0 | ACUTE GVHD III-IV, CHRONIC GVHD ON SYSTEMIC TREATMENT, DEATH, RELAPSE/PROGRESSION | "
    "| OLDEST OF GVHD, DISEASE AND CONTACT",
    "T2HSCT": "T0 | TRANSPLANTATION | DEATH, NO TRANSPLANTATION, RELAPSE/PROGRESSION | LAST KNOWN ALIVE",
    "CMVR": "T0 | CMV ABOVE THRESHOLD | DEATH, RELAPSE/PROGRESSION | LAST INFECTION REVIEW",
    "ANYINF": "T0 | INFECTION GRADE 3 OR MORE | DEATH, RELAPSE/PROGRESSION | LAST INFECTION REVIEW",
    "ICAHTR": "T0 | NEUTROPHIL RECOVERY | DEATH, RELAPSE/PROGRESSION, TRANSPLANTATION | LAST BLOOD COUNT",
    "FUREV": "T0 | REVERSE EVENT | | DEATH",
}


def test_the_table_of_endpoints_is_that_of_the_specification() -> None:
    assert {one.code: declared(one) for one in PARAMETERS} == DECLARED


def declared(one: Parameter) -> str:
    events, competing, censored = (list(one.words(status)) for status in (EVENT, COMPETING, CENSORED))
    (events if one.code == "FUREV" else censored).append(one.otherwise.why)
    last_day = [] if one.last_day is None else [f"DAY {one.last_day}"]
    parts = (", ".join(sorted(events)), ", ".join(sorted(competing)), ", ".join(sorted(censored) + last_day))
    return " | ".join((one.origin.name, *parts)).replace("  ", " ")


def test_words_of_every_end_fit_their_column() -> None:
    longest = max(len(outcome.why) for one in PARAMETERS for outcome in one.outcomes)
    assert longest <= (ADTTE.variable("EVNTDESC").length or 0)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([acute(30, RASH, 28), acute(40, DIARRHOEA, 28), contact(90)], "12,1 24,1 24,1 12,1"),
        ([acute(30, RASH, 28), contact(90)], "12,1 74,0 74,0 12,1"),
        ([acute(14, DIARRHOEA, 12), acute(30, RASH, 12), contact(90)], "74,0 74,0 74,0 74,0"),
        ([acute(14, {}), acute(16, RASH, 16), contact(90)], "0,1 74,0 74,0 0,1"),
        ([acute(30, DIARRHOEA, 30), died(30)], "14,1 14,1 14,1 14,1"),
        ([relapsed(25), acute(30, DIARRHOEA, 30), died(40)], "14,1 14,1 14,1 9,2"),
        ([relapsed(30), acute(30, DIARRHOEA, 30), died(40)], "14,1 14,1 14,1 14,1"),
        ([relapsed(10), acute(30, RASH, 30), died(40)], "14,1 24,2 24,2 14,1"),
        ([acute(30, {}), died(40)], "24,2 24,2 24,2 24,2"),
    ],
    ids=[
        "a grade that is reached later is dated by its day",
        "who has a lower grade stays at risk",
        "an episode from before the graft counts in none",
        "onset on the day of the graft",
        "on the day of death",
        "after relapse",
        "on the day of relapse",
        "relapse before the graft competes with nothing after it",
        "death without it",
    ],
)
def test_acute_gvhd_after_the_graft(records: list[Record], expected: str) -> None:
    found = rows(grafted(16), *records)
    assert " ".join(ended(found[code]) for code in ("AGV14", "AGV24", "AGV34", "AGV14R")) == expected


@pytest.mark.parametrize(
    ("records", "cutoff", "words"),
    [
        ([contact(50, free_on=40)], NEVER, "LAST KNOWN ALIVE / LAST DISEASE ASSESSMENT"),
        ([contact(50)], NEVER, "LAST KNOWN ALIVE / NO POST-BASELINE"),
        ([contact(50, free_on=50)], day(30), "DATA CUT-OFF / DATA CUT-OFF"),
        ([assessed(20, 2), contact(50)], day(30), "DATA CUT-OFF / LAST DISEASE ASSESSMENT"),
    ],
)
def test_why_somebody_is_censored(records: list[Record], cutoff: date, words: str) -> None:
    found = rows(*records, cutoff=cutoff)
    assert f"{found['OS'].censoring} / {found['PFS'].censoring}" == words


def test_an_event_on_the_day_of_infusion_keeps_day_0() -> None:
    assert {row.days for row in rows(died(0)).values() if row.start == T0} == {0}


@pytest.mark.parametrize("wrong", [died(-1), relapsed(-1)], ids=lambda record: record.form)
def test_an_event_before_the_infusion_is_refused_by_name(wrong: Record) -> None:
    with pytest.raises(ImpossibleDates, match=r"HZ01-001: .+ on 2024-02-29, before its origin on 2024-03-01"):
        endpoints_of(story(wrong))


def test_a_death_before_enrolment_is_refused_as_well() -> None:
    wrong = cut([*enrolled(), replace(died(0), values=died(0).values | {"dth_dt": ENROLLED.replace(day=1)})])
    with pytest.raises(ImpossibleDates):
        endpoints_of(tell(wrong, NEVER))


# --- what holds of any cohort -----------------------------------------------------------------------------
SAME_END = (("CIR", "PFS"), ("OSHSCT", "OS"), ("OSENR", "OS"), ("DOR", "PFS"))
NO_LATER = (
    ("PFSS", "PFS"),
    ("PFSMRD", "PFS"),
    ("NRM", "OS"),
    ("GRFS", "OS"),
    ("CGV", "OS"),
    ("T2HSCT", "OS"),
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(cohorts(max_size=3), st.integers(0, 1200))
def test_endpoints_agree_with_each_other_and_with_the_sets(subjects: list[Timeline], days: int) -> None:
    cutoff = date.fromordinal(date(2021, 11, 1).toordinal() + days)
    data = build_datasets(cutoff, cut_at(built(subjects), cutoff))
    of_set = {
        one.code: set(data.adsl.filter(pl.col(Set[str(one.origin.set)].value))["SUBJID"])
        for one in PARAMETERS
        if str(one.origin.set) in Set.__members__
    }
    for code, members in of_set.items():
        assert data.adtte.filter(PARAMCD=code)["SUBJID"].to_list() == sorted(members), code
    assert data.adtte.select(((pl.col("AVAL") >= 0) & (pl.col("ADT") <= cutoff)).all()).item() in (True, None)
    for subject in data.adsl["SUBJID"]:
        ends = {one["PARAMCD"]: one["ADT"] for one in data.adtte.filter(SUBJID=subject).to_dicts()}
        both = [(one, other) for one, other in (*SAME_END, *NO_LATER) if {one, other} <= ends.keys()]
        for one, other in both:
            assert ends[one] == ends[other] if (one, other) in SAME_END else ends[one] <= ends[other], one
