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

from patients.casebook.form import FormRow, declared_forms, form_model
from patients.forms import demographics
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
}
REWORDED: dict[Place, str] = {
    ("ELIG", "inc02_age"): "the limit is a configuration value, and shown as such",
    ("ELIG", "inc04_rr"): "that one basis is needed is a limit of rr_basis",
    ("ELIG", "exc08_dsa"): "the limit is a configuration value, and shown as such",
    ("DM", "birth_date"): "how it is kept stands in the hint",
}
RETYPED: dict[Place, tuple[str, str]] = {
    ("DM", "hbv_dna"): ("dec(13,0)", "its own upper limit, 10^12, has 13 digits"),
    ("HSCT", "graft_cd3"): ("dec(6,3)", "its own lower limit, 0.001, has three places"),
}
TITLES = {
    "INF": ("CAR-T infusion", "what it defines is no part of its name"),
    "HSCT": ("Haploidentical transplantation", "what it defines is no part of its name"),
}
ALWAYS_ASKED: dict[Place, str] = {
    ("RESP", "resp_gate"): "the gate is derived on every page, and is closed outside T0 < d <= H0",
    ("HSCT", "hsct_done"): "its visit is there from T0 on, so the page itself is the condition",
}
HARD_ELSEWHERE: dict[Place, str] = {
    ("ELIG", "icf_main_signed"): "refused by the save of any other page (X-ELIG-01)",
    ("ELIG", "icf_hsct_signed"): "X-HSCT-01, on the day of the graft",
    ("ELIG", "screen_no"): "derived from the subject's code, which is unique",
    ("ELIG", "inc08_organ"): "X-ELIG-08, with the laboratory form",
    ("ELIG", "waiver"): "with the form of deviations",
    ("DX", "fusion_genes"): "exclusive answers belong to the type of the item",
    ("DX", "mutations"): "exclusive answers belong to the type of the item",
    ("INF", "inf_premed"): "the list offers no steroid",
    ("FU", "fu_second_ca"): "with the form of adverse events",
    ("FU", "fu_new_ae"): "with the form of adverse events",
    ("DTH", "dth_primary"): "X-DTH-02 is soft",
}
SOFT_ELSEWHERE: dict[Place, str] = {
    ("DM", "birth_date"): "the age at consent carries it",
    ("RESP", "resp_plt"): "with the forms of laboratory and transfusions",
    ("HSCT", "hsct_start_dt"): "X-HSCT-03 of the interval, 10 to 32 d, is narrower",
    ("DTH", "dth_nrm"): "taken in by X-DTH-02",
}
HARD_ADDED: dict[Place, str] = {
    ("ELIG", "signed_in_source_on"): "not before consent",
    ("HSCT", "hsct_source"): "a multiple choice that is required has an answer",
    ("HSCT", "gvhdp_agents"): "a multiple choice that is required has an answer",
    ("RLP", "rlp_site"): "a multiple choice that is required has an answer",
}
SOFT_ADDED: dict[Place, str] = {
    ("FU", "fu_new_ae"): "asks for the event until its form is there",
}


def specified_forms() -> list[type[FormRow]]:
    """Those of `specification.json`."""
    return [model for model in declared_forms() if model.form.code in FORMS]


def ours(form: str) -> dict[str, Item]:
    return {item.name: item for item in form_model(form).items()}


def pairs() -> Iterator[tuple[Place, Item, dict[str, str]]]:
    """Each item of the specification with our declaration of it."""
    for (form, name), specified in SPECIFIED.items():
        yield (form, name), ours(form)[name], specified


def in_english(text: Any) -> str:
    with translation.override("en"):
        return str(text)


# --- forms ----------------------------------------------------------------------------------------------
def test_the_forms_are_those_of_the_specification_in_the_order_of_the_protocol() -> None:
    declared = [model.form.code for model in declared_forms()]
    assert set(FORMS) <= set(declared)
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
    assert starts[0] == names[0]
    assert [names.index(name) for name in starts] == sorted(names.index(name) for name in starts)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_dated_by_a_date_of_its_own(form: str) -> None:
    dated_by = form_model(form).form.dated_by
    assert not dated_by or ours(form)[dated_by].type_name in ("date", "datetime", "pdate")


