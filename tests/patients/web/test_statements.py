"""How many statements a page over HTTP sends, shown and saved, with the session, the person and all that
follows."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from patients.casebook.form import form_model
from patients.casebook.page import Page, Subject
from tests.counts import told
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from tests.trial.trail.faults import counted

MOST = 15  # of a page with 30 items, transactions not counted
MOST_TO_SHOW = 8


def sent_by_saving(client: Client, page: Page, **typed: str) -> list[str]:
    url = reverse("page", args=[page.pk])
    form = form_of(client.get(url), **typed)
    with counted() as sent:
        assert client.post(url, form).status_code == 302
    return [sql for sql in sent if not sql.startswith(("SAVEPOINT", "RELEASE"))]


def test_a_page_of_thirty_items_is_shown_by_few_statements(
    desk: Client, response_page: Page, record_property: Callable[[str, object], None]
) -> None:
    url = reverse("page", args=[response_page.pk])
    for state in ("empty", "saved"):
        with counted() as sent:
            assert desk.get(url).status_code == 200
        told(record_property, f"RESP, {state}, shown", SQL=len(sent))
        assert len(sent) <= MOST_TO_SHOW, "\n".join(sent)
        answers = {"resp_dt": "2025-05-20", "bm_done": "Y", "bm_blast": "61.5"}
        people.save(response_page, answers, {"form_date": "2025-05-20"})


def test_a_page_of_thirty_items_is_saved_in_few_statements(
    desk: Client, response_page: Page, record_property: Callable[[str, object], None]
) -> None:
    assert len(form_model("RESP").items()) >= 30
    first = sent_by_saving(desk, response_page, resp_dt="2025-05-20", bm_done="Y", form_date="2025-05-20")
    told(record_property, "RESP, saved", SQL=len(first))
    assert len(first) <= MOST, "\n".join(first)


@pytest.mark.requirement("DI-02")
def test_a_draft_and_the_answer_to_the_request_are_among_them(desk: Client, response_page: Page) -> None:
    url = reverse("page", args=[response_page.pk])
    typed = form_of(desk.get(url), resp_dt="2025-05-20", bm_done="Y", form_date="2025-05-20")
    assert desk.post(f"{url}draft/", typed).status_code == 200
    sent = sent_by_saving(desk, response_page)
    assert len(sent) <= MOST, "\n".join(sent)
    assert [sql.split()[:3] for sql in sent[-2:]] == [
        ["DELETE", "FROM", '"patients_keptdraft"'],
        ["INSERT", "INTO", '"patients_answeredrequest"'],
    ]


def test_earlier_visits_and_other_subjects_add_none(
    desk: Client, subject: Subject, response_page: Page
) -> None:
    few = sent_by_saving(desk, response_page, resp_dt="2025-05-20", form_date="2025-05-20")
    people.infuse(subject)
    people.a_subject("HZ01-002", infused=True)
    page = people.page_of(subject, "RESP", "C28")
    more = sent_by_saving(desk, page, resp_dt="2025-07-05", form_date="2025-07-05")
    assert len(more) <= len(few), "\n".join(more)


def test_more_rows_of_a_page_are_shown_by_no_more_statements(desk: Client, subject: Subject) -> None:
    """Each result is read against the range of its laboratory."""
    page = people.page_of(subject, "LAB", "SCR")

    def shown() -> list[str]:
        with counted() as sent:
            assert desk.get(page.get_absolute_url()).status_code == 200
        return sent

    numbers = []
    for test in ("WBC", "PLAT", "NEUT", "LYM"):
        answers = {"lab_dt": "2025-05-20 07:30", "lab_test": test, "lab_value": "3", "lab_unit": "10^9/L"}
        people.save(page, answers | {"lab_name": "HZ-LAB"}, {"form_date": "2025-05-20"}, row=test)
        numbers.append(len(shown()))
    assert len(set(numbers)) == 1
    assert numbers[0] <= MOST_TO_SHOW, "\n".join(shown())
