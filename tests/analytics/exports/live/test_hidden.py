"""The lists for a token of several sites with moved dates: of which site a subject is stands nowhere."""

import json

import pytest

from analytics.exports.naming import MERGED, pseudonym_of
from tests.analytics.exports.live.conftest import OTHER, OWN, Registry, a_token, get, walked
from trial.people.tokens import Dates

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("PV-04")]
LISTS = (
    "subjects", "visits", "pages", "items", "queries", "verifications", "signatures", "trail", "sync",
)  # fmt: skip


@pytest.fixture
def key(registry: Registry) -> str:
    return a_token(OWN, OTHER, dates=Dates.SHIFTED)


@pytest.mark.parametrize("name", LISTS)
def test_no_entry_names_a_subject_or_its_site(name: str, key: str) -> None:
    entries = walked(f"{name}?limit=1000", key)
    true = walked(f"{name}?limit=1000", a_token(OWN, OTHER))
    assert [one["subject"] and pseudonym_of(one["subject"]) for one in true] == [
        e["subject"] for e in entries
    ]
    assert {one["site"] for one in entries} == {MERGED}
    text = json.dumps(entries, ensure_ascii=False)
    assert not [code for code in (OWN, OTHER) if code in text]


def test_nobody_of_a_small_site_is_named(key: str) -> None:
    for entry in walked("trail?limit=1000", key):
        assert entry["actor_name"] in ("", "system") or entry["actor_name"].startswith("system:")
    assert {one["printed_name"] for one in walked("signatures", key)} == {""}


def test_what_is_asked_in_pseudonyms_is_found(key: str, registry: Registry) -> None:
    code = pseudonym_of(registry.died.code)
    found = walked(f"items?subject={code}&form=DM", key)
    assert found == [one for one in walked("items?form=DM", key) if one["subject"] == code] != []
    assert walked(f"pages?subject={registry.died.code}", key) == []
    assert len(walked(f"subjects?site={MERGED}", key)) == len(walked("subjects", key)) == 3
    assert walked(f"subjects?site={OTHER}", key) == []
    assert get("trail?actor=investigator", key).status_code == 400


def test_a_token_of_one_site_has_the_codes(registry: Registry) -> None:
    codes = [one["subject"] for one in walked("subjects", a_token(OWN, dates=Dates.SHIFTED))]
    assert registry.died.code in codes


def test_the_study_says_how_subjects_are_named(key: str) -> None:
    assert get("study", key).json()["token"]["subjects"] == "pseudonyms"
    assert get("study", a_token(OWN, OTHER)).json()["token"]["subjects"] == "codes"
