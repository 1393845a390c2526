"""Code lists: codes that never change with the language, labels that do."""

import json
import re
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.casebook.form import declared_forms
from patients.casebook.header import FIELDS
from patients.forms.eligibility import ConsentVersions
from patients.items import codelists
from patients.items.codelists import Code, CodeList, choices, codes, slug
from patients.items.item import Item
from patients.items.problems import NotAnAnswer

SLUGS = {
    "relapse after allo-HSCT": "relapse_after_allo_hsct",
    "first CR lasting <=12 months": "first_cr_lasting_le12_months",
    ">=2 relapses": "ge2_relapses",
    "persistent MRD after 2+ lines": "persistent_mrd_after_2plus_lines",
    "< 5 %": "lt_5",
    "> 5": "gt_5",
    "testis/ovary": "testis_ovary",
    "G-CSF PBSC": "g_csf_pbsc",
    "T-ALL": "t_all",
    "  spaces  ": "spaces",
    "no: dry tap": "no_dry_tap",
    "other CD7+": "other_cd7plus",
    "IEC-HS": "iec_hs",
}


@pytest.mark.parametrize(("label", "code"), SLUGS.items())
def test_a_label_without_a_standard_value_becomes_its_slug(label: str, code: str) -> None:
    assert slug(label) == code


@pytest.mark.parametrize("label", SLUGS)
def test_the_slug_of_a_slug_is_itself(label: str) -> None:
    assert slug(slug(label)) == slug(label)


def test_the_language_of_the_declaration_does_not_change_the_code() -> None:
    with translation.override("zh-hans"):
        assert choices("x", _("Male"), "other").codes[0].code == "male"


def test_a_list_of_codes_shows_them_as_they_are() -> None:
    assert codes("deauville", "1", "X").labels == {"1": "1", "X": "X"}


def test_a_list_may_mix_labels_and_codes_with_labels_of_their_own() -> None:
    mixed = choices("cyto", "failed", Code("complex", "complex (>=3)"))
    assert mixed.labels == {"failed": "failed", "complex": "complex (>=3)"}


def test_a_code_is_read_and_anything_else_refused_with_the_codes() -> None:
    listed = codes("grade", "1", "2")
    assert listed.read("1") == "1"
    assert "1" in listed
    assert "3" not in listed
    with pytest.raises(NotAnAnswer, match="3 is not one of: 1, 2"):
        listed.read("3")


def items_with_codes() -> list[tuple[str, Item, CodeList]]:
    """Every item of every form, and of the common header, that is answered with codes."""
    items = [(model.form.code, item) for model in declared_forms() for item in model.items()]
    items += [("header", item) for _name, item, _column in FIELDS]
    found = []
    for form, item in items:
        for part in ("codes", "cells"):
            if isinstance(listed := getattr(item, part, None), CodeList):
                found.append((form, item, listed))
    return found


LISTS = {f"{form}.{listed.name}": listed for form, item, listed in items_with_codes()} | {
    name: listed for name, listed in vars(codelists).items() if isinstance(listed, CodeList)
}
FIXED = {name: listed for name, listed in LISTS.items() if not isinstance(listed, ConsentVersions)}
"""All but the consent versions, which the ethics committee adds to."""

AS_PUBLISHED = {
    *("=", "<=", ">="),
    *(f"{kin}, BIOLOGICAL" for kin in ("MOTHER", "FATHER", "SON", "DAUGHTER")),
    *(f"{kin}, {share}" for kin in ("BROTHER", "SISTER") for share in ("FULL", "HALF")),
}
"""Published codes with a sign that separates answers elsewhere; each belongs to a single choice."""

every_list = pytest.mark.parametrize("listed", FIXED.values(), ids=FIXED)


def test_there_are_lists_to_test() -> None:
    assert len(FIXED) > 50


@every_list
def test_the_codes_of_a_list_are_unique(listed: CodeList) -> None:
    found = [code.code for code in listed.codes]
    assert len(found) == len(set(found)) == len(listed.labels)


@every_list
def test_no_code_is_like_another_but_for_its_case(listed: CodeList) -> None:
    lowered = [code.code.lower() for code in listed.codes]
    # CR and CRh, CRi differ in more than case; Y and N are alone.
    assert len(lowered) == len(set(lowered))


@every_list
def test_every_code_fits_its_column_and_the_files(listed: CodeList) -> None:
    for code in listed.codes:
        assert 0 < len(code.code) <= 80
        assert code.code in AS_PUBLISHED or not re.search(r"[|=,\n\"]", code.code), code
        assert code.code == code.code.strip()
        assert not code.code.startswith("[")


@every_list
def test_the_labels_of_a_list_are_unique_and_not_empty(listed: CodeList) -> None:
    with translation.override("en"):
        labels = [str(label) for label in listed.labels.values()]
    assert all(labels)
    assert len(labels) == len(set(labels))


@every_list
def test_a_concept_of_the_thesaurus_is_written_as_one(listed: CodeList) -> None:
    written = re.compile(r"C\d{4,6}|NCBI \d+")  # organisms by the taxonomy
    assert [code for code in listed.codes if code.nci and not written.fullmatch(code.nci)] == []
    assert not listed.nci or written.fullmatch(listed.nci)


@every_list
def test_no_concept_of_the_thesaurus_stands_for_two_codes(listed: CodeList) -> None:
    concepts = [code.nci for code in listed.codes if code.nci]
    assert len(concepts) == len(set(concepts))


@pytest.mark.parametrize(
    "listed", [codelists.NY, codelists.SEX, codelists.RACE, codelists.RESP, codelists.CNS]
)
def test_labels_are_translated_when_they_are_read(listed: CodeList) -> None:
    assert [code for code in listed.codes if not isinstance(code.label, Promise)] == []


# --- the terminology ------------------------------------------------------------------------------------
SPECIFIED = json.loads((Path(__file__).parent / "codelists.json").read_text(encoding="utf-8"))
"""The code lists of the specification: the concepts of each list and of its codes, where they have one."""


@pytest.mark.parametrize("name", SPECIFIED)
def test_a_list_of_the_specification_is_complete_with_its_concepts(name: str) -> None:
    listed = getattr(codelists, name)
    assert {code.code: code.nci for code in listed.codes} == SPECIFIED[name]["codes"]
    assert listed.nci == SPECIFIED[name]["nci"]


def test_the_sites_offer_two_sexes_of_the_list() -> None:
    assert list(codelists.SEX_AT_SITES.labels) == ["M", "F"]
    assert (codelists.SEX_AT_SITES.name, codelists.SEX_AT_SITES.nci) == ("SEX", "C66731")


def test_an_offer_keeps_the_order_of_its_list() -> None:
    assert list(codelists.SEX.only("INTERSEX", "F").labels) == ["F", "INTERSEX"]


@every_list
def test_a_list_with_the_name_of_the_terminology_has_its_concept(listed: CodeList) -> None:
    assert listed.nci == codelists.TERMINOLOGY.get(listed.name, listed.nci)
