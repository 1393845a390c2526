"""Which items a variable is read from, what becomes of them, and which codes it may have."""

from collections import defaultdict
from functools import cache

from analytics.exports.sdtm import laboratory
from analytics.exports.sdtm.adverse_events import CODED
from analytics.exports.sdtm.design import criteria
from analytics.exports.sdtm.domains import DOMAINS, GENERAL, named, supplemental
from analytics.exports.sdtm.mapping import ADVERSE_EVENTS, FINDINGS_OF, OCCURRENCES, Made
from analytics.exports.sdtm.reading import dating_of, qualified_by, qualifiers_of, tests_of, variables_of
from analytics.exports.sdtm.subject_domains import qualifying
from patients.casebook.form import form_model
from patients.items.codelists import ACTION, FREQUENCY, NY, OUTCOME, RACE, ROUTE, SEX, CodeList
from patients.items.item import Item
from patients.items.types import ChoiceItem

Sources = dict[tuple[str, str], tuple[str, ...]]
_ANCHORS = "LD.ld_date INF.inf_start_dt"
_ENDS = "DTH.dth_dt EOS.eos_dt"
_DISPOSITION = (
    "ELIG.icf_main_signed ELIG.icf_hsct_signed ELIG.icf_genetic_signed ELIG.icf_ltfu_signed ELIG.eligible "
    "ELIG.enrol_dt ELIG.screen_fail_reason INF.inf_start_dt HSCT.hsct_done HSCT.hsct_start_dt "
    "HSCT.hsct_not_reason EOS.eos_reason EOS.eos_ltfu"
)
_OF_SUBJECTS = {
    "DM": {
        "RFSTDTC": _ANCHORS, "RFXSTDTC": _ANCHORS, "RFXENDTC": f"INF.inf_end_dt {_ANCHORS}",
        "RFENDTC": _ENDS, "RFPENDTC": _ENDS, "RFICDTC": "ELIG.icf_main_dt", "DTHDTC": "DTH.dth_dt",
        "DTHFL": "DTH.dth_dt", "AGE": "DM.birth_date ELIG.enrol_dt", "SEX": "DM.sex", "RACE": "DM.race",
        "COUNTRY": "DM.country", "ARMCD": "ELIG.enrol_dt", "ARM": "ELIG.enrol_dt", "ACTARMCD": _ANCHORS,
        "ACTARM": _ANCHORS, "ARMNRS": "ELIG.enrol_dt ELIG.screen_fail_reason",
    },
    "SE": {
        "SESTDTC": f"ELIG.icf_main_dt {_ANCHORS} HSCT.hsct_start_dt",
        "SEENDTC": f"{_ANCHORS} HSCT.hsct_start_dt {_ENDS}",
    },
    "DS": {
        "DSTERM": _DISPOSITION, "DSDECOD": _DISPOSITION,
        "DSSTDTC": "ELIG.icf_main_dt ELIG.icf_hsct_dt ELIG.enrol_dt INF.inf_start_dt HSCT.hsct_start_dt "
        "EOS.eos_dt",
    },
    "RELREC": {"IDVARVAL": "CM.cm_ae_link DLT.dlt_ae"},
}  # fmt: skip
_DERIVED = {
    "--SEQ": "number of the record among those of the subject, by date",
    "--SPID": "form, visit and row of the casebook that the record was read from",
    "--DY": "days from RFSTDTC, which is day 1; there is no day 0",
    "--STDY": "days from RFSTDTC, which is day 1; there is no day 0",
    "--ENDY": "days from RFSTDTC, which is day 1; there is no day 0",
    "EPOCH": "that of the element in which the day lies; empty before the consent and for a partial date",
    "VISITNUM": "place of the visit in the protocol; an instance of one that happens again in hundredths",
    "--STRESN": "the result as a number, in standard units",
}
_OF_DM = {
    "RFSTDTC": "first dose of lymphodepletion, else the infusion of the CAR-T cells",
    "RFXSTDTC": "first dose of lymphodepletion, else the infusion of the CAR-T cells",
    "RFXENDTC": "end of the infusion of the CAR-T cells, else the last dose of lymphodepletion",
    "RFENDTC": "death or the end of the study",
    "RFPENDTC": "death or the end of the study",
    "AGE": "whole years (days from birth to enrolment / 365.25)",
    "DTHFL": "Y where there is a date of death",
    "ACTARMCD": "the planned arm, where treatment began",
}
_CODES: dict[str, CodeList] = {
    "SEX": SEX, "RACE": RACE, "DTHFL": NY, "AEOUT": OUTCOME, "AEACN": ACTION, "AESER": NY, "AESDTH": NY,
    "AESLIFE": NY, "AESHOSP": NY, "AESDISAB": NY, "AESCONG": NY, "AESMIE": NY, "LBLOBXFL": NY,
    "CMROUTE": ROUTE, "EXROUTE": ROUTE, "CMDOSFRQ": FREQUENCY,
}  # fmt: skip


