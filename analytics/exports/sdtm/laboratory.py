"""LB: the results of the laboratory as reported, and in standard (SI) units."""

from collections.abc import Iterator
from typing import Any

from analytics.datasets.laboratory import Result, as_entered, results_of
from analytics.datasets.story import Story
from analytics.exports.sdtm.names import laboratory_category, laboratory_name
from analytics.exports.sdtm.observations import Observation, Qualifier, iso
from patients.forms.laboratory_catalogue import BY_CODE

FORM, DOMAIN = "LAB", "LB"
SOURCES = {
    "LBTESTCD": "lab_test", "LBTEST": "lab_test", "LBCAT": "lab_test", "LBORRES": "lab_value lab_cmp",
    "LBORRESU": "lab_unit", "LBORNRLO": "lab_lln", "LBORNRHI": "lab_uln", "LBSTRESC": "lab_si",
    "LBSTRESN": "lab_si", "LBSTRESU": "lab_test", "LBSTNRLO": "lab_lln lab_unit lab_name",
    "LBSTNRHI": "lab_uln lab_unit lab_name", "LBNRIND": "lab_ind", "LBSTAT": "lab_status",
    "LBREASND": "lab_status", "LBNAM": "lab_name", "LBLOBXFL": "lab_bl_fl", "LBTOXGR": "lab_grade",
    "LBDTC": "lab_dt",
}  # fmt: skip


def results(story: Story) -> Iterator[Observation]:
    """One record for each result; what has none says why."""
    for result in results_of(story):
        yield Observation(DOMAIN, _values(result), result.record.place, tuple(_judged(result)))


def _values(result: Result) -> dict[str, Any]:
    said = result.record.values
    test, done = BY_CODE.get(said["lab_test"]), said["lab_si"] is not None or said["lab_value"] is not None
    number = None if said["lab_si"] is None else float(said["lab_si"])
    return {
        "LBTESTCD": said["lab_test"],
        "LBTEST": laboratory_name(said["lab_test"]),
        "LBCAT": laboratory_category(said["lab_test"]),
        "LBORRES": as_entered(result),
        "LBORRESU": said["lab_unit"] if done else None,
        "LBORNRLO": _text(said["lab_lln"]),
        "LBORNRHI": _text(said["lab_uln"]),
        "LBSTRESC": None if number is None else _standard(said),
        "LBSTRESN": number if said["lab_cmp"] in (None, "=") else None,
        "LBSTRESU": test.si_unit if test and number is not None else None,
        "LBSTNRLO": _number(result.low),
        "LBSTNRHI": _number(result.high),
        "LBNRIND": said["lab_ind"],
        "LBSTAT": None if done else "NOT DONE",
        "LBREASND": None if done else said["lab_status"],
        "LBNAM": said["lab_name"],
        "LBLOBXFL": "Y" if said["lab_bl_fl"] else None,
        "LBTOXGR": _text(said["lab_grade"]),
        "LBDTC": iso(said["lab_dt"]) or iso(result.record.form_date),
    }


def _standard(said: dict[str, Any]) -> str:
    sign = "" if said["lab_cmp"] in (None, "=") else said["lab_cmp"]
    return f"{sign}{said['lab_si'].normalize():f}"


def _text(value: Any) -> str | None:
    return None if value is None else f"{value:f}" if hasattr(value, "as_tuple") else str(value)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _judged(result: Result) -> Iterator[Qualifier]:
    if said := result.record.values["lab_cs"]:
        yield Qualifier("LBCLSIG", "Clinically Significant", said)
