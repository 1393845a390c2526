"""The declarations of the forms against the specification of the case report forms.

`specification.json` holds what the specification says of these forms. Where we differ on purpose, the reason
stands in a table here; a difference that no table names fails.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from patients.casebook.approval import SIGNATURE
from patients.casebook.form import declared_forms, form_model
from patients.forms import demographics
from patients.items.checks import Check
from patients.items.codelists import slug
from patients.items.item import Item
from patients.items.limits import Limit
from patients.items.problems import Severity
from trial.protocol.visits import FORM_ORDER

SPECIFICATION: dict[str, Any] = json.loads(
    (Path(__file__).parent / "specification.json").read_text(encoding="utf-8")
)
FORMS: dict[str, Any] = SPECIFICATION["forms"]
SPECIFIED = {(form, item["name"]): item for form, declared in FORMS.items() for item in declared["items"]}
Place = tuple[str, str]

EXTRA: dict[Place, str] = {
    ("ELIG", "signed_in_source_by"): "a signature made on paper is imported as an attested item",
    ("ELIG", "signed_in_source_on"): "its date, without which enrolment is not complete (X-ELIG-12)",
    ("ELIG", "reconsent_version"): "X-ELIG-04 asks for it, and no item of the specification records it",
    ("ELIG", "reconsent_dt"): "the day of that signature",
    ("MFG", "mfg_by"): "X-MFG-05 asks who entered the batch, and reads no history",
    ("DX", "lines_n"): "X-DX-08 compares the lines of earlier therapy with their own last count",
    ("DX", "lines_before_n"): "the last count",
    ("HLH", "hlh_ferritin_rise"): "the criterion beside it may be met by a rapid rise, told by hand",
}
REWORDED: dict[Place, str] = {
    ("ELIG", "inc02_age"): "the limit is a configuration value, and shown as such",
    ("ELIG", "inc04_rr"): "that one basis is needed is a limit of rr_basis",
    ("ELIG", "exc08_dsa"): "the limit is a configuration value, and shown as such",
    ("DM", "birth_date"): "how it is kept stands in the hint",
    ("CHIM", "chim_dt"): "what a sample from before the infusion is stands in the hint",
}
RETYPED: dict[Place, tuple[str, str]] = {
    ("DM", "hbv_dna"): ("dec(13,0)", "its own upper limit, 10^12, has 13 digits"),
    ("HSCT", "graft_cd3"): ("dec(6,3)", "its own lower limit, 0.001, has three places"),
    ("REL", "rel_cd7pos"): ("dec(5,2)", "its own upper limit, 100, has three digits before the point"),
    ("REL", "rel_blast"): ("dec(6,3)", "its own upper limit, 100, has three digits before the point"),
    ("REL", "rel_tcr"): ("dec(6,3)", "its own upper limit, 100, has three digits before the point"),
    ("REL", "rel_endotoxin"): ("dec(7,3)", "its own upper limit, 1000, has four digits before the point"),
    ("LAB", "lab_value"): ("dec(17,4)", "the upper limit of a viral load, 10^12, has 13 digits"),
    ("LAB", "lab_si"): ("dec(18,5)", "the upper limit of a viral load, 10^12, has 13 digits"),
    ("CHIM", "chim_lod"): ("dec(4,3)", "its own lower limit, 0.001, has three places"),
    ("INFX", "vir_load"): ("dec(13,0)", "its own upper limit, 10^12, has 13 digits"),
    ("AE", "ae_pt"): ("coded text", "what is coded has one name"),
}
UNITS: dict[Place, tuple[str, str]] = {
    ("LAB", "lab_value"): ("", "its unit is an item of its own, lab_unit"),
}
REQUIREMENTS: dict[Place, tuple[str, str]] = {
    ("LAB", "lab_lln"): ("O", "left empty, the range of the laboratory's table applies, if it has one"),
    ("LAB", "lab_uln"): ("O", "left empty, the range of the laboratory's table applies, if it has one"),
}
TITLES = {
    "INF": ("CAR-T infusion", "what it defines is no part of its name"),
    "HSCT": ("Haploidentical transplantation", "what it defines is no part of its name"),
}
LISTS = {"CL:RESP": "ONCRSR"}  # its name in the CDISC terminology
ANSWERS_IN_WORDS: dict[Place, str] = {
    ("ELIG", "icf_main_version"): "the versions that the ethics committee approved",
    ("DM", "country"): "the countries of ISO 3166",
    ("DX", "dx_subtype"): "a list for each diagnosis",
    ("MFG", "mfg_site"): "the other sites are configuration",
    ("MFG", "construct"): "the constructs are configuration",
    ("LAB", "lab_test"): "the catalogue",
    ("LAB", "lab_unit"): "the units of the catalogue",
    ("RESP", "mrd_status"): "each with its threshold, which is configuration",
    ("HSCT", "hsct_reaction"): "grade 1 is called 1",
    ("CGVHD", "cg_liver"): "the last with its derivation",
    ("CGVHD", "cg_global"): "the last with its derivation",
    ("VS", "kps"): "the scores from 0 to 100 in steps of 10",
    ("INFX", "inf_org"): "a coded list",
    ("AE", "ae_ctcae_term"): "the terms of CTCAE that this trial meets",
    ("DLT", "dlt_rule"): "the rules of section 4.1, each in a sentence",
    ("SAE", "sae_report_type"): "a follow-up says its number",
    ("CM", "cm_unit"): "a code list by its name in the CDISC terminology",
    ("CM", "cm_freq"): "a code list by its name in the CDISC terminology",
    ("CM", "cm_route"): "a code list by its name in the CDISC terminology",
    ("DTH", "dth_contrib"): "the list of the primary cause",
}
ALWAYS_ASKED: dict[Place, str] = {
    ("RESP", "resp_gate"): "the gate is derived on every page, and is closed outside T0 < d <= H0",
    ("HSCT", "hsct_done"): "its visit is there from T0 on, so the page itself is the condition",
    ("LAB", "lab_lln"): "every test of the catalogue is numeric",
    ("LAB", "lab_uln"): "every test of the catalogue is numeric",
    ("CRS", "crs_grade_inv"): "entering it is the override",
    ("CRS", "crs_onset_dt"): "derived, and empty without an episode",
    ("CRS", "crs_end_dt"): "derived, and empty until the episode has ended",
    ("CRS", "crs_max"): "derived from the days of the episode, of which the page is one",
    ("AE", "ae_pt"): "derived, and empty until it is coded",
    ("PDEV", "pd_excl"): "no item has a role of its own in this version",
}
HARD_ELSEWHERE: dict[Place, str] = {
    ("ELIG", "icf_main_signed"): "refused by the save of any other page (X-ELIG-01)",
    ("ELIG", "icf_hsct_signed"): "X-HSCT-01, on the day of the graft",
    ("ELIG", "screen_no"): "derived from the subject's code, which is unique",
    ("ELIG", "inc08_organ"): "X-ELIG-08 is soft",
    ("ELIG", "waiver"): "X-ELIG-06, a deviation that the system records",
    ("DX", "fusion_genes"): "exclusive answers belong to the type of the item",
    ("DX", "mutations"): "exclusive answers belong to the type of the item",
    ("INF", "inf_premed"): "the list offers no steroid",
    ("FU", "fu_second_ca"): "X-FU-04 is soft",
    ("DTH", "dth_primary"): "X-DTH-02 is soft",
    ("DONOR", "donor_id"): "derived from the subject's code and the key of the row, which are unique",
    ("DONOR", "donor_consent"): "X-DON-02, at the role",
    ("DONOR", "donor_idm_ok"): "X-DON-02, at the role",
    ("MFG", "aph_ae"): "the donor's own event has no form; it is asked about",
    ("MFG", "coc_temp_ok"): "X-MFG-03, a deviation that the system records",
    ("MFG", "gene_edit"): "exclusive answers belong to the type of the item",
    ("LAB", "lab_uln"): "X-LAB-03, at the lower limit",
    ("LAB", "lab_bl_fl"): "the derivation gives one for each test",
    ("LAB", "lab_cs"): "no item has a role of its own in this version",
    ("CRS", "crs_ppv_airway"): "the engine leaves it out of the grade",
    ("CRS", "crs_other_tx"): "exclusive answers belong to the type of the item",
    ("HLH", "hlh_transam"): "X-HLH-03 is soft",
    ("HLH", "hlh_fibrinogen"): "X-HLH-03 is soft",
    ("ENG", "eng_auto"): "X-ENG-04 is soft",
    ("CHIM", "chim_class"): "derived by the engine itself",
    ("AGVHD", "ag_phase"): "X-AG-07 is soft",
    ("CGVHD", "cg_skin_feat"): "the list offers no 1",
    ("CGVHD", "cg_nonGVHD"): "the engine leaves them out of the severity",
    ("INFX", "inf_evidence"): "the list is in the words of EORTC/MSG",
    ("AE", "ae_ctcae_ver"): "derived from the configuration (X-AE-08)",
    ("AE", "ae_expected"): "who enters it is asked at the save, not at the item",
    ("CM", "cm_class"): "prompts, which ask",
    ("CM", "cm_ongoing"): "the end is required then (X-SYS-05)",
    ("SUBTX", "stx_ind"): "X-RLP-05 is soft",
}
SOFT_ELSEWHERE: dict[Place, str] = {
    ("DM", "birth_date"): "the age at consent carries it",
    ("RESP", "resp_plt"): "a count that a transfusion has raised is left out, so there is none to ask about",
    ("DTH", "dth_nrm"): "taken in by X-DTH-02",
    ("ICANS", "icans_icp"): "a hint: the list offers no bleeding",
    ("KIN", "kin_auc28"): "with fewer than four days there is no area, and nothing to ask about",
    ("INFX", "inf_end"): "an end that is empty has no limits: it is asked at the onset",
    ("AE", "ae_start"): "the hard limit is the same day",
    ("AE", "ae_pt"): "the list of terms marks them (patients/coding/standing.py)",
}
HARD_ADDED: dict[Place, str] = {
    ("ELIG", "reconsent_dt"): "not in the future, and not before consent",
    ("ELIG", "signed_in_source_on"): "not before consent",
    ("HSCT", "hsct_source"): "a multiple choice that is required has an answer",
    ("HSCT", "gvhdp_agents"): "a multiple choice that is required has an answer",
    ("RLP", "rlp_site"): "a multiple choice that is required has an answer",
    ("PCAR", "pcar_target"): "a multiple choice that is required has an answer",
    ("INFX", "inf_site"): "a multiple choice that is required has an answer",
    ("REL", "rel_conditional"): "X-MFG-04",
    ("LD", "ld_drug"): "X-LD-03",
    ("LAB", "lab_test"): "X-LAB-09",
    ("CRS", "crs_hypot"): "X-CRS-02",
    ("CRS", "crs_hypox"): "X-CRS-02",
    ("CGVHD", "cg_present"): "X-CG-01",
    ("CM", "cm_ae_link"): "a reference names a row that is there",
    ("HLH", "hlh_dx"): "X-HLH-02",
}
SOFT_ADDED: dict[Place, str] = {
    ("MFG", "aph_ae"): "a serious complication of the donor is asked about",
    ("CRS", "crs_fever"): "X-CRS-08",
    ("HLH", "hlh_transam"): "X-HLH-03",
    ("HLH", "hlh_fibrinogen"): "X-HLH-03",
    ("ENG", "eng_anc_conf"): "X-ENG-01",
    ("ENG", "eng_auto"): "X-ENG-04",
    ("AGVHD", "ag_phase"): "X-AG-07",
    ("AGVHD", "ag_bili"): "X-AG-02",
    ("CGVHD", "cg_overlap"): "X-CG-05",
    ("INFX", "inf_onset"): "a long infection without an end is asked about",
    ("AE", "ae_serious"): "a pregnancy runs under the clock of serious events",
    ("AE", "ae_dlt"): "a candidate by the rules is asked about, where it is said to be none",
    ("CM", "cm_class"): "prompts, which ask",
    ("SUBTX", "stx_ind"): "X-RLP-05",
}


def row_checks() -> Iterator[tuple[Place, Check]]:
    """The checks that look at a whole row, each with the item at which it stands."""
    for model in declared_forms():
        for check in model.form.checks:
            yield (model.form.code, check.item), check


def ours(form: str) -> dict[str, Item]:
    return {item.name: item for item in form_model(form).items()}


def pairs() -> Iterator[tuple[Place, Item, dict[str, str]]]:
    """Each item of the specification with our declaration of it."""
    for (form, name), specified in SPECIFIED.items():
        yield (form, name), ours(form)[name], specified


def in_english(text: Any) -> str:
    with translation.override("en"):
        return str(text)


DIFFERENCES = "docs/decisions/0020-differences-from-the-specification.md"


def test_every_difference_stands_with_its_reason_in_the_decision() -> None:
    """What a reader is told is what is tested."""
    text = (Path(demographics.__file__).resolve().parents[2] / DIFFERENCES).read_text(encoding="utf-8")
    tables: tuple[dict[Place, Any], ...] = (
        EXTRA, REWORDED, RETYPED, UNITS, REQUIREMENTS, ANSWERS_IN_WORDS, ALWAYS_ASKED, HARD_ELSEWHERE,
        SOFT_ELSEWHERE, HARD_ADDED, SOFT_ADDED,
    )  # fmt: skip
    for table in tables:
        for place, told in table.items():
            reason = told if isinstance(told, str) else told[-1]
            assert re.search(
                rf"^- {re.escape('.'.join(place))}[ :].*{re.escape(reason)}$", text, re.MULTILINE
            ), place


# --- forms ----------------------------------------------------------------------------------------------
def test_the_forms_are_those_of_the_specification_in_the_order_of_the_protocol() -> None:
    declared = [model.form.code for model in declared_forms()]
    assert set(FORMS) == set(declared)
    assert declared == sorted(declared, key=FORM_ORDER.index)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_says_what_the_specification_says_of_it(form: str) -> None:
    declared, specified = form_model(form).form, FORMS[form]
    title, _why = TITLES.get(form, (specified["title"], ""))
    assert in_english(declared.title) == title
    assert (declared.enters, declared.signs, declared.sdtm) == (
        specified["enters"],
        specified["signs"],
        specified["sdtm"],
    )


@pytest.mark.parametrize("form", FORMS)
def test_the_items_of_a_form_stand_in_the_order_of_the_specification(form: str) -> None:
    names = [name for name in ours(form) if (form, name) not in EXTRA]
    assert names == [item["name"] for item in FORMS[form]["items"]]


@pytest.mark.parametrize("form", FORMS)
def test_the_sections_of_a_form_begin_at_its_items_in_their_order(form: str) -> None:
    names = list(ours(form))
    starts = [section.starts_at for section in form_model(form).form.sections]
    assert starts[:1] in ([], names[:1])  # a short form has none
    assert [names.index(name) for name in starts] == sorted(names.index(name) for name in starts)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_dated_by_a_date_of_its_own(form: str) -> None:
    dated_by = form_model(form).form.dated_by
    assert not dated_by or ours(form)[dated_by].type_name in ("date", "datetime", "pdate")


def test_what_may_be_saved_before_consent_is_consent_itself_and_demographics() -> None:
    assert {model.form.code for model in declared_forms() if model.form.before_consent} == {
        "ELIG",
        "DM",
    }


# --- items ----------------------------------------------------------------------------------------------
def test_items_are_called_as_in_the_specification() -> None:
    different = {
        place for place, item, specified in pairs() if in_english(item.declared.label) != specified["label"]
    }
    assert different == set(REWORDED)


def test_items_have_the_types_of_the_specification() -> None:
    different = {
        place: item.type_name for place, item, specified in pairs() if item.type_name != specified["type"]
    }
    assert different == {place: type_name for place, (type_name, _why) in RETYPED.items()}


def test_items_have_the_targets_of_the_specification() -> None:
    assert [place for place, item, specified in pairs() if item.declared.cdisc != specified["cdisc"]] == []


def test_items_have_the_units_of_the_specification() -> None:
    different = {
        place: item.declared.unit
        for place, item, specified in pairs()
        if item.declared.unit != specified["unit"]
    }
    assert different == {place: unit for place, (unit, _why) in UNITS.items()}


def test_items_are_required_as_in_the_specification() -> None:
    different = {
        place: item.declared.requirement.value
        for place, item, specified in pairs()
        if item.declared.requirement.value != specified["requirement"]
    }
    assert different == {place: requirement for place, (requirement, _why) in REQUIREMENTS.items()}


def test_items_are_conditional_where_the_specification_says_so() -> None:
    different = {
        place for place, item, specified in pairs() if item.is_always_asked != (specified["when"] == "always")
    }
    assert different == set(ALWAYS_ASKED)


def listed(values: str) -> set[str]:
    """The answers that the specification lists: `a (C123); b` → the slugs of a and b."""
    return {slug(re.sub(r" ?\((C\d+|derived[^)]*)\)", "", part)) for part in values.split("; ")}


def offers(item: Any, values: str) -> bool:
    """Whether an item offers a list of the specification by its name, or these answers by code or label."""
    if values.startswith("CL:"):
        return item.codes.name == LISTS.get(values, values.removeprefix("CL:"))
    offered = item.codes.codes
    return listed(values) in (
        {slug(in_english(code.label)) for code in offered},
        {slug(code.code) for code in offered},
    )


def test_a_choice_offers_the_answers_of_the_specification() -> None:
    different = {
        place
        for place, item, specified in pairs()
        if specified["type"] in ("choice", "multi") and not offers(item, specified["values"])
    }
    assert different == set(ANSWERS_IN_WORDS)


@pytest.mark.parametrize(
    ("key", "elsewhere", "added"),
    [("hard", HARD_ELSEWHERE, HARD_ADDED), ("soft", SOFT_ELSEWHERE, SOFT_ADDED)],
)
def test_items_have_limits_where_the_specification_has(
    key: str, elsewhere: dict[Place, str], added: dict[Place, str]
) -> None:
    limited = {
        (model.form.code, item.name)
        for model in declared_forms()
        for item in model.items()
        if getattr(item.declared, key)
    }
    checked = {place for place, check in row_checks() if check.severity == key}
    specified = {place for place, item in SPECIFIED.items() if item[key]}
    assert specified - limited - checked == set(elsewhere)
    assert limited - specified == set(added)


NUMBER = r"-?\d+(?:\.\d+)?(?:e\d+)?"
RANGE = re.compile(rf"({NUMBER})-({NUMBER})")
ONE_SIDED = re.compile(rf"(>=|<=|<|>) ?({NUMBER})")
OPPOSITE = {"<": ">=", ">": "<=", ">=": "<", "<=": ">"}


def numbers_of(limits: tuple[Limit, ...]) -> set[tuple[Any, ...]]:
    """The numeric limits among them, as they read."""
    found = set()
    for limit in limits:
        if between := RANGE.fullmatch(str(limit)):
            found.add(("between", Decimal(between[1]), Decimal(between[2])))
        elif compare := ONE_SIDED.fullmatch(str(limit)):
            found.add((compare[1], Decimal(compare[2])))
    return found


def numeric_cases() -> Iterator[Any]:
    """Each numeric limit of the specification. A hard one says what is allowed, a soft one what is asked."""
    for place, item, specified in pairs():
        if between := RANGE.fullmatch(specified["hard"]):
            allowed = ("between", Decimal(between[1]), Decimal(between[2]))
            yield pytest.param(item.declared.hard, allowed, id=f"{'.'.join(place)} hard")
        if bound := ONE_SIDED.fullmatch(specified["hard"]):
            yield pytest.param(
                item.declared.hard, (bound[1], Decimal(bound[2])), id=f"{'.'.join(place)} hard"
            )
        if asked := ONE_SIDED.match(specified["soft"]):
            allowed = (OPPOSITE[asked[1]], Decimal(asked[2]))
            yield pytest.param(item.declared.soft, allowed, id=f"{'.'.join(place)} soft")


IN_WORDS = {
    "DM.age_consent hard": "adult by the calendar, where the formula gives 17.9 on the 18th birthday",
    "ELIG.icf_main_dt soft": "relative to the first dose of lymphodepletion",
    "RESP.deauville soft": "a code, not a number",
    "HSCT.hsct_reaction soft": "a code, not a number",
    "RESP.pb_blast soft": "only in remission",
    "HSCT.graft_tnc soft": "two-sided",
    "HSCT.graft_cd34 soft": "two-sided",
    "HSCT.graft_weight soft": "relative to the weight at infusion",
    "INF.inf_end_dt soft": "relative to the start",
    "INF.inf_volume soft": "relative to the bag",
    "INF.inf_viab_postthaw soft": "a rule in words",
    "DX.emd_sites hard": "a number of answers",
    "EOS.eos_withdraw_scope hard": "a number of answers",
    "RLP.rlp_bm_blast soft": "only in a morphological relapse",
    "PTX.ptx_date soft": "relative to the infusion",
    "PTX.ptx_ist_stop soft": "relative to the first dose of lymphodepletion",
    "PCAR.pcar_date soft": "relative to the first dose of lymphodepletion",
    "DONOR.hla_match_10 soft": "two-sided, and only of a haploidentical donor",
    "MFG.aph_date soft": "relative to the infusion",
    "MFG.coc_recv_dt soft": "relative to the collection",
    "REL.rel_oos hard": "a number of answers",
    "CRS.crs_o2_flow soft": "only through a nasal cannula",
    "CGVHD.cg_dt soft": "relative to the transplantation",
    "INFX.inf_ctcae soft": "a code, not a number",
    "DLT.dlt_ae hard": "a number of answers",
    "DLT.dlt_rule hard": "a number of answers",
    "DLT.dlt_committee_dt soft": "relative to the event",
    "SAE.sae_to_sponsor_dt soft": "relative to awareness",
    "SAE.sae_to_ec_dt soft": "relative to awareness",
    "HLH.hlh_grade soft": "a code, not a number",
    "KIN.kin_auc28 soft": "a number of days, without which there is no area",
}


@pytest.mark.requirement("DI-07")
@pytest.mark.parametrize(("limits", "allowed"), [case for case in numeric_cases() if case.id not in IN_WORDS])
def test_a_numeric_limit_is_that_of_the_specification(limits: tuple[Limit, ...], allowed: tuple) -> None:
    assert allowed in numbers_of(limits)


def test_every_limit_that_is_told_in_words_is_one_of_the_specification() -> None:
    assert set(IN_WORDS) <= {case.id for case in numeric_cases()}


# --- edit checks ----------------------------------------------------------------------------------------
def numbered_limits() -> Iterator[tuple[Place, Severity, Limit]]:
    for model in declared_forms():
        for item in model.items():
            for severity, limits in (
                (Severity.HARD, item.declared.hard),
                (Severity.SOFT, item.declared.soft),
            ):
                for limit in limits:
                    if limit.check:
                        yield (model.form.code, item.name), severity, limit


SEVERITIES = {Severity.HARD: "H", Severity.SOFT: "S"}
# Acts of the system that ask somebody to look: the specification gives them no severity.
ASKED: dict[str, str] = {"X-ENG-03": "the failure is derived; the question goes to the medical monitor"}


def numbered_checks() -> Iterator[tuple[Place, str, str]]:
    """Where each edit check stands, with its severity (H, S, X) and number: limits of items, checks of rows,
    and deviations that the system records."""
    for place, severity, limit in numbered_limits():
        yield place, SEVERITIES[severity], limit.check
    for model in declared_forms():
        form = model.form
        for check in form.checks:
            yield (form.code, check.item), SEVERITIES[check.severity], check.id
        for deviation in form.deviations:
            yield (form.code, deviation.item), "X", deviation.id


@pytest.mark.requirement("DI-07")
def test_every_numbered_check_is_one_of_the_specification_with_its_severity() -> None:
    wrong = [
        (place, check, severity)
        for place, severity, check in numbered_checks()
        if SPECIFICATION["checks"].get(check) != severity and check not in ASKED
    ]
    assert wrong == []
    assert all(SPECIFICATION["checks"][number] == "X" for number in ASKED)


def test_a_check_of_a_row_stands_at_an_item_of_its_form() -> None:
    assert [place for place, _severity, _check in numbered_checks() if place[1] not in ours(place[0])] == []


def test_a_deviation_is_of_a_category_and_a_class_of_the_form_of_deviations() -> None:
    items = ours("PDEV")
    for model in declared_forms():
        for deviation in model.form.deviations:
            assert deviation.category in items["pd_cat"].codes  # type: ignore[attr-defined]
            assert deviation.weight in items["pd_class"].codes  # type: ignore[attr-defined]


def test_every_numbered_limit_says_what_is_wrong_in_a_sentence_of_its_own() -> None:
    assert [place for place, _severity, limit in numbered_limits() if not in_english(limit.message)] == []


@pytest.mark.parametrize("folder", ["patients/entry", "patients/forms", "patients/items"])
def test_every_edit_check_that_the_code_names_is_in_the_specification(folder: str) -> None:
    root = Path(demographics.__file__).resolve().parents[2]
    named = {
        check
        for path in (root / folder).glob("*.py")
        for check in re.findall(r"X-[A-Z]+-\d+", path.read_text(encoding="utf-8"))
    }
    assert named <= set(SPECIFICATION["checks"])


OF_HISTORY_TO_EVENTS = re.compile(
    r"X-(?:DX-(?:0[7-9]|1\d)|(?:DON|MFG|LD|CRS|AG|CG|CHM|LAB|RLP|AE|SAE|INFX)-\d+)"
)
NOT_A_LIMIT: dict[str, str] = {
    "X-AG-01": "a test of the engine",
    "X-AE-08": "a test of the derivation",
    "X-SAE-03": "the derived clock and due date; mails come with a later capability",
}


def test_every_edit_check_from_history_to_events_is_declared_or_has_its_reason() -> None:
    specified = set(filter(OF_HISTORY_TO_EVENTS.fullmatch, SPECIFICATION["checks"]))
    declared = {check for _place, _severity, check in numbered_checks()}
    assert specified - declared == set(NOT_A_LIMIT)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_message_is_right_on_the_screen(language: str) -> None:
    """Every placeholder is filled, and a percent sign stands once."""
    with translation.override(language):
        for model in declared_forms():
            for item in model.items():
                for limit in (*item.declared.hard, *item.declared.soft):
                    message = str(item.finding(limit, Severity.HARD, None).message)
                    assert "%%" not in message, message
                    assert "%(" not in message, message


# --- what items look at ---------------------------------------------------------------------------------
@pytest.mark.parametrize("form", FORMS)
def test_a_rule_looks_only_at_what_there_is_or_will_be(form: str) -> None:
    """An operand is an item of the row, or of another form: of one that is declared, an item that it has."""
    for place, operand in operands_of(form):
        other, _, name = operand.rpartition(".")
        if (not other and operand in FORM_ORDER) or name in ("*", SIGNATURE):
            continue
        other = other or form
        assert other in FORM_ORDER, (place, operand)
        if other in FORMS:
            assert name in ours(other), (place, operand)


def operands_of(form: str) -> Iterator[tuple[str, str]]:
    """What each item, check and deviation of a form looks at."""
    declared = form_model(form).form
    for item in ours(form).values():
        derivations = (item.declared.derivation, item.declared.proposal)
        sources = (source for derivation in derivations if derivation for source in derivation.sources)
        yield from ((item.name, operand) for operand in (*item.operands(), *sources))
    for rule in (*declared.checks, *declared.deviations):
        yield from ((rule.id, operand) for operand in rule.looks_at)


def test_a_derived_item_has_a_formula_and_no_other_has_one() -> None:
    for model in declared_forms():
        for item in model.items():
            assert item.is_derived == bool(item.declared.derivation), item.name


def test_what_an_item_waits_for_is_there() -> None:
    waiting = {
        item.declared.waits_for
        for model in declared_forms()
        for item in model.items()
        if item.declared.waits_for
    }
    declared = {model.form.code for model in declared_forms()}
    assert waiting <= declared


def test_the_birth_date_alone_identifies_a_person() -> None:
    identifying = [(m.form.code, i.name) for m in declared_forms() for i in m.items() if i.declared.identity]
    assert identifying == [("DM", "birth_date")]
