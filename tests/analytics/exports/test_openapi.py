"""The OpenAPI document: valid, complete, and the one that is committed."""

import json
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from analytics.exports.document import openapi

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "openapi.json"
PROBLEM = "application/problem+json"
BY_TOKEN = {"401", "403", "429"}


def test_the_document_is_valid() -> None:
    validate(openapi(), cls=OpenAPIV31SpecValidator)
    assert openapi()["openapi"] == "3.1.1"


def test_the_committed_document_is_that_of_the_code() -> None:
    """`make openapi` writes it anew."""
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == json.loads(json.dumps(openapi()))


def test_each_call_says_how_it_refuses_and_what_it_is() -> None:
    for path, methods in openapi()["paths"].items():
        for method, call in methods.items():
            answers = call["responses"]
            refused = {code for code, answer in answers.items() if PROBLEM in answer.get("content", {})}
            assert call["description"], path
            if {"token": []} in call["security"]:
                assert all(one.get("description") for one in call.get("parameters", [])), path
                wanted = BY_TOKEN | ({"404"} if "{" in path else {"400"})
                assert wanted <= refused, (path, method)
            else:
                assert {"401", "403", "404", "422"} - ({"422"} if method == "get" else set()) <= refused, path


@pytest.mark.parametrize("word", ["birth_date", "full_name", "hospital_number"])
def test_the_document_names_nothing_that_identifies(word: str) -> None:
    assert word not in COMMITTED.read_text(encoding="utf-8")
