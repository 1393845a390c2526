"""What is always compared with its source, and which pages are drawn for the rest."""

from collections import Counter
from fnmatch import fnmatchcase

import pytest

from patients.casebook.form import form_model
from patients.casebook.header import HEADER
from patients.casebook.page import Page, Subject, Visit
from patients.oversight.verification_plan import CRITICAL, DRAWN_FROM, draw_of, drawn_below, is_critical
from trial.protocol.visits import visit_type

CASES = [
    ("ELIG", "SCR", "icf_main_dt", True),
    ("ELIG", "SCR", "exc09_other", True),
    ("ELIG", "SCR", "icf_language", False),
    ("INF", "INF", "inf_weight", True),
    ("INF", "INF", "inf_volume", False),
    ("RESP", "C28", "mrd_value", True),
    ("RESP", "HM6", "mrd_value", False),
    ("RESP", "C28", "mol_marker", False),
    ("CHIM", "HM1", "chim_donor_pct", True),
    ("CHIM", "HM3", "chim_donor_pct", False),
    ("CHIM", "HM1", "form_date", True),
    ("CHIM", "HM3", "form_date", False),
    ("RESP", "C28", "form_date", False),
    ("SAE", "", "form_date", True),
    ("AGVHD", "UNS1", "ag_stool_ml", True),
    ("SAE", "", "sae_aware_dt", True),
    ("SAE", "", "sae_narrative", False),
    ("LAB", "C14", "lab_result", False),
]


@pytest.mark.parametrize(("form", "visit", "item", "critical"), CASES)
def test_a_value_is_critical_as_the_specification_names_it(
    form: str, visit: str, item: str, critical: bool
) -> None:
    assert is_critical(form, visit, item) is critical


@pytest.mark.parametrize("form", CRITICAL)
def test_every_name_in_the_plan_is_that_of_an_item_and_every_visit_one_of_the_protocol(form: str) -> None:
    names = [*HEADER, *(item.name for item in form_model(form).items())]
    for pattern in CRITICAL[form].items:
        assert any(fnmatchcase(name, pattern) for name in names), pattern
    for visit in CRITICAL[form].visits:
        assert visit_type(visit).code == visit


def a_page(subject: int, visit: str, form: str) -> Page:
    found = Subject(code=f"HZ01-{subject:03}")
    return Page(subject=found, visit=Visit(subject=found, code=visit), form_code=form)


def test_the_draw_is_the_same_each_time_and_differs_by_page() -> None:
    pages = [
        a_page(1, "C28", "RESP"),
        a_page(2, "C28", "RESP"),
        a_page(1, "HM1", "RESP"),
        a_page(1, "C28", "VS"),
    ]
    numbers = [draw_of(page) for page in pages]
    assert numbers == [draw_of(page) for page in pages]
    assert len(set(numbers)) == 4
    assert all(0 <= number < DRAWN_FROM for number in numbers)


@pytest.mark.django_db
def test_of_many_pages_the_stated_share_is_drawn_of_every_subject() -> None:
    """The share of the configuration is one in five; of 200 pages of a subject that is 40, give or take."""
    assert drawn_below() == DRAWN_FROM // 5
    drawn = Counter(
        subject
        for subject in range(1, 51)
        for number in range(200)
        if draw_of(a_page(subject, f"C{number}", "LAB")) < drawn_below()
    )
    assert abs(sum(drawn.values()) - 2000) < 120  # three standard deviations of 10,000 draws
    assert set(drawn) == set(range(1, 51))
    assert all(20 <= count <= 62 for count in drawn.values())
