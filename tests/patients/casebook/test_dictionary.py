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
        "message": "Daily row missing for {day}.",
        "looks_at": ["CRS.crs_date"],
    }
    assert {"rule": "38.0 or more", "check": "X-CRS-01"} in form["items"]["crs_fever"]["hard"]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_message_shows_how_it_is_written(language: str) -> None:
    forms = dictionary(language)["forms"].values()
    said = [check["message"] for form in forms for check in form["checks"]]
    assert said
    assert [message for message in said if "%(" in message or "%%" in message] == []
