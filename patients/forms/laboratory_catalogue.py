"""The laboratory catalogue: tests, sets, units with their factors to SI, and what is possible or unusual.

Codes are LBTESTCD of SDTM controlled terminology with the NCI concept; tests without one carry a sponsor
code. `hard` is what is impossible, `soft` what is asked about, both in SI units; factors turn other units
into SI. How many IU a copy of a virus is depends on the laboratory: its table holds that factor.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from patients.items.codelists import Code, CodeList
from patients.items.problems import Text

Range = tuple[Decimal | None, Decimal | None]


@dataclass(frozen=True, slots=True)
class LabTest:
    """One test. `sets`: A haematology, B chemistry and coagulation, C inflammation, D viruses, E immune."""

    code: str
    name: Text
    nci: str
    set: str
    si_unit: str
    hard: Range
    soft: Range
    factors: dict[str, Decimal | None] = field(default_factory=dict)
    ctcae: bool = False

    def units(self) -> tuple[str, ...]:
        return (self.si_unit, *self.factors)

    def to_si(self, value: Decimal, unit: str, laboratory_factor: Decimal | None = None) -> Decimal | None:
        """The value in SI; None for a unit that the test does not have, or that needs a factor of the
        laboratory and has none."""
        if unit == self.si_unit:
            return value
        factor = self.factors.get(unit)
        if factor is None and unit in self.factors:
            factor = laboratory_factor
        return None if factor is None else value * factor


def _range(text: str) -> Range:
    """`0-150`, `-10000` (at most), `4-` (at least) or nothing."""
    low, _dash, high = text.partition("-")
    return (Decimal(low) if low else None), (Decimal(high) if high else None)


def _test(
    code: str,
    name: Text,
    nci: str,
    set: str,
    unit: str,
    hard: str,
    soft: str = "-",
    ctcae: bool = False,
    **factors: str,
) -> LabTest:
    units = {_UNITS[key]: Decimal(factor) if factor else None for key, factor in factors.items()}
    return LabTest(code, name, nci, set, unit, _range(hard), _range(soft), units, ctcae)


_UNITS = {
    "per_ul": "/uL",
    "g_dl": "g/dL",
    "mg_dl": "mg/dL",
    "ukat": "ukat/L",
    "ng_ml": "ng/mL",
    "pg_ml": "pg/mL",
    "ug_l": "ug/L",
    "copies": "copies/mL",
}
_G = "10^9/L"
_BY_LABORATORY = ""

TESTS: tuple[LabTest, ...] = (
    _test("NEUT", _("Neutrophils"), "C63321", "A", _G, "0-150", "-30", True, per_ul="0.001"),
    _test("WBC", _("Leukocytes"), "C51948", "A", _G, "0-800", "-100", True, per_ul="0.001"),
    _test("LYM", _("Lymphocytes"), "C51949", "A", _G, "0-500", "-10", True, per_ul="0.001"),
    _test("MONO", _("Monocytes"), "C64823", "A", _G, "0-200", "-3"),
    _test("BLASTLE", _("Blasts of leukocytes"), "C64487", "A", "%", "0-100"),
    _test("HGB", _("Haemoglobin"), "C64848", "A", "g/L", "20-250", "60-180", True, g_dl="10"),
    _test("PLAT", _("Platelets"), "C51951", "A", _G, "0-3000", "-800", True),
    _test("RETI", _("Reticulocytes"), "C51947", "A", _G, "0-1000"),
    _test("ALT", "ALT", "C64433", "B", "U/L", "0-30000", "-1000", True, ukat="60"),
    _test("AST", "AST", "C64467", "B", "U/L", "0-30000", "-1000", True, ukat="60"),
    _test("ALP", _("Alkaline phosphatase"), "C64432", "B", "U/L", "0-10000", "-1000", True),
    _test("GGT", _("Gamma-glutamyl transferase"), "C64847", "B", "U/L", "0-10000", "-1000", True),
    _test("BILI", _("Bilirubin, total"), "C38037", "B", "umol/L", "0-1500", "-340", True, mg_dl="17.1"),
    _test("BILDIR", _("Bilirubin, direct"), "C64481", "B", "umol/L", "0-1500", "-340", mg_dl="17.1"),
    _test("CREAT", _("Creatinine"), "C64547", "B", "umol/L", "5-3000", "-500", True, mg_dl="88.4"),
    _test("UREA", _("Urea"), "C64815", "B", "mmol/L", "0.1-100", "-40", mg_dl="0.357"),
    _test("LDH", _("Lactate dehydrogenase"), "C64855", "B", "U/L", "10-50000", "-5000", True),
    _test("URATE", _("Urate"), "C64814", "B", "umol/L", "5-3000", "-900", mg_dl="59.48"),
    _test("ALB", _("Albumin"), "C64431", "B", "g/L", "5-80", "20-", True, g_dl="10"),
    _test("SODIUM", _("Sodium"), "C64809", "B", "mmol/L", "90-200", "125-155", True),
    _test("K", _("Potassium"), "C64853", "B", "mmol/L", "1-12", "2.8-6", True),
    _test("CA", _("Calcium"), "C64488", "B", "mmol/L", "0.2-6", "-", True, mg_dl="0.2495"),
    _test("PHOS", _("Phosphate"), "C64857", "B", "mmol/L", "0.2-6", "-", mg_dl="0.3229"),
    _test("MG", _("Magnesium"), "C64840", "B", "mmol/L", "0.2-6", "-", True, mg_dl="0.4114"),
    _test("GLUC", _("Glucose"), "C105585", "B", "mmol/L", "0.5-80", "-20", mg_dl="0.0555"),
    _test("TRIG", _("Triglycerides"), "C64812", "C", "mmol/L", "0.1-60", "-5", True, mg_dl="0.01129"),
    _test("FIBRINO", _("Fibrinogen"), "C64606", "B", "g/L", "0.05-15", "1.0-", True, mg_dl="0.01"),
    _test("INR", "INR", "C64805", "B", "ratio", "0.5-20", "-2", True),
    _test("APTT", "aPTT", "C38462", "B", "s", "10-400", "-80", True),
    _test("DDIMER", _("D-dimer"), "C82621", "B", "mg/L FEU", "0-200", "-20", ug_l="0.001"),
    _test("CRP", _("C-reactive protein"), "C64548", "C", "mg/L", "0-1000", "-300", mg_dl="10"),
    _test("FERRITIN", _("Ferritin"), "C74737", "C", "ug/L", "0-1000000", "-10000", ng_ml="1"),
    _test("INTLK6", _("Interleukin 6"), "C74834", "C", "ng/L", "0-1000000", "-5000", pg_ml="1"),
    _test("IFNG", _("Interferon gamma"), "C81996", "C", "ng/L", "0-1000000", pg_ml="1"),
    _test("INTLK10", _("Interleukin 10"), "C74806", "C", "ng/L", "0-1000000", pg_ml="1"),
    _test("IL2RA", _("Interleukin 2 receptor"), "C142282", "C", "ng/L", "0-1000000", pg_ml="1"),
    _test("PCT", _("Procalcitonin"), "", "C", "ug/L", "0-1000", "-10", ng_ml="1"),
    _test("HAPTOG", _("Haptoglobin"), "C74740", "B", "g/L", "0-20"),
    _test("SCHISTO", _("Schistocytes"), "C74706", "B", "%", "0-50"),
    _test("C5B9S", _("Soluble C5b-9"), "C170579", "B", "ug/L", "0-10000"),
    _test("IGG", _("Immunoglobulin G"), "C81971", "E", "g/L", "0-60", "4-"),
    _test("CMVDNA", _("CMV DNA"), "C161394", "D", "IU/mL", "0-1000000000000", copies=_BY_LABORATORY),
    _test("EBVDNA", _("EBV DNA"), "", "D", "IU/mL", "0-1000000000000", copies=_BY_LABORATORY),
    _test("HHV6DNA", _("HHV-6 DNA"), "C187855", "D", "IU/mL", "0-1000000000000", copies=_BY_LABORATORY),
    _test("ADVDNA", _("Adenovirus DNA"), "", "D", "IU/mL", "0-1000000000000", copies=_BY_LABORATORY),
    _test("BKVDNA", _("BK virus DNA"), "", "D", "IU/mL", "0-1000000000000", copies=_BY_LABORATORY),
    _test("HBVDNA", _("HBV DNA"), "", "D", "IU/mL", "0-1000000000000", copies=_BY_LABORATORY),
    _test("HCG", _("hCG"), "C64851", "SCR", "IU/L", "0-1000000", "-5"),
)  # fmt: skip

BY_CODE: dict[str, LabTest] = {test.code: test for test in TESTS}
TEST_CODES = CodeList("LBTESTCD", tuple(Code(test.code, test.name, test.nci) for test in TESTS), "C65047")
UNIT_CODES = CodeList(
    "UNIT",
    tuple(Code(unit, unit) for unit in dict.fromkeys(unit for test in TESTS for unit in test.units())),
    "C71620",
)
