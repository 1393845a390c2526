"""The screens about the study: configuration, dictionary, what is due."""

import csv
import io
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from patients.casebook.dictionary_sheet import COLUMNS
from patients.casebook.form import declared_forms
from patients.casebook.page import Subject
from tests.patients.web import people
from trial.people.roles import Role
from trial.protocol.configuration import SETTINGS
from trial.protocol.configuring import configure

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]


def text_of(client: Client, name: str, *args: str, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


# --- configuration ---------------------------------------------------------------------------------------
def test_every_value_is_listed_and_those_from_memory_await_confirmation(desk: Client) -> None:
    shown = text_of(desk, "configuration")
    for key in SETTINGS:
        assert f'id="{key}"' in shown
    awaiting = sum(declared.awaiting_confirmation for declared in SETTINGS.values())
    assert f"{awaiting} values await confirmation." in shown
    assert "not the protocol" in shown


def test_an_approved_value_says_who_approved_it_and_awaits_no_more(desk: Client) -> None:
    configure("cd7_min", "30", reason="Protocol 1.1, section 4", approver="Prof. Wang", by=people.SETUP)
    line = text_of(desk, "configuration").split('id="cd7_min"')[1].split("</tr>")[0]
    assert ">30<" in line
    assert "Prof. Wang" in line
    assert "Protocol 1.1, section 4" in line
    assert "awaiting" not in line


def test_earlier_versions_stay_in_sight(desk: Client) -> None:
    for value in ("30", "40"):
        configure("cd7_min", value, reason=f"because {value}", approver="Prof. Wang", by=people.SETUP)
    line = text_of(desk, "configuration").split('id="cd7_min"')[1].split("</tr>")[0]
    assert ">40<" in line
    assert "because 30" in line


def test_a_version_is_dated_by_the_day_at_the_site_and_holds_from_then_on(desk: Client) -> None:
    for value, approver, day in (("30", "Prof. Wang", "2025-01-01"), ("30", "Dr. Li", "2099-01-01")):
        begins = datetime.fromisoformat(f"{day}T00:00+08:00")
        given: dict[str, Any] = {"approver": approver, "by": people.SETUP, "in_force_from": begins}
        configure("cd7_min", value, reason="Protocol 1.1, section 4", **given)
    line = text_of(desk, "configuration").split('id="cd7_min"')[1].split("</tr>")[0]
    assert "Prof. Wang, 2025-01-01" in line
    assert "version 2: 30 from 2099-01-01, Dr. Li" in line


# --- dictionary ------------------------------------------------------------------------------------------
def test_the_dictionary_lists_every_form(desk: Client) -> None:
    shown = text_of(desk, "dictionary")
    for model in declared_forms():
        assert reverse("dictionary", args=[model.form.code]) in shown


@pytest.mark.parametrize("form", [model.form.code for model in declared_forms()])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_form_shows_all_its_items(desk: Client, form: str, language: str) -> None:
    response = desk.get(reverse("dictionary", args=[form]), headers={"Accept-Language": language})
    shown = response.content.decode()
    model = next(each for each in declared_forms() if each.form.code == form)
    assert [item.name for item in model.items() if f'id="{item.name}"' not in shown] == []


def test_what_is_declared_in_words_follows_the_language(desk: Client) -> None:
    """Conditions, formulas, types, units and severities."""
    address = reverse("dictionary", args=["LAB"])
    english = desk.get(address).content.decode()
    chinese = desk.get(address, headers={"Accept-Language": "zh-hans"}).content.decode()
    for shown, words in (
        (english, ("lab_status=done or below_detection", "value * factor of the unit", "choice", "soft")),
        (chinese, ("lab_status=done 或 below_detection", "数值 * 单位换算系数", "单选", "软性")),
    ):
        assert [text for text in words if text not in shown] == []
        assert not any(f'muted">{always}<' in shown for always in ("always", "始终"))


def test_a_form_that_is_not_there_is_not_found(desk: Client) -> None:
    assert desk.get(reverse("dictionary", args=["NONE"])).status_code == 404


def test_the_sheet_has_a_line_for_each_item(desk: Client) -> None:
    sheet = list(csv.reader(io.StringIO(text_of(desk, "dictionary-sheet").removeprefix("\ufeff"))))
    assert tuple(sheet[0]) == COLUMNS
    assert len(sheet) - 1 == sum(len(model.items()) for model in declared_forms())


def test_the_annotated_casebook_can_be_had_from_the_dictionary(desk: Client) -> None:
    response = desk.get(reverse("blank-casebook"))
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")


def test_a_form_can_be_printed_blank_from_its_page_in_the_dictionary(desk: Client) -> None:
    url = reverse("blank-form", args=["RESP"])
    assert url in text_of(desk, "dictionary", "RESP")
    response = desk.get(url)
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")
    assert desk.get(reverse("blank-form", args=["NONE"])).status_code == 404


# --- due -------------------------------------------------------------------------------------------------
def test_what_is_due_on_a_day_is_listed_with_how_late_it_is(desk: Client) -> None:
    people.a_subject("HZ01-002", infused=True)
    shown = text_of(desk, "due", on="2025-08-20")
    line = next(row for row in shown.split("<tr>") if "HZ01-002" in row and ">C60<" in row and "RESP" in row)
    assert "Overdue by more than 7 days" not in line
    assert '<td class="num-col">7</td>' in line
    assert ">C90<" not in shown


def test_nothing_of_another_site_is_listed(subject: Subject) -> None:
    people.a_subject("HZ02-001", infused=True)
    other = people.signed_in(people.a_member(Role.COORDINATOR, "HZ01", name="an.other"))
    assert "HZ02-001" not in text_of(other, "due", on="2025-08-20")


def test_a_day_that_is_none_is_refused(desk: Client) -> None:
    assert desk.get(reverse("due"), {"on": "tomorrow"}).status_code == 400


@pytest.mark.parametrize("name", ["configuration", "dictionary", "dictionary-sheet", "blank-casebook", "due"])
def test_who_may_not_read_a_casebook_sees_none_of_it(name: str) -> None:
    stranger = people.signed_in(people.a_member(Role.ACCOUNT_ADMINISTRATOR))
    assert stranger.get(reverse(name)).status_code == 403
    assert Client().get(reverse(name)).status_code == 302
