"""Medicines found by what a site writes, and doses of glucocorticoids as prednisolone."""

from decimal import Decimal

import pytest

from patients.forms.drugs import DRUGS, Group, drug_named, prednisolone_mg

WRITTEN = {
    "Prednisolone": "prednisolone",
    "醋酸泼尼松片 5mg": "prednisone",
    "醋酸泼尼松龙片": "prednisolone",
    "甲泼尼龙琥珀酸钠": "methylprednisolone",
    "注射用甲基泼尼松龙": "methylprednisolone",
    "methylprednisolone sodium succinate 40 mg": "methylprednisolone",
    "强的松龙": "prednisolone",
    "地塞米松磷酸钠注射液": "dexamethasone",
    "DEXAMETHASONE": "dexamethasone",
    "氢化可的松": "hydrocortisone",
    "托珠单抗(雅美罗)": "tocilizumab",
    "白消安": "busulfan",
    "TBI 2 Gy": "total body irradiation",
    "rATG (Thymoglobulin)": "antithymocyte globulin",
    "兔抗人T细胞免疫球蛋白": "antithymocyte globulin",
    "MMF胶囊": "mycophenolate",
    "CsA": "ciclosporin",
    "更昔洛韦": "ganciclovir",
    "缬更昔洛韦": "valganciclovir",
    "valganciclovir": "valganciclovir",
    "膦甲酸钠氯化钠注射液": "foscarnet",
}
UNKNOWN = ("", "meropenem", "utbid", "prednisolonex", "matgic", "氢可酮", "mmfx")


@pytest.mark.parametrize(("text", "name"), WRITTEN.items())
def test_a_medicine_is_found_by_its_names(text: str, name: str) -> None:
    found = drug_named(text)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_is_no_name_finds_nothing(text: str) -> None:
    assert drug_named(text) is None


def test_each_name_finds_its_own_medicine() -> None:
    names = [(name, drug) for drug in DRUGS for name in (drug.name, *drug.others)]
    assert [name for name, drug in names if drug_named(name) is not drug] == []
    assert len({name.casefold() for name, _drug in names}) == len(names)


@pytest.mark.parametrize(
    ("name", "mg", "prednisolone"),
    [
        ("prednisolone", "30", "30"),
        ("prednisone", "30", "30"),
        ("methylprednisolone", "40", "50"),
        ("hydrocortisone", "100", "25"),
        ("dexamethasone", "0.75", "5"),
        ("betamethasone", "1.5", "10"),
    ],
)
def test_a_dose_of_a_glucocorticoid_as_prednisolone(name: str, mg: str, prednisolone: str) -> None:
    drug = drug_named(name)
    assert drug is not None
    assert prednisolone_mg(drug, Decimal(mg)) == Decimal(prednisolone)


def test_glucocorticoids_alone_have_an_equivalent() -> None:
    assert {drug.name for drug in DRUGS if drug.equivalent_mg} == {
        drug.name for drug in DRUGS if drug.group is Group.STEROID
    }
