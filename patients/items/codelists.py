"""Code lists: what may be answered, with the label shown and the NCI concept where one exists.

Codes are the CDISC value where the protocol's specification gives one, else a slug of the label. NCI codes
were read from SDTM controlled terminology 2025-03-25.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from patients.items.problems import NotAnAnswer, Text


@dataclass(frozen=True, slots=True)
class Code:
    code: str
    label: Text
    nci: str = ""


@dataclass(frozen=True)
class CodeList:
    """An ordered list of codes; `name` is the NCI codelist's short name, or the item's own."""

    is_fixed: ClassVar[bool] = True
    """Whether its codes are those of the declaration, for as long as the application runs."""

    name: str
    codes: tuple[Code, ...]
    nci: str = ""

    @cached_property
    def labels(self) -> dict[str, Text]:
        return {code.code: code.label for code in self.codes}

    def only(self, *codes: str) -> "CodeList":
        """The same list where just these of its codes are offered."""
        return CodeList(self.name, tuple(one for one in self.codes if one.code in codes), self.nci)

    def __contains__(self, code: object) -> bool:
        return code in self.labels

    def read(self, typed: str) -> str:
        """The code itself. Raises NotAnAnswer, naming what may be answered."""
        if typed in self.labels:
            return typed
        raise NotAnAnswer(
            _("%(typed)s is not one of: %(codes)s.") % {"typed": typed, "codes": ", ".join(self.labels)}
        )


_SIGNS = (("<=", "le"), (">=", "ge"), ("<", "lt"), (">", "gt"), ("+", "plus"))


def slug(label: str) -> str:
    """The code of a label that has no CDISC value: `relapse after allo-HSCT` → `relapse_after_allo_hsct`."""
    for sign, word in _SIGNS:
        label = label.replace(sign, word)
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")


def choices(name: str, *labels: Text | Code) -> CodeList:
    """A list from labels (their slugs become the codes), or from codes where the slug is not wanted."""
    return CodeList(
        name, tuple(label if isinstance(label, Code) else Code(_slug_of(label), label) for label in labels)
    )


def _slug_of(label: Text) -> str:
    """The slug of the English label: a code may not depend on the language in which it is declared."""
    marked: Any = label  # a text marked for translation keeps the words that it was made from
    return slug(label if isinstance(label, str) else str(marked._args[0]))


def codes(name: str, *values: str) -> CodeList:
    """A list whose labels are its codes: grades, scores, stages, gene names."""
    return CodeList(name, tuple(Code(value, value) for value in values))


YES, NO = "Y", "N"
UNKNOWN, NOT_APPLICABLE = "C17998", "C48660"  # concepts that many lists share
TERMINOLOGY = {
    "LBTESTCD": "C65047",
    "UNIT": "C71620",
    "ROUTE": "C66729",
    "FREQ": "C71113",
    "SPECTYPE": "C78734",
    "METHOD": "C85492",
    "LOC": "C74456",
    "NRIND": "C78736",
    "EPOCH": "C99079",
    "ONCRSCAT": "C124298",
    "NCOMPLT": "C66727",
    "DSCAT": "C74558",
    "PROTMLST": "C114118",
    "SSTATRS": "C124304",
    "DICTNAM": "C66788",
    "PROCEDUR": "C101858",
    "GFTESTCD": "C181178",
    "CPTESTCD": "C181173",
    "BEDECOD": "C124297",
    "MBTESTCD": "C120527",
}
"""Codelists of the terminology that items draw on, by short name. CRS, ICANS, GVHD, chimerism and CAR copies
have no term in this release: they carry sponsor codes."""

NY = CodeList("NY", (Code(YES, _("Yes"), "C49488"), Code(NO, _("No"), "C49487")), "C66742")
NYNA = CodeList("NYNA", (*NY.codes, Code("NA", _("Not applicable"), NOT_APPLICABLE)))
SEX = CodeList(
    "SEX",
    (
        Code("M", _("Male"), "C20197"),
        Code("F", _("Female"), "C16576"),
        Code("U", _("Unknown"), UNKNOWN),
        Code("INTERSEX", _("Intersex"), "C45908"),
    ),
    "C66731",
)
SEX_AT_SITES = SEX.only("M", "F")
"""What the sites offer."""
RACE = CodeList(
    "RACE",
    (
        Code("ASIAN", _("Asian"), "C41260"),
        Code("WHITE", _("White"), "C41261"),
        Code("BLACK OR AFRICAN AMERICAN", _("Black or African American"), "C16352"),
        Code("OTHER", _("Other"), "C17649"),
        Code("NOT REPORTED", _("Not reported"), "C43234"),
        Code("UNKNOWN", _("Unknown"), UNKNOWN),
    ),
    "C74457",
)
POSNEG = choices("POSNEG", _("positive"), _("negative"), _("equivocal"), _("not done"))
ABO = CodeList(
    "ABO",
    (
        *codes("", "A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-").codes,
        Code("changed_after_transplant", _("changed after transplant")),
    ),
)
CNS = CodeList(
    "CNS",
    (
        Code("CNS1", _("CNS1: no blasts"), "C116833"),
        Code("CNS2", _("CNS2: fewer than 5 leukocytes/µL, with blasts"), "C116834"),
        Code("CNS3", _("CNS3: 5 or more leukocytes/µL with blasts, or clinical signs"), "C116835"),
        Code("not_assessed", _("not assessed")),
    ),
)
RESP = CodeList(
    "ONCRSR",
    (
        Code("CR", _("CR: complete remission"), "C4870"),
        Code("CRh", _("CRh: with partial haematological recovery"), "C209681"),
        Code("CRi", _("CRi: with incomplete haematological recovery"), "C103385"),
        Code("MLFS", _("MLFS: morphological leukaemia-free state"), "C123597"),
        Code("PR", _("PR: partial remission"), "C18058"),
        Code("SD", _("SD: stable disease"), "C18213"),
        Code("NR", _("NR: no response"), "C123600"),
        Code("PD", _("PD: progressive disease"), "C35571"),
        Code("RELAPSE", _("Relapse"), "C38155"),
        Code("NE", _("NE: not evaluable"), "C62222"),
        Code("not_done", _("not done")),
    ),
    "C96785",
)
REL = choices("REL", _("not related"), _("unlikely"), _("possible"), _("probable"), _("definite"))
RELATED = frozenset({"possible", "probable", "definite"})
"""Related = possible or higher."""
OUTCOME = CodeList(
    "OUT",
    (
        Code("RECOVERED/RESOLVED", _("recovered/resolved"), "C49498"),
        Code("RECOVERING/RESOLVING", _("recovering/resolving"), "C49496"),
        Code("NOT RECOVERED/NOT RESOLVED", _("not recovered/not resolved"), "C49494"),
        Code("RECOVERED/RESOLVED WITH SEQUELAE", _("recovered/resolved with sequelae"), "C49495"),
        Code("FATAL", _("fatal"), "C48275"),
        Code("UNKNOWN", _("unknown"), UNKNOWN),
    ),
    "C66768",
)
ACTION = CodeList(
    "ACN",
    (
        Code("DOSE NOT CHANGED", _("dose not changed"), "C49504"),
        Code("DRUG INTERRUPTED", _("drug interrupted"), "C49501"),
        Code("DRUG WITHDRAWN", _("drug withdrawn"), "C49502"),
        Code("DOSE REDUCED", _("dose reduced"), "C49505"),
        Code("NOT APPLICABLE", _("not applicable"), NOT_APPLICABLE),
        Code("UNKNOWN", _("unknown"), UNKNOWN),
    ),
    "C66767",
)
OXYGEN = CodeList(
    "O2",
    (
        Code("none", _("none")),
        Code("nasal_cannula", _("nasal cannula")),
        Code("blow_by", _("blow-by")),
        Code("high_flow", _("high-flow")),
        Code("mask", _("mask")),
        Code("venturi", _("venturi")),
        Code("non_rebreather", _("non-rebreather")),
        Code("positive_pressure", _("positive pressure (CPAP/BiPAP/ventilator)")),
    ),
)
RELSUB = CodeList(
    "RELSUB",
    (
        Code("MOTHER, BIOLOGICAL", _("mother, biological"), "C96580"),
        Code("FATHER, BIOLOGICAL", _("father, biological"), "C96572"),
        Code("SON, BIOLOGICAL", _("son, biological"), "C150888"),
        Code("DAUGHTER, BIOLOGICAL", _("daughter, biological"), "C150887"),
        Code("BROTHER, FULL", _("brother, full"), "C111201"),
        Code("SISTER, FULL", _("sister, full"), "C111202"),
        Code("BROTHER, HALF", _("brother, half"), "C71402"),
        Code("SISTER, HALF", _("sister, half"), "C71403"),
        Code("other_blood_relative", _("other blood relative")),
        Code("unrelated", _("unrelated")),
    ),
    "C100130",
)
# Types of `rlp_type` that count as relapse or progression in PFS whatever the CD7 status; MRD and molecular
# relapse do not.
COUNTING_RELAPSES = ("morphological_relapse", "extramedullary_relapse", "progression_without_remission")
DEATH_CAUSE = choices(
    "PRCDTH",
    _("relapse/progression"),
    _("infection"),
    _("GVHD"),
    _("CRS"),
    _("ICANS"),
    _("IEC-HS"),
    _("organ failure"),
    _("haemorrhage"),
    _("TMA"),
    _("VOD"),
    _("graft failure"),
    _("second malignancy"),
    _("accident"),
    _("other"),
    _("unknown"),
)
DOSE_UNIT = CodeList(
    "UNIT",
    (
        Code("mg", "mg", "C28253"),
        Code("g", "g", "C48155"),
        Code("ug", "µg", "C48152"),
        Code("mg/kg", "mg/kg", "C67401"),
        Code("mg/m2", "mg/m²", "C67402"),
        Code("ug/kg", "µg/kg"),
        Code("g/kg", "g/kg"),
        Code("mL", "mL", "C28254"),
        Code("IU", "IU", "C48579"),
        Code("IU/kg", "IU/kg"),
        Code("TABLET", _("tablet"), "C48542"),
        Code("CAPSULE", _("capsule"), "C48480"),
        Code("PUFF", _("puff"), "C65060"),
        Code("Gy", "Gy"),
    ),
    "C71620",
)
"""In which a dose of a medicine is given; radiation in Gy. A code stands where it was read or is certain."""
FREQUENCY = CodeList(
    "FREQ",
    (
        Code("ONCE", _("once"), "C64576"),
        Code("QD", _("once a day"), "C25473"),
        Code("BID", _("twice a day"), "C64496"),
        Code("TID", _("three times a day"), "C64527"),
        Code("QID", _("four times a day"), "C64530"),
        Code("Q12H", _("every 12 hours")),
        Code("Q8H", _("every 8 hours")),
        Code("Q6H", _("every 6 hours")),
        Code("QOD", _("every other day"), "C64525"),
        Code("QS", _("every week")),
        Code("QM", _("every month"), "C64498"),
        Code("CONTINUOUS", _("continuous")),
        Code("PRN", _("as needed"), "C64499"),
        Code("UNKNOWN", _("unknown"), "C17998"),
    ),
    "C71113",
)
ROUTE = CodeList(
    "ROUTE",
    (
        Code("ORAL", _("oral"), "C38288"),
        Code("NASOGASTRIC", _("by nasogastric tube"), "C38285"),
        Code("INTRAVENOUS", _("intravenous"), "C38276"),
        Code("SUBCUTANEOUS", _("subcutaneous"), "C38299"),
        Code("INTRAMUSCULAR", _("intramuscular"), "C28161"),
        Code("INTRATHECAL", _("intrathecal"), "C38267"),
        Code("SUBLINGUAL", _("sublingual"), "C38300"),
        Code("RESPIRATORY (INHALATION)", _("inhaled"), "C38216"),
        Code("NASAL", _("nasal"), "C38284"),
        Code("OPHTHALMIC", _("into the eye"), "C38287"),
        Code("TOPICAL", _("topical application"), "C38304"),
        Code("TRANSDERMAL", _("transdermal"), "C38305"),
        Code("RECTAL", _("rectal"), "C38295"),
        Code("VAGINAL", _("vaginal"), "C38313"),
        Code("OTHER", _("other")),
        Code("UNKNOWN", _("unknown")),
    ),
    "C66729",
)