def source_of(domain: str, variable: str) -> tuple[tuple[str, ...], str]:
    """The items (`FORM.item`) that a variable is read from, and what becomes of them (empty: nothing)."""
    found = _sources().get((domain, variable), ())
    if domain == "DM" and variable in _OF_DM:
        return found, _OF_DM[variable]
    generic = next((told for name, told in _DERIVED.items() if named(domain, name) == variable), "")
    return found, generic if DOMAINS[domain].of in GENERAL or domain in ("SE", "SV") else ""


def codes_of(domain: str, variable: str) -> CodeList | None:
    """The list of a variable: that of the standard, or of the one item that it is read from as it stands."""
    if variable in _CODES:
        return _CODES[variable]
    told = [
        (one.form, variables_of(one).get(variable) or one.fixed.get(variable))
        for one in (*OCCURRENCES, ADVERSE_EVENTS)
        if one.domain == domain
    ]
    items = [_item(form, read) for form, read in told if read is not None]
    if len(items) != 1 or not isinstance(items[0], ChoiceItem) or not items[0].codes.is_fixed:
        return None
    return items[0].codes


def _item(form: str, read: str | Made) -> Item | None:
    """The item that is read as it stands; None for what is made or said of every record."""
    own = {item.name: item for item in form_model(form).items()}
    return own.get(read) if isinstance(read, str) else None


def items_of(dataset: str) -> list[Item]:
    """The items whose values stand in a dataset."""
    names = {name for (of, _variable), names in _sources().items() if of == dataset for name in names}
    parted = (name.partition(".") for name in sorted(names))
    return [form_model(form).item(item) for form, _dot, item in parted]


@cache
def _sources() -> Sources:
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for reader in (_of_subjects, _of_occurrences, _of_findings, _of_qualifiers):
        for key, name in reader():
            if name not in found[key]:
                found[key].append(name)
    return {key: tuple(names) for key, names in found.items()}


Pairs = list[tuple[tuple[str, str], str]]


def _of_subjects() -> Pairs:
    said = [
        ((domain, variable), name)
        for domain, variables in _OF_SUBJECTS.items()
        for variable, names in variables.items()
        for name in names.split()
    ]
    of_laboratory = [
        (("LB", variable), f"LAB.{name}")
        for variable, names in laboratory.SOURCES.items()
        for name in names.split()
    ]
    not_met = [(("IE", variable), f"ELIG.{item}") for item, _code, _category in criteria()
               for variable in ("IETESTCD", "IEORRES", "IESTRESC")]  # fmt: skip
    coded = [(("AE", variable), "AE.ae_term") for variable in CODED]
    return said + of_laboratory + not_met + coded


def _of_occurrences() -> Pairs:
    return [
        ((occurrence.domain, variable), f"{occurrence.form}.{name}")
        for occurrence in (*OCCURRENCES, ADVERSE_EVENTS)
        for variable, read in variables_of(occurrence).items()
        for name in (read.items if isinstance(read, Made) else (read,))
    ]


def _of_findings() -> Pairs:
    pairs: Pairs = []
    for findings in FINDINGS_OF:
        for test in tests_of(findings):
            dating = dating_of(findings, test.domain)
            names = {named(test.domain, f"--{one}"): test.item.name for one in ("ORRES", "STRESC", "STRESN")}
            names |= {f"{test.domain}DTC": dating} if dating else {}
            pairs += [
                ((test.domain, variable), f"{findings.form}.{name}") for variable, name in names.items()
            ]
        for variable, item in findings.read.items():
            pairs.append(((variable[:2], variable), f"{findings.form}.{item}"))
    return pairs


def _of_qualifiers() -> Pairs:
    pairs: Pairs = []
    for occurrence in (*OCCURRENCES, ADVERSE_EVENTS):
        for item in qualifiers_of(occurrence):
            pairs.append(((supplemental(occurrence.domain), "QVAL"), f"{occurrence.form}.{item.name}"))
    for findings in FINDINGS_OF:
        for domain, item in qualified_by(findings):
            pairs.append(((supplemental(domain), "QVAL"), f"{findings.form}.{item.name}"))
    for dataset, form, name in qualifying():
        pairs.append(((dataset, "QVAL"), f"{form}.{name}"))
    return [*pairs, (("SUPPLB", "QVAL"), "LAB.lab_cs")]
