"""How the rows of each form are read into SDTM: one record of an event or intervention, findings, or both.

Which variable, test or qualifier an item is stands with the item. Here stands what the item cannot say: what
a record is called, what several items make together, and where the model wants another domain than the
declaration names first. Choices of the sponsor: the graft is a procedure (PR) and the CAR-T cells an exposure
(EX); an infection is a finding of MB, and an event where it stands in AE.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """A variable that the record makes of some items."""

    items: tuple[str, ...]
    read: Callable[[Values], Any]


@dataclass(frozen=True, slots=True, eq=False)  # each is itself alone, and may be looked up by
class Occurrence:
    """A row of a form is one record of an event or intervention. `fixed` is said of each; `items` are read
    otherwise than their declarations say; `also` are qualifiers that their declarations put elsewhere."""

    domain: str
    form: str
    fixed: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str | Made] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    when: Callable[[Values], bool] = lambda values: True


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """Each item of a row is a finding. `default` is the domain of what has none of its own, empty: such items
    are left to other parts; `said` is told of each record of a domain, `read` are variables of it that items
    say, and `tests` are tests that are called otherwise than declared. `dated` is the item that dates them
    (that of the form; `dates` of single domains), and `domains` moves single items."""

    form: str
    default: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    read: Mapping[str, str] = field(default_factory=dict)
    tests: Mapping[str, str] = field(default_factory=dict)
    dated: str = ""
    dates: Mapping[str, str] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)
    once: bool = False
    without: tuple[str, ...] = ()


def _criterion(code: str) -> Callable[[Values], str | None]:
    def read(values: Values) -> str | None:
        return "Y" if code in (values["ae_ser_crit"] or ()) else None

    return read


def _joined(*items: str) -> Made:
    def read(values: Values) -> str:
        return ": ".join(str(values[item]) for item in items if values[item])

    return Made(items, read)


def _first(*items: str) -> Made:
    def read(values: Values) -> Any:
        return next((values[item] for item in items if values[item]), None)

    return Made(items, read)


def _upper(item: str) -> Made:
    """The code in capitals: the name of a treatment."""
    return Made((item,), lambda values: str(values[item] or "").replace("_", " ").upper())


def _given(values: Values) -> bool:
    return values["inf_start_dt"] is not None


OCCURRENCES: tuple[Occurrence, ...] = (
    Occurrence("MH", "DX", {"MHCAT": "PRIMARY DIAGNOSIS"}),
    Occurrence(
        "CM",
        "PTHER",
        {"CMCAT": "PRIOR ANTICANCER"},
        {"CMTRT": _first("regimen_name", "line_type"), "CMDECOD": "agents"},
        ("line_no",),
    ),
    Occurrence("PR", "PTX", {"PRCAT": "PRIOR TRANSPLANT"}, {"PRTRT": _upper("ptx_type")}, ("ptx_no",)),
    Occurrence(
        "CM",
        "PCAR",
        {"CMCAT": "PRIOR CELLULAR THERAPY", "CMDOSU": "10^6 CELLS/KG"},
        {"CMTRT": _upper("pcar_type")},
    ),
    Occurrence(
        "EX",
        "LD",
        {"EXCAT": "LYMPHODEPLETION", "EXDOSU": "mg"},
        {"EXTRT": _upper("ld_drug"), "EXADJ": _first("ld_mod_reason", "ld_modified")},
        ("ld_dose_planned", "ld_modified", "mesna"),
    ),
    Occurrence(
        "EX",
        "INF",
        {"EXTRT": "CD7 CAR-T CELLS", "EXCAT": "CAR-T", "EXDOSU": "10^6 CELLS/KG", "EXROUTE": "INTRAVENOUS"},
        {"EXDOSE": "inf_dose_kg"},
        (
            "inf_dose_total",
            "inf_volume",
            "inf_complete",
            "inf_premed",
            "inf_reaction",
            "inf_viab_postthaw",
            "inf_go",
        ),
        _given,
    ),
    Occurrence(
        "PR",
        "HSCT",
        {"PRTRT": "HAPLOIDENTICAL STEM CELL TRANSPLANTATION", "PRCAT": "STUDY TRANSPLANT"},
        {},
        ("cond_agents", "gvhdp_agents", "gcsf_post", "hsct_reaction", "steroid_at_h0"),
        lambda values: bool(values["hsct_done"]),
    ),
    Occurrence("CM", "TRF", {"CMCAT": "TRANSFUSION", "CMDOSU": "U"}, {"CMTRT": _upper("trf_type")}),
    Occurrence(
        "CM",
        "CM",
        {"CMCAT": "CONCOMITANT"},
        {
            "CMTRT": "cm_name",
            "CMENRF": Made(("cm_ongoing",), lambda values: "ONGOING" if values["cm_ongoing"] else None),
        },
    ),
    Occurrence(
        "CM",
        "SUBTX",
        {"CMCAT": "SUBSEQUENT THERAPY"},
        {"CMTRT": _first("stx_detail", "stx_type")},
    ),
    Occurrence("DV", "PDEV", {}, {"DVTERM": _first("pd_text", "pd_cat")}, ("pd_excl",)),
)

ADVERSE_EVENTS = Occurrence(
    "AE",
    "AE",
    {},
    {
        "AESTDTC": Made(("ae_start", "ae_start_time"), lambda values: values["ae_start"]),
        "AESDTH": Made(("ae_ser_crit",), _criterion("death")),
        "AESLIFE": Made(("ae_ser_crit",), _criterion("life_threatening")),
        "AESHOSP": Made(("ae_ser_crit",), _criterion("hospitalisation_prolongation")),
        "AESDISAB": Made(("ae_ser_crit",), _criterion("disability")),
        "AESCONG": Made(("ae_ser_crit",), _criterion("congenital")),
        "AESMIE": Made(("ae_ser_crit",), _criterion("medically_important")),
    },
)
"""The rows of AE, which know of codes and of what came after the cut-off (`adverse_events`)."""

FINDINGS_OF: tuple[Findings, ...] = (
    Findings("ELIG", without=("inc", "exc")),
    Findings("DM"),
    Findings("DX", domains={"ann_arbor": "RS"}, read={"CPMETHOD": "cd7_method"}, dates={"CP": "cd7_test_dt"}),
    Findings("PTHER", dated="line_end", said={"RSCAT": "PRIOR THERAPY"}),
    Findings("PTX", dated="ptx_date"),
    Findings("PCAR", dated="pcar_date", said={"RSCAT": "PRIOR THERAPY"}),
    Findings("LD", once=True),
    Findings("INF", tests={"inf_weight": "WEIGHT"}),
    Findings("VS", "VS", said={"RSCAT": "PERFORMANCE STATUS"}),
    Findings("CRS", "FA", said={"FAOBJ": "CYTOKINE RELEASE SYNDROME", "FACAT": "ASTCT 2019"}),
    Findings("ICANS", "FA", said={"FAOBJ": "ICANS", "FACAT": "ASTCT 2019"}),
    Findings("HLH", "FA", said={"FAOBJ": "IEC-HS"}),
    Findings("RESP", "RS", read={"RSMETHOD": "mrd_method"}, tests={"mrd_value": "MRDVAL"}),
    Findings(
        "KIN",
        "CP",
        said={"CPCAT": "CELL KINETICS", "GFCAT": "TRANSGENE"},
        read={"CPSPEC": "kin_sample", "GFSPEC": "kin_sample"},
    ),
    Findings("HSCT", tests={"graft_weight": "WEIGHT"}),
    Findings("ENG", "FA", said={"FAOBJ": "ENGRAFTMENT"}),
    Findings(
        "CHIM",
        "GF",
        read={"GFSPEC": "chim_sample", "GFMETHOD": "chim_method", "GFCAT": "chim_lineage"},
    ),
    Findings("AGVHD", "FA", said={"FAOBJ": "ACUTE GVHD", "FACAT": "MAGIC 2016"}),
    Findings("CGVHD", "FA", said={"FAOBJ": "CHRONIC GVHD", "FACAT": "NIH 2014"}),
    Findings("INFX", "MB", read={"MBLOC": "inf_site"}, tests={"vir_load": "VIRLOAD"}),
    Findings("DLT", "FA", said={"FAOBJ": "DOSE-LIMITING TOXICITY"}),
    Findings("RLP", "RS", said={"RSCAT": "RELAPSE"}, tests={"rlp_bm_blast": "BM_BLAST"}),
    Findings("SUBTX", said={"RSCAT": "SUBSEQUENT THERAPY"}, dated="stx_start"),
    Findings("FU", "SS", said={"FAOBJ": "GVHD"}),
    Findings("DTH", "DD"),
)
LEFT_OUT = ("DONOR", "MFG", "REL", "SAE")
"""Forms that are about another person, about a product, or a report of what AE holds: they are tables of the
casebook alone."""
