"""The domains and their variables, in the order and with the labels of SDTMIG 3.4.

A variable of a general class is written without the code of its domain: `--TESTCD` is LBTESTCD in LB.
"""

from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from analytics.exports.tables import TYPES, Kind


class Class(StrEnum):
    """The classes of domains, in the words of Define-XML."""

    SPECIAL = "SPECIAL PURPOSE"
    INTERVENTIONS = "INTERVENTIONS"
    EVENTS = "EVENTS"
    FINDINGS = "FINDINGS"
    ABOUT = "FINDINGS ABOUT"
    DESIGN = "TRIAL DESIGN"
    RELATIONSHIP = "RELATIONSHIP"


GENERAL = frozenset({Class.INTERVENTIONS, Class.EVENTS, Class.FINDINGS, Class.ABOUT})
"""Classes whose records are numbered, dated and placed in an epoch."""
FINDINGS = frozenset({Class.FINDINGS, Class.ABOUT})
MOST_BYTES = 200
"""A text of a transport file has no more; what is longer goes on as a qualifier."""


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain: what it holds, its class, what a record is, and its variables."""

    code: str
    label: str
    of: Class
    structure: str
    variables: tuple[str, ...]
    keys: tuple[str, ...]


_HEAD = "STUDYID DOMAIN USUBJID --SEQ --SPID"
_RESULT = "--ORRES --ORRESU --STRESC --STRESN --STRESU"
_STATUS = "--STAT --REASND"
_VISIT = "VISITNUM VISIT EPOCH --DTC --DY"
_SPAN = "EPOCH --STDTC --ENDTC --STDY --ENDY"
_KEYS = ("STUDYID", "USUBJID")


def named(domain: str, variable: str) -> str:
    """`--SEQ` of AE is AESEQ."""
    return variable.replace("--", domain)


def _general(code: str, label: str, of: Class, structure: str, variables: str) -> Domain:
    names = tuple(named(code, one) for one in variables.split())
    return Domain(code, label, of, structure, names, (*_KEYS, f"{code}SEQ"))


def _findings(code: str, label: str, own: str = "", after: str = "", of: Class = Class.FINDINGS) -> Domain:
    variables = f"{_HEAD} --TESTCD --TEST {own} {_RESULT} {_STATUS} {after} {_VISIT}"
    return _general(code, label, of, "One record per finding per subject", variables)


def _told(code: str, label: str, of: Class, structure: str, variables: str, keys: str) -> Domain:
    return Domain(code, label, of, structure, tuple(variables.split()), tuple(keys.split()))


_RELREC = "STUDYID RDOMAIN USUBJID IDVAR IDVARVAL"
_SUPP = f"{_RELREC} QNAM QLABEL QVAL QORIG"
_BASE: tuple[Domain, ...] = (
    _told("TA", "Trial Arms", Class.DESIGN, "One record per planned element per arm",
          "STUDYID DOMAIN ARMCD ARM TAETORD ETCD ELEMENT TABRANCH EPOCH", "STUDYID ARMCD TAETORD"),
    _told("TE", "Trial Elements", Class.DESIGN, "One record per planned element",
          "STUDYID DOMAIN ETCD ELEMENT TESTRL TEENRL", "STUDYID ETCD"),
    _told("TV", "Trial Visits", Class.DESIGN, "One record per planned visit",
          "STUDYID DOMAIN VISITNUM VISIT TVSTRL", "STUDYID VISITNUM"),
    _told("TI", "Trial Inclusion/Exclusion Criteria", Class.DESIGN, "One record per criterion",
          "STUDYID DOMAIN IETESTCD IETEST IECAT", "STUDYID IETESTCD"),
    _told("TS", "Trial Summary", Class.DESIGN, "One record per parameter value",
          "STUDYID DOMAIN TSSEQ TSPARMCD TSPARM TSVAL TSVCDREF TSVALCD", "STUDYID TSPARMCD TSSEQ"),
    _told("DM", "Demographics", Class.SPECIAL, "One record per subject",
          "STUDYID DOMAIN USUBJID SUBJID RFSTDTC RFENDTC RFXSTDTC RFXENDTC RFICDTC RFPENDTC DTHDTC DTHFL "
          "SITEID AGE AGEU SEX RACE ETHNIC ARMCD ARM ACTARMCD ACTARM ARMNRS COUNTRY", "STUDYID USUBJID"),
    _told("SE", "Subject Elements", Class.SPECIAL, "One record per element per subject",
          "STUDYID DOMAIN USUBJID SESEQ ETCD ELEMENT TAETORD EPOCH SESTDTC SEENDTC SESTDY SEENDY",
          "STUDYID USUBJID SESEQ"),
    _told("SV", "Subject Visits", Class.SPECIAL, "One record per visit per subject",
          "STUDYID DOMAIN USUBJID VISITNUM VISIT SVSTDTC SVENDTC SVSTDY SVENDY EPOCH",
          "STUDYID USUBJID VISITNUM"),
    _general("CM", "Concomitant/Prior Medications", Class.INTERVENTIONS,
             "One record per intervention per subject",
             f"{_HEAD} --TRT --DECOD --CAT --SCAT --INDC --CLAS --DOSE --DOSU --DOSFRQ --ROUTE "
             f"{_SPAN} --ENRF"),
    _general("EX", "Exposure", Class.INTERVENTIONS, "One record per administration per subject",
             f"{_HEAD} --TRT --CAT --DOSE --DOSU --ROUTE --LOT --ADJ {_SPAN}"),
    _general("PR", "Procedures", Class.INTERVENTIONS, "One record per procedure per subject",
             f"{_HEAD} --TRT --DECOD --CAT EPOCH --STDTC --STDY"),
    _general("AE", "Adverse Events", Class.EVENTS, "One record per adverse event per subject",
             f"{_HEAD} --TERM --LLT --LLTCD --DECOD --PTCD --SCAT --BODSYS --BDSYCD --SOC --SOCCD --SER "
             "--ACN --ACNOTH --REL --OUT --SCONG --SDISAB --SDTH --SHOSP --SLIFE --SMIE --TOXGR "
             f"{_SPAN}"),
    _general("DS", "Disposition", Class.EVENTS, "One record per disposition status or milestone per subject",
             f"{_HEAD} --TERM --DECOD --CAT EPOCH --STDTC --STDY"),
    _general("DV", "Protocol Deviations", Class.EVENTS, "One record per deviation per subject",
             f"{_HEAD} --TERM --CAT --SCAT EPOCH --STDTC --STDY"),
    _general("MH", "Medical History", Class.EVENTS, "One record per medical history event per subject",
             f"{_HEAD} --TERM --DECOD --CAT --STDTC --STDY"),
    _findings("CP", "Cell Phenotype Findings", "--CAT", "--SPEC --METHOD"),
    _findings("CV", "Cardiovascular System Findings"),
    _findings("DD", "Death Details"),
    _findings("FA", "Findings About Events or Interventions", "--OBJ --CAT", "--EVAL", Class.ABOUT),
    _findings("GF", "Genomics Findings", "--CAT", "--SPEC --METHOD"),
    _findings("IE", "Inclusion/Exclusion Criteria Not Met", "--CAT"),
    _general("LB", "Laboratory Test Results", Class.FINDINGS, "One record per test per sample per subject",
             f"{_HEAD} --TESTCD --TEST --CAT --ORRES --ORRESU --ORNRLO --ORNRHI --STRESC --STRESN --STRESU "
             f"--STNRLO --STNRHI --NRIND {_STATUS} --NAM --LOBXFL --TOXGR {_VISIT}"),
    _findings("MB", "Microbiology Specimen", "", "--LOC"),
    _findings("MI", "Microscopic Findings"),
    _findings("QS", "Questionnaires", "--CAT"),
    _findings("RE", "Respiratory System Findings"),
    _findings("RP", "Reproductive System Findings"),
    _findings("RS", "Disease Response and Clin Classification", "--CAT", "--METHOD --EVAL"),
    _findings("SS", "Subject Status"),
    _findings("TU", "Tumor/Lesion Identification", "", "--LOC"),
    _findings("VS", "Vital Signs"),
    _told("RELREC", "Related Records", Class.RELATIONSHIP, "One record per related record",
          f"{_RELREC} RELTYPE RELID", "STUDYID RDOMAIN USUBJID IDVAR IDVARVAL RELID"),
)  # fmt: skip
QUALIFIED = ("DM", *(one.code for one in _BASE if one.of in GENERAL))
"""Domains that have supplemental qualifiers."""


def supplemental(domain: str) -> str:
    """The dataset of qualifiers of a domain."""
    return f"SUPP{domain}"


def _supplemental(domain: str) -> Domain:
    return _told(
        supplemental(domain),
        f"Supplemental Qualifiers for {domain}",
        Class.RELATIONSHIP,
        "One record per qualifier of a record",
        _SUPP,
        "STUDYID RDOMAIN USUBJID IDVAR IDVARVAL QNAM",
    )


DOMAINS: dict[str, Domain] = {one.code: one for one in (*_BASE, *map(_supplemental, QUALIFIED))}


# --- what a variable is -----------------------------------------------------------------------------------
LABELS = {
    "STUDYID": "Study Identifier", "DOMAIN": "Domain Abbreviation", "RDOMAIN": "Related Domain Abbreviation",
    "USUBJID": "Unique Subject Identifier", "SUBJID": "Subject Identifier for the Study",
    "SITEID": "Study Site Identifier", "AGE": "Age", "AGEU": "Age Units", "SEX": "Sex", "RACE": "Race",
    "ETHNIC": "Ethnicity", "COUNTRY": "Country", "ARMCD": "Planned Arm Code",
    "ARM": "Description of Planned Arm", "ACTARMCD": "Actual Arm Code", "ACTARM": "Description of Actual Arm",
    "ARMNRS": "Reason Arm and/or Actual Arm is Null", "DTHDTC": "Date/Time of Death",
    "DTHFL": "Subject Death Flag", "RFSTDTC": "Subject Reference Start Date/Time",
    "RFENDTC": "Subject Reference End Date/Time", "RFXSTDTC": "Date/Time of First Study Treatment",
    "RFXENDTC": "Date/Time of Last Study Treatment", "RFICDTC": "Date/Time of Informed Consent",
    "RFPENDTC": "Date/Time of End of Participation", "TAETORD": "Planned Order of Element within Arm",
    "ETCD": "Element Code", "ELEMENT": "Description of Element", "TABRANCH": "Branch", "EPOCH": "Epoch",
    "TESTRL": "Rule for Start of Element", "TEENRL": "Rule for End of Element", "VISITNUM": "Visit Number",
    "VISIT": "Visit Name", "TVSTRL": "Visit Start Rule",
    "IETESTCD": "Incl/Excl Criterion Short Name", "IETEST": "Inclusion/Exclusion Criterion",
    "IECAT": "Inclusion/Exclusion Category", "TSPARMCD": "Trial Summary Parameter Short Name",
    "TSPARM": "Trial Summary Parameter", "TSVAL": "Parameter Value",
    "TSVCDREF": "Name of Reference Terminology",
    "TSVALCD": "Parameter Value Code", "IDVAR": "Identifying Variable",
    "IDVARVAL": "Identifying Variable Value", "QNAM": "Qualifier Variable Name",
    "QLABEL": "Qualifier Variable Label", "QVAL": "Data Value", "QORIG": "Origin",
    "RELTYPE": "Relationship Type", "RELID": "Relationship Identifier",
    "SVSTDTC": "Start Date/Time of Observation", "SVENDTC": "End Date/Time of Observation",
    "SVSTDY": "Study Day of Start of Observation", "SVENDY": "Study Day of End of Observation",
    "SESTDTC": "Start Date/Time of Element", "SEENDTC": "End Date/Time of Element",
    "SESTDY": "Study Day of Start of Element", "SEENDY": "Study Day of End of Element",
    "AETERM": "Reported Term for the Adverse Event", "DSTERM": "Reported Term for the Disposition Event",
    "DVTERM": "Protocol Deviation Term", "MHTERM": "Reported Term for the Medical History",
    "CMTRT": "Reported Name of Drug, Med, or Therapy", "EXTRT": "Name of Treatment",
    "PRTRT": "Reported Name of Procedure", "LBNAM": "Laboratory Name", "AEREL": "Causality",
}  # fmt: skip
_SUFFIXES = {
    "SEQ": "Sequence Number", "SPID": "Sponsor-Defined Identifier", "TESTCD": "Short Name of Test",
    "TEST": "Name of Test", "CAT": "Category", "SCAT": "Subcategory", "OBJ": "Object of the Observation",
    "ORRES": "Result or Finding in Original Units", "ORRESU": "Original Units",
    "STRESC": "Result or Finding in Standard Format", "STRESN": "Numeric Result/Finding in Standard Units",
    "STRESU": "Standard Units", "STAT": "Completion Status", "REASND": "Reason Not Done",
    "SPEC": "Specimen Type", "METHOD": "Method of Test or Examination", "EVAL": "Evaluator",
    "LOC": "Location of the Finding", "DTC": "Date/Time of Collection", "DY": "Study Day of Collection",
    "STDTC": "Start Date/Time", "ENDTC": "End Date/Time", "STDY": "Study Day of Start",
    "ENDY": "Study Day of End", "ENRF": "End Relative to Reference Period", "DECOD": "Standardized Term",
    "INDC": "Indication", "CLAS": "Class", "DOSE": "Dose", "DOSU": "Dose Units",
    "DOSFRQ": "Dosing Frequency per Interval", "ROUTE": "Route of Administration", "LOT": "Lot Number",
    "ADJ": "Reason for Dose Adjustment", "ORNRLO": "Reference Range Lower Limit in Orig Unit",
    "ORNRHI": "Reference Range Upper Limit in Orig Unit", "STNRLO": "Reference Range Lower Limit-Std Units",
    "STNRHI": "Reference Range Upper Limit-Std Units", "NRIND": "Reference Range Indicator",
    "LOBXFL": "Last Observation Before Exposure Flag", "TOXGR": "Standard Toxicity Grade",
    "LLT": "Lowest Level Term", "LLTCD": "Lowest Level Term Code", "PTCD": "Preferred Term Code",
    "BODSYS": "Body System or Organ Class", "BDSYCD": "Body System or Organ Class Code",
    "SOC": "Primary System Organ Class", "SOCCD": "Primary System Organ Class Code",
    "SER": "Serious Event", "ACN": "Action Taken with Study Treatment", "ACNOTH": "Other Action Taken",
    "OUT": "Outcome of Adverse Event", "SCONG": "Congenital Anomaly or Birth Defect",
    "SDISAB": "Persist or Signif Disability/Incapacity", "SDTH": "Results in Death",
    "SHOSP": "Requires or Prolongs Hospitalization", "SLIFE": "Is Life Threatening",
    "SMIE": "Other Medically Important Serious Event",
}  # fmt: skip
_NUMBERS = ("SEQ", "DY", "TAETORD", "AGE", "LLTCD", "PTCD", "BDSYCD", "SOCCD")
_DECIMALS = ("STRESN", "STNRLO", "STNRHI", "DOSE", "VISITNUM")
_LENGTHS = {
    "STUDYID": 20, "DOMAIN": 2, "RDOMAIN": 2, "USUBJID": 40, "SUBJID": 12, "SITEID": 8, "AGEU": 6,
    "DTHFL": 1, "ARMCD": 20, "ACTARMCD": 20, "ETCD": 8, "EPOCH": 40, "VISIT": 80, "TESTCD": 8, "TEST": 40,
    "QNAM": 8, "QLABEL": 40, "QORIG": 12, "IDVAR": 8, "TSPARMCD": 8, "TSPARM": 40, "STAT": 8, "RELID": 20,
    "LOBXFL": 1, "TOXGR": 2, "ENRF": 10,
}  # fmt: skip
MAY_BE_A_DATE = ("ORRES", "STRESC", "QVAL")
"""Texts that hold a date where the item is one: they are moved with the dates of the subject."""


def suffix_of(variable: str, domain: str) -> str:
    """What a variable is called without the code of its domain: SEQ of AESEQ."""
    return variable if variable in LABELS else variable.removeprefix(domain)


def label_of(variable: str, domain: str) -> str:
    return LABELS.get(variable) or _SUFFIXES[suffix_of(variable, domain)]


def kind_of(variable: str) -> Kind:
    """Its type, by how its name ends."""
    if variable.endswith("DTC"):
        return Kind.PARTIAL_DATE
    if variable.endswith(_NUMBERS):
        return Kind.INTEGER
    return Kind.DECIMAL if variable.endswith(_DECIMALS) else Kind.TEXT


def length_of(variable: str, domain: str) -> int:
    """The most characters of a text, 25 for a date with its time and zone."""
    kind = kind_of(variable)
    if kind is not Kind.TEXT:
        return len("2025-08-05T14:30:00+08:00") if kind is Kind.PARTIAL_DATE else 0
    suffix = suffix_of(variable, domain)
    found = _LENGTHS.get(suffix) or _LENGTHS.get(suffix.removeprefix("IE"))
    return MOST_BYTES if variable == "IETEST" and domain == "TI" else found or MOST_BYTES


GENETIC = "_genetic"
"""A column beside the variables while a dataset is kept: whether the record is genetic data."""


def schema_of(domain: Domain) -> dict[str, pl.DataType | type[pl.DataType]]:
    """The types in which a dataset is kept."""
    return {one: TYPES[kind_of(one)] for one in domain.variables} | {GENETIC: pl.Boolean}
