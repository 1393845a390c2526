"""What no honest program sends: every answer is a refusal, none is a defect (SE-05)."""

import json

import pytest
from django.test import Client

from patients.casebook.page import Page
from tests.patients.web.api.programs import address, problem, read, send
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SE-05")]


def with_text(text: str) -> str:
    """A request that saves a text, as a JSON string that is written as given."""
    return '{"base_version": 0, "rows": {"": {"mol_result": "' + text + '"}}}'


def nested(levels: int) -> str:
    return '{"base_version": 0, "rows": ' + "[" * levels + "]" * levels + "}"


UNREADABLE = {
    "empty": "",
    "blank": "  \n",
    "not json": "sex=F",
    "cut off": '{"base_version": 0',
    "two documents": "{} {}",
    "comment": "{} // note",
    "trailing comma": '{"base_version": 0,}',
    "single quotes": "{'base_version': 0}",
    "not utf-8": b'{"base_version": 0, "header": {"a": "\xff"}}',
    "utf-16": '{"base_version": 0}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "NaN": '{"base_version": NaN}',
    "Infinity": '{"base_version": Infinity}',
    "-Infinity": '{"base_version": -Infinity}',
    "NaN deep": '{"base_version": 0, "rows": {"": {"a": NaN}}}',
    "1e999": '{"base_version": 1e999}',
    "5,000 digits": '{"base_version": ' + "9" * 5000 + "}",
    "NUL": with_text("a\\u0000b"),
    "NUL in a name": '{"base_version": 0, "rows": {"\\u0000": {}}}',
    "raw NUL": with_text("a\0b"),
    "high surrogate": with_text("\\ud800"),
    "low surrogate": with_text("\\udc00x"),
    "surrogates the wrong way round": with_text("\\udc00\\ud800"),
    "surrogate in a name": '{"base_version": 0, "rows": {"\\ud83d": {}}}',
    "raw control character": with_text("a\x07b"),
    "a name twice": '{"base_version": 0, "base_version": 1}',
    "an item twice": '{"base_version": 0, "rows": {"": {"sex": "M", "sex": "F"}}}',
    "21 levels": nested(20),
    "10,000 levels": nested(10_000),
    "100,000 levels open": "[" * 100_000,
    "100,000 objects open": '{"a":' * 100_000,
}
MISSHAPEN = {
    "null": None,
    "list": [],
    "text": "rows",
    "number": 1,
    "true": True,
    "no version": {"rows": {}},
    "version null": {"base_version": None},
    "version text": {"base_version": "0"},
    "version true": {"base_version": True},
    "version half": {"base_version": 0.5},
    "version negative": {"base_version": -1},
    "version huge": {"base_version": 10**40},
    "version to come": {"base_version": 7},
    "unknown member": {"base_version": 0, "sign": True},
    "rows list": {"base_version": 0, "rows": []},
    "rows text": {"base_version": 0, "rows": "x"},
    "row text": {"base_version": 0, "rows": {"": "x"}},
    "row null": {"base_version": 0, "rows": {"": None}},
    "value number": {"base_version": 0, "rows": {"": {"bm_blast": 5}}},
    "value null": {"base_version": 0, "rows": {"": {"bm_blast": None}}},
    "value list": {"base_version": 0, "rows": {"": {"mol_marker": ["NPM1"]}}},
    "value object": {"base_version": 0, "rows": {"": {"bm_blast": {"$gt": ""}}}},
    "header list": {"base_version": 0, "header": []},
    "header number": {"base_version": 0, "header": {"form_date": 20250516}},
    "reasons list": {"base_version": 0, "reasons": []},
    "reason text": {"base_version": 0, "reasons": {"": {"sex": "because"}}},
    "reason member": {"base_version": 0, "reasons": {"": {"sex": {"why": "because"}}}},
    "reason number": {"base_version": 0, "reasons": {"": {"sex": {"code": 1}}}},
    "complete text": {"base_version": 0, "complete": "yes"},
    "complete number": {"base_version": 0, "complete": 1},
}
UNRECORDABLE = {
    "unknown item": {"": {"__class__": "x"}},
    "derived item": {"": {"cd7_relapse_resp": "Y"}},
    "key on a single form": {"1": {"bm_done": "Y"}},
    "long key": {"k" * 10_000: {"bm_done": "Y"}},
    "no code": {"": {"bm_done": "'; DROP TABLE trial_account; --"}},
    "5,000 digits": {"": {"bm_blast": "9" * 5000}},
    "exponent": {"": {"bm_blast": "1e400"}},
    "NaN as text": {"": {"bm_blast": "NaN"}},
    "date of no calendar": {"": {"resp_dt": "2025-02-30"}},
    "long text": {"": {"mol_result": "x" * 100_000}},
    "missing reason": {"": {"bm_blast__missing": "lost by the dog"}},
}


def test_what_cannot_be_read_or_has_another_shape_is_refused(desk: Client, response_page: Page) -> None:
    count = TrailEvent.objects.count()
    answered = {name: send(desk, response_page, body) for name, body in (UNREADABLE | MISSHAPEN).items()}
    assert {name: answer.status_code for name, answer in answered.items() if answer.status_code != 400} == {}
    assert len({problem(answer, 400)["request_id"] for answer in answered.values()}) == len(answered)
    assert TrailEvent.objects.count() == count


def test_what_cannot_be_recorded_is_refused(desk: Client, response_page: Page) -> None:
    for name, rows in UNRECORDABLE.items():
        told = problem(send(desk, response_page, {"base_version": 0, "rows": rows}), 422)
        assert told["findings"], name
    assert read(desk, response_page)["version"] == 0


def test_a_body_of_more_than_a_megabyte_is_refused(desk: Client, response_page: Page) -> None:
    body = with_text("x" * 1_000_001)
    problem(send(desk, response_page, body), 413)
    fits = with_text("x" * 900_000)
    problem(send(desk, response_page, fits), 422)


def test_twenty_levels_are_read(desk: Client, response_page: Page) -> None:
    assert "nested" not in problem(send(desk, response_page, nested(19)), 400)["detail"]
    assert "nested" in problem(send(desk, response_page, nested(20)), 400)["detail"]


def test_another_type_of_content_and_another_method_are_refused(desk: Client, response_page: Page) -> None:
    body = json.dumps({"base_version": 0})
    for kind in ("text/plain", "application/xml", "multipart/form-data; boundary=x", "x/y"):
        problem(desk.post(address(response_page), body, content_type=kind), 415)
    for method in (desk.put, desk.patch, desk.delete):
        problem(method(address(response_page)), 405)


def test_a_page_that_is_not_there_is_not_found(desk: Client) -> None:
    for number in ("0", "99999999999999999999999999", "-1", "x", "1%00"):
        assert desk.get(f"/api/v1/pages/{number}").status_code == 404, number


def test_strange_text_comes_back_as_it_was_sent(desk: Client, response_page: Page) -> None:
    text = "‮right to left‬ zero​width 𝔘 ﷽"
    body = {"base_version": 0, "rows": {"": {"mol_marker": "NPM1", "mol_result": text}}}
    answer = send(desk, response_page, body)
    assert answer.status_code in (200, 422)
    if answer.status_code == 200:
        assert read(desk, response_page)["rows"][""]["mol_result"] == text
