"""What a signature stands for: every value, and nothing that is empty."""

from datetime import date
from decimal import Decimal

import pytest

from patients.casebook.form import form_model
from patients.casebook.page import Page, Subject, Visit
from patients.oversight.content import content_of, digest_of
from trial.people.models import Site


def a_page(form: str = "ELIG", visit: str = "SCR", **header: object) -> Page:
    subject = Subject(code="HZ01-001", site=Site(code="HZ01"))
    return Page(subject=subject, visit=Visit(subject=subject, code=visit), form_code=form, **header)


def digest(page: Page, *rows: dict, version: str = "1.0") -> str:
    model = form_model(page.form_code)
    return digest_of(content_of(page, [model(page=page, **row) for row in rows], version))


def test_the_content_holds_values_units_and_reasons_and_leaves_out_what_is_empty() -> None:
    page = a_page(form_date=date(2025, 5, 16))
    row = form_model("ELIG")(page=page, lvef_pct=Decimal("66.9"), missing={"spo2_ra_pct": "not_done"})
    content = content_of(page, [row], "1.0")
    assert content["rows"][""] == {
        "lvef_pct": {"value": "66.9", "unit": "%"},
        "spo2_ra_pct": {"missing": "not_done"},
    }
    assert content["header"] == {"form_date": "2025-05-16"}
    assert (content["subject"], content["visit"], content["form"]) == ("HZ01-001", "SCR", "ELIG")


def test_an_identifying_item_stands_there_as_its_keyed_hash() -> None:
    page = a_page("DM")
    row = form_model("DM")(page=page, birth_date="f" * 64)
    assert content_of(page, [row], "1.0")["rows"][""]["birth_date"] == {"value": "f" * 64}


OTHERWISE = {
    "a value": (a_page(), {"lvef_pct": Decimal("66.8")}, "1.0"),
    "a reason for none": (a_page(), {"missing": {"lvef_pct": "not_done"}}, "1.0"),
    "another item": (a_page(), {"lvef_pct": Decimal("66.9"), "eligible": True}, "1.0"),
    "a row key": (a_page(), {"lvef_pct": Decimal("66.9"), "row_key": "2"}, "1.0"),
    "a header": (a_page(not_done=True), {"lvef_pct": Decimal("66.9")}, "1.0"),
    "a visit": (a_page(visit="UNS1"), {"lvef_pct": Decimal("66.9")}, "1.0"),
    "a version": (a_page(), {"lvef_pct": Decimal("66.9")}, "1.1"),
}


@pytest.mark.requirement("ES-03")
@pytest.mark.parametrize("what", OTHERWISE)
def test_whatever_differs_gives_another_hash(what: str) -> None:
    page, row, version = OTHERWISE[what]
    assert digest(page, row, version=version) != digest(a_page(), {"lvef_pct": Decimal("66.9")})


@pytest.mark.requirement("ES-03")
def test_the_order_of_rows_makes_no_difference() -> None:
    page, one, two = a_page("CM"), {"row_key": "1"}, {"row_key": "2", "missing": {"cm_name": "unknown"}}
    assert digest(page, one, two) == digest(page, two, one)
