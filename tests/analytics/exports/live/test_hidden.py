"""The lists for a token of several sites with moved dates: of which site a subject is stands nowhere."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_django import DjangoAssertNumQueries

from analytics.exports.naming import MERGED, pseudonym_of
from tests.analytics.exports.live.conftest import OTHER, OWN, Registry, a_token, get, walked
from tests.analytics.exports.live.replica import Replica, of_lists
from tests.patients.entry import desk
from trial.people.tokens import Dates
from trial.trail.seals import seal_trail

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
    wanted = sorted(one["subject"] and pseudonym_of(one["subject"]) for one in true)
    assert [one["subject"] for one in entries] == wanted
    assert {one["site"] for one in entries} == {MERGED}
    text = json.dumps(entries, ensure_ascii=False)
    assert not [code for code in (OWN, OTHER) if code in text]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("limit", [1, 7])
def test_a_page_of_any_size_ends_where_the_next_begins(name: str, limit: int, key: str) -> None:
    if (name, limit) not in (("trail", 1), ("items", 1)):  # as many requests as there are acts
        assert walked(f"{name}?limit={limit}", key) == walked(f"{name}?limit=1000", key)


def test_no_number_tells_what_came_first(key: str) -> None:
    """Neither of a record, nor of an act, nor of the place where a page ends."""
    true = a_token(OWN, OTHER)
    for name in LISTS:
        numbered = walked(f"{name}?limit=1000", true)
        members = {"id", "page", "seq"} & numbered[0].keys()
        numbers = {str(one[member]) for one in numbered for member in members if one[member] is not None}
        marks = [one[member] for one in walked(f"{name}?limit=1000", key) for member in members]
        assert not numbers & {str(mark) for mark in marks}
        assert all(mark is None or re.fullmatch(r"[a-z]+-[A-Z2-7]{16}", mark) for mark in marks), name
        assert len(set(marks) - {None}) == len({(m, one[m]) for one in numbered for m in members if one[m]})
    places = [get(f"{name}?limit=1", key).json()["next"].split("~")[1] for name in ("pages", "trail", "sync")]
    assert len({len(place) for place in places}) == 1
    assert not re.search(r"(query|request|page|entry) \d", json.dumps(walked("trail?limit=1000", key)))


def test_what_belongs_to_a_page_names_it_as_the_pages_do(key: str) -> None:
    pages = {one["id"] for one in walked("pages?limit=1000", key)}
    for name in ("items", "verifications", "signatures"):
        assert {one["page"] for one in walked(f"{name}?limit=1000", key)} <= pages


def test_a_replica_misses_and_repeats_nothing(key: str, registry: Registry) -> None:
    """Each answer is from the same window of the ledger until its end, whatever is sealed meanwhile."""
    replica = Replica()
    assert replica.follow(lambda address: get(address, key).json())
    desk.save(registry.log, rows={"1": {"void": "Y"}, "3": {"ae_term": "cough"}}, why=desk.BECAUSE)
    desk.save(desk.page_of(registry.foreign, "ELIG"), {"icf_language": "en"}, why=desk.BECAUSE)
    seal_trail()
    while replica.follow(lambda address: get(address, key).json()):
        pass
    before = replica.standing
    while replica.follow(lambda address: get(address, key).json()):
        pass
    values, states = of_lists(walked("items?limit=1000", key), walked("pages?limit=1000", key))
    left_out = {place for place, value in values.items() if value == "[None]"}  # it would name a small site
    assert replica.standing == {place: values[place] for place in values.keys() - left_out} != before
    assert replica.states == states
    assert len(replica.seen) == len(set(replica.seen))
    assert not replica.follow(lambda address: get(address, key).json())
    assert len(replica.seen) == len(set(replica.seen))


def test_a_place_is_of_its_list_and_of_who_has_pseudonyms(key: str) -> None:
    place = parse_qs(urlsplit(get("pages?limit=1", key).json()["next"]).query)["cursor"][0]
    wrong = (
        (f"visits?cursor={place}", key),
        ("pages?cursor=17", key),
        (f"pages?cursor={place[:-9]}AAAAAAAAA", key),
    )
    for address, by in (*wrong, (f"pages?cursor={place}", a_token(OWN, OTHER))):
        answer = get(address, by)
        assert (answer.status_code, "no place in this list" in answer.json()["detail"]) == (404, True)


def test_a_page_of_many_subjects_takes_few_statements(
    key: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(2, 40):
        desk.a_subject(f"HZ02-{number:03}")
    with django_assert_max_num_queries(40):
        assert len(get("subjects", key).json()["entries"]) == 41


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