def test_what_may_be_saved_before_consent_is_consent_itself_and_demographics() -> None:
    assert {model.form.code for model in declared_forms() if model.form.before_consent} == {
        "ELIG",
        "DM",
        "PTHER",
        "PTX",
        "PCAR",
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


@pytest.mark.parametrize(("key", "attribute"), [("unit", "unit"), ("cdisc", "cdisc")])
def test_items_have_the_units_and_targets_of_the_specification(key: str, attribute: str) -> None:
    assert [
        place for place, item, specified in pairs() if getattr(item.declared, attribute) != specified[key]
    ] == []


def test_items_are_required_as_in_the_specification() -> None:
    assert [
        (place, item.declared.requirement.value)
        for place, item, specified in pairs()
        if item.declared.requirement.value != specified["requirement"]
    ] == []


def test_items_are_conditional_where_the_specification_says_so() -> None:
    different = {
        place for place, item, specified in pairs() if item.is_always_asked != (specified["when"] == "always")
    }
    assert different == set(ALWAYS_ASKED)


@pytest.mark.parametrize(
    ("key", "elsewhere", "added"),
    [("hard", HARD_ELSEWHERE, HARD_ADDED), ("soft", SOFT_ELSEWHERE, SOFT_ADDED)],
)
def test_items_have_limits_where_the_specification_has(
    key: str, elsewhere: dict[Place, str], added: dict[Place, str]
) -> None:
    limited = {
        (model.form.code, item.name)
        for model in specified_forms()
        for item in model.items()
        if getattr(item.declared, key)
    }
    specified = {place for place, item in SPECIFIED.items() if item[key]}
    assert specified - limited == set(elsewhere)
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
}


@pytest.mark.requirement("DI-07")
@pytest.mark.parametrize(("limits", "allowed"), [case for case in numeric_cases() if case.id not in IN_WORDS])
def test_a_numeric_limit_is_that_of_the_specification(limits: tuple[Limit, ...], allowed: tuple) -> None:
    assert allowed in numbers_of(limits)


def test_every_limit_that_is_told_in_words_is_one_of_the_specification() -> None:
    assert set(IN_WORDS) <= {case.id for case in numeric_cases()}


# --- edit checks ----------------------------------------------------------------------------------------
def numbered_limits() -> Iterator[tuple[Place, Severity, Limit]]:
    for model in specified_forms():
        for item in model.items():
            for severity, limits in (
                (Severity.HARD, item.declared.hard),
                (Severity.SOFT, item.declared.soft),
            ):
                for limit in limits:
                    if limit.check:
                        yield (model.form.code, item.name), severity, limit


@pytest.mark.requirement("DI-07")
def test_every_numbered_limit_is_an_edit_check_of_the_specification_with_its_severity() -> None:
    severities = {Severity.HARD: "H", Severity.SOFT: "S"}
    wrong = [
        (place, limit.check, severity)
        for place, severity, limit in numbered_limits()
        if SPECIFICATION["checks"].get(limit.check) != severities[severity]
    ]
    assert wrong == []


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


# --- what items look at ---------------------------------------------------------------------------------
@pytest.mark.parametrize("form", FORMS)
def test_a_rule_looks_only_at_what_there_is_or_will_be(form: str) -> None:
    """An operand is an item of the row, or of another form: of one that is declared, an item that it has."""
    for item in ours(form).values():
        sources = item.declared.derivation.sources if item.declared.derivation else ()
        for operand in (*item.operands(), *sources):
            other, _, name = operand.rpartition(".")
            if (not other and operand in FORM_ORDER) or name == "*":
                continue
            other = other or form
            assert other in FORM_ORDER, (item.name, operand)
            if other in FORMS:
                assert name in ours(other), (item.name, operand)


def test_a_derived_item_has_a_formula_and_no_other_has_one() -> None:
    for model in declared_forms():
        for item in model.items():
            assert item.is_derived == bool(item.declared.derivation), item.name


def test_an_item_that_waits_for_a_form_waits_for_one_that_is_not_there() -> None:
    waiting = {
        item.declared.waits_for
        for model in specified_forms()
        for item in model.items()
        if item.declared.waits_for
    }
    declared = {model.form.code for model in declared_forms()}
    assert waiting - declared == {"CODING", "KIN", "LABORATORY", "VS"}


def test_the_birth_date_alone_identifies_a_person() -> None:
    identifying = [(m.form.code, i.name) for m in declared_forms() for i in m.items() if i.declared.identity]
    assert identifying == [("DM", "birth_date")]
