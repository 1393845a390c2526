"""What the tests of findings are called: the terminology's name where it has one, else the label of the item
that was first called so. One short name has one name in a domain."""

from functools import cache

from analytics.exports.sdtm.targets import english, short_label
from patients.forms.laboratory_catalogue import BY_CODE
from patients.items.problems import Text

NAMES = {
    "ABO": "ABO Blood Group", "AUTOPIND": "Autopsy Indicator", "BESTRESP": "Best Overall Response",
    "BLAST": "Blasts", "BSA": "Body Surface Area", "CNSSTAT": "Central Nervous System Status",
    "CREATCLR": "Creatinine Clearance", "DIABP": "Diastolic Blood Pressure",
    "ECOG101": "ECOG1-Performance Status", "EMDRESP": "Extramedullary Disease Response",
    "HCG": "Choriogonadotropin", "HEIGHT": "Height", "HR": "Heart Rate",
    "KPSS0101": "KPSS01-Karnofsky Performance Status", "LOCDTH": "Location of Death",
    "LVEF": "Left Ventricular Ejection Fraction", "MRDIND": "Minimal Residual Disease Indicator",
    "MRDRESP": "Minimal Residual Disease Response", "MRDVAL": "Minimal Residual Disease Value",
    "OVRLRESP": "Overall Response", "OXYSAT": "Oxygen Saturation", "PRCDTH": "Primary Cause of Death",
    "RESP": "Respiratory Rate", "SECDTH": "Secondary Cause of Death", "SURVSTAT": "Survival Status",
    "SYSBP": "Systolic Blood Pressure", "TEMP": "Temperature", "TUMIDENT": "Tumor Identification",
    "VIRLOAD": "Viral Load", "WEIGHT": "Weight",
    "CMV": "Cytomegalovirus", "EBV": "Epstein-Barr Virus", "CRSGR": "CRS Grade", "ICANSGR": "ICANS Grade",
    "AGVHDGR": "Acute GVHD Grade", "CGVHDSEV": "Chronic GVHD Severity", "CHIMCL": "Chimerism Class",
    "ANCENG": "Neutrophil Engraftment Date", "PLT20": "Platelet Engraftment Date, 20",
    "PLT50": "Platelet Engraftment Date, 50",
}  # fmt: skip
CATEGORIES = {
    "A": "HEMATOLOGY", "B": "CHEMISTRY", "C": "INFLAMMATION", "D": "VIROLOGY", "E": "IMMUNOLOGY",
    "SCR": "CHEMISTRY",
}  # fmt: skip
_ALL = "All Tests of the Form"


def test_name(domain: str, code: str, label: Text) -> str:
    """The name of a test."""
    if code == f"{domain}ALL":
        return _ALL
    if domain == "LB" and code in BY_CODE:
        return laboratory_name(code)
    return NAMES.get(code) or short_label(label)


@cache
def laboratory_name(code: str) -> str:
    """The name of a test of the catalogue; its code for what is no test of it."""
    return english(BY_CODE[code].name) if code in BY_CODE else code


def laboratory_category(code: str) -> str:
    """The category of a test by its set in the catalogue."""
    return CATEGORIES[BY_CODE[code].set] if code in BY_CODE else "OTHER"
