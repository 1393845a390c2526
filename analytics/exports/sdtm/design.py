"""TA, TE, TV, TI and TS: the design of the trial, from its declaration.

Constants are those of the registration (NCT05827835) and of the specification; a parameter of which neither
says anything is left out.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from analytics.exports.sdtm.epochs import ELEMENTS
from analytics.exports.sdtm.targets import english, short_label
from patients.casebook.form import form_model
from patients.items.problems import Text
from trial.protocol.study import STUDY
from trial.protocol.visits import RECURRING, VISITS, Clock, UnknownVisit, VisitType, visit_type

ARM_NAME = "CD7 CAR-T cells, then haploidentical transplantation"
ARM_CODE = STUDY.arms[0].code.upper()
_INSTANCE = re.compile(r"\d+$")
_POSITIONS = {visit.code: number for number, visit in enumerate(VISITS, 1)}
_CLOCKS = {
    Clock.CONSENT: "the main consent",
    Clock.CAR_T: "the infusion of the CAR-T cells (day 0)",
    Clock.HSCT: "the infusion of the graft (day 0)",
    Clock.EVENT: "the event",
}
_CDISC = "CDISC CT"
PARAMETERS: tuple[tuple[str, str, Text, str, str], ...] = (
    ("TITLE", "Trial Title", STUDY.title, "", ""),
    ("REGID", "Registry Identifier", STUDY.registry_id, "ClinicalTrials.gov", STUDY.registry_id),
    ("TPHASE", "Trial Phase Classification", "PHASE I TRIAL", _CDISC, "C15600"),
    ("STYPE", "Study Type", "INTERVENTIONAL", _CDISC, "C98388"),
    ("NARMS", "Planned Number of Arms", str(len(STUDY.arms)), "", ""),
    ("ADDON", "Added on to Existing Treatments", "N", _CDISC, "C49487"),
    ("RANDOM", "Trial is Randomized", "N", _CDISC, "C49487"),
    ("TBLIND", "Trial Blinding Schema", "OPEN LABEL", _CDISC, "C49659"),
    ("INTMODEL", "Intervention Model", "SINGLE GROUP", _CDISC, "C82640"),
    ("INTTYPE", "Intervention Type", "BIOLOGIC", _CDISC, "C307"),
    ("TRT", "Investigational Therapy or Treatment", "CD7 CAR-T CELLS", "", ""),
    ("SEXPOP", "Sex of Participants", "BOTH", _CDISC, "C49636"),
    ("SDTMVER", "SDTM Version", "2.0", "", ""),
    ("SDTIGVER", "SDTM IG Version", "3.4", "", ""),
)  # fmt: skip


def design() -> dict[str, list[dict[str, Any]]]:
    """The records of the trial's design, by dataset."""
    return {
        "TA": [_in_arm(number) for number in range(len(ELEMENTS))],
        "TE": [_element(number) for number in range(len(ELEMENTS))],
        "TV": [_visit(visit) for visit in VISITS if visit.code not in RECURRING],
        "TI": list(_criteria()),
        "TS": [_parameter(*told) for told in PARAMETERS],
    }


def _in_arm(number: int) -> dict[str, Any]:
    element = ELEMENTS[number]
    return {
        "ARMCD": ARM_CODE,
        "ARM": ARM_NAME,
        "TAETORD": element.order,
        "ETCD": element.code,
        "ELEMENT": element.name,
        "TABRANCH": "Without a transplantation: to FU" if element.code == "CART" else None,
        "EPOCH": element.epoch,
    }


def _element(number: int) -> dict[str, Any]:
    element = ELEMENTS[number]
    return {
        "ETCD": element.code,
        "ELEMENT": element.name,
        "TESTRL": element.begins,
        "TEENRL": element.ends,
    }


def _visit(visit: VisitType) -> dict[str, Any]:
    return {
        "VISITNUM": float(_POSITIONS[visit.code]),
        "VISIT": english(visit.label),
        "TVSTRL": _rule(visit),
    }


def _rule(visit: VisitType) -> str:
    """Where a visit begins. Its day is not counted as days of study are: there is no VISITDY."""
    since = _CLOCKS[visit.clock]
    if visit.target_day is None:
        return f"Before {since}"
    window = f"-{visit.before} to +{visit.after} days"
    return f"Day {visit.target_day} from {since}, {window}; {english(visit.condition)}"


def criteria() -> Iterator[tuple[str, str, str]]:
    """Each criterion of eligibility: its item, short name and category."""
    for item in form_model("ELIG").items():
        kind, number = item.name[:3], item.name[3:5]
        if kind in ("inc", "exc") and number.isdigit():
            code, category = ("INCL", "INCLUSION") if kind == "inc" else ("EXCL", "EXCLUSION")
            yield item.name, f"{code}{number}", category


def criterion_name(item: str) -> str:
    """The criterion in words, at most 40 bytes: one text in TI and IE."""
    return short_label(form_model("ELIG").item(item).declared.label)


def _criteria() -> Iterator[dict[str, Any]]:
    for item, code, category in criteria():
        yield {"IETESTCD": code, "IETEST": criterion_name(item), "IECAT": category}


def _parameter(code: str, name: str, told: Text, terminology: str, concept: str) -> dict[str, Any]:
    return {
        "TSSEQ": 1,
        "TSPARMCD": code,
        "TSPARM": name,
        "TSVAL": english(told),
        "TSVCDREF": terminology or None,
        "TSVALCD": concept or None,
    }


def _declared(code: str) -> VisitType | None:
    try:
        return visit_type(code)
    except UnknownVisit:
        return None


# --- visits as they took place ----------------------------------------------------------------------------
@cache
def visit_number(code: str) -> float | None:
    """The number of a visit in the order of the protocol; an instance of one that may happen again follows
    it in hundredths (UNS2 is .02), as does a later day of lymphodepletion."""
    declared = _declared(code)
    if declared is None:
        return None
    if code in _POSITIONS:
        return float(_POSITIONS[code])
    stem = declared.code if declared.code in _POSITIONS else "LD3"
    found = _INSTANCE.search(code)
    return _POSITIONS[stem] + (int(found[0]) if found else 0) / 100


@cache
def visit_name(code: str) -> str | None:
    """What a visit is called; an instance with its number."""
    declared = _declared(code)
    if declared is None:
        return code or None
    found = _INSTANCE.search(code)
    number = f" {found[0]}" if declared.code in RECURRING and found else ""
    return f"{english(declared.label)}{number}"
