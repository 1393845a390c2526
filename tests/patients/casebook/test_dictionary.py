"""The dictionary says what the declarations say, in the language asked for."""

import pytest

from patients.casebook.dictionary import dictionary

pytestmark = pytest.mark.django_db  # the versions of the consent are a table


def test_a_check_of_a_row_stands_at_its_form_and_a_limit_at_its_item() -> None:
    form = dictionary()["forms"]["CRS"]
    (check,) = [one for one in form["checks"] if one["check"] == "X-CRS-10"]
    assert check == {
        "check": "X-CRS-10",
        "severity": "hard",
        "item": "crs_date",
        "message": "Daily row missing for %(day)s.",
        "looks_at": ["CRS.crs_date"],
    }
    assert {"rule": "38.0 or more", "check": "X-CRS-01"} in form["items"]["crs_fever"]["hard"]
