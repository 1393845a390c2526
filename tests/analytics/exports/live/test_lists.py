"""The lists of live records, for a program that shows a token."""

import gzip
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator

from analytics.exports.disclosure import days_of
from analytics.exports.live.views import LISTS
from analytics.exports.problems import MEDIA_TYPE
from patients.casebook.form import declared_forms
from tests.analytics.exports.live.conftest import ASKED, OTHER, Registry, a_token, get, walked
from tests.patients.entry import desk
from trial.people.roles import Permission
from trial.people.tokens import Dates
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db
NAMES = [listed.name for listed in LISTS]
OF_SUBJECTS = [name for name in NAMES if name not in ("sites", "snapshots")]


@pytest.fixture
def key(registry: Registry) -> str:
    """A token that may have everything of its site."""
    return a_token()


def test_a_list_is_the_same_in_small_pages_and_in_large_ones(key: str) -> None:
    for name in NAMES:
        whole = walked(f"{name}?limit=1000", key)
        assert walked(f"{name}?limit=7", key) == whole, name
        assert len(whole) == len({json.dumps(entry) for entry in whole}), name
        assert whole or name == "snapshots"


def test_what_is_answered_is_what_the_document_says(key: str) -> None:
    document = get("schema", key).json()
    for name in (*NAMES, "study", "dictionary"):
        said = document["paths"][f"/api/v1/{name}"]["get"]["responses"]["200"]["content"]
        shape = said["application/json"]["schema"]
        content = get(name, key).json()
        Draft202012Validator({**shape, "components": document["components"]}).validate(content)
        for entry in content.get("entries", [])[:1]:
            (listed,) = (one for one in LISTS if one.name == name)
            assert list(entry) == list(listed.entry().fields), name


def test_a_page_takes_as_many_statements_whatever_is_on_it(key: str) -> None:
    for name in NAMES:
        counted = []
        for limit in (2, 1000):
            with CaptureQueriesContext(connection) as queries:
                get(f"{name}?limit={limit}", key)
            counted.append(len(queries))
        assert counted[0] == counted[1] <= 16, (name, counted)


@pytest.mark.requirement("AC-02")
def test_a_list_holds_what_is_of_the_sites_of_the_token(registry: Registry, key: str) -> None:
    foreign = a_token(OTHER)
    for name in OF_SUBJECTS:
        own, other = walked(name, key), walked(name, foreign)
        assert {entry["site"] for entry in own} == {"HZ01"}, name
        assert {entry["site"] for entry in other} <= {"HZ02"}, name
        assert walked(f"{name}?subject={registry.died.code}", foreign) == []
        assert walked(f"{name}?site=HZ01", foreign) == []
    assert [entry["site"] for entry in walked("sites", foreign)] == ["HZ02"]


def stored(code: str) -> Iterator[tuple[str, str, str, str, str]]:
    """What stands in the tables of the forms of a subject, read without the lists."""
    for model in declared_forms():
        for row in model.objects.filter(page__subject__code=code).select_related("page__visit"):
            for item in model.items():
                text, missing = item.text(getattr(row, item.name)), row.missing.get(item.name, "")
                if (text or missing) and not item.declared.identity:
                    yield model.form.code, row.page.visit_code, row.row_key, item.name, text or f"[{missing}]"


def values(code: str, key: str, more: str = "") -> dict[tuple[str, str, str, str], Any]:
    return {
        (one["form"], one["visit"], one["row"], one["item"]): one["value"] or f"[{one['missing']}]"
        for one in walked(f"items?subject={code}{more}", key)
    }


def test_the_values_are_those_that_stand_in_the_forms(registry: Registry, key: str) -> None:
    for code in (registry.died.code, registry.locked.code):
        assert values(code, key) == {tuple(place): value for *place, value in stored(code)}
    events = walked("items?form=AE", key)
    assert {one["row"] for one in events} == {"1"}  # the other was entered by mistake
    (fever,) = (one for one in events if one["item"] == "ae_term")
    assert (fever["value"], fever["unit"], fever["missing"], fever["version"]) == ("fever", "", None, 1)
    assert (fever["page"], fever["derived"]) == (registry.log.pk, False)


# --- what the token may have --------------------------------------------------------------------------------
@pytest.mark.requirement("PV-04")
def test_days_and_moments_are_moved_by_the_days_of_the_subject(registry: Registry, key: str) -> None:
    code, moved = registry.died.code, a_token(dates=Dates.SHIFTED)
    back = timedelta(days=days_of(code))
    true, told = values(code, key), values(code, moved)
    assert true.keys() == told.keys()
    assert told["DTH", "ENDv", "", "dth_dt"] == str(date.fromisoformat(desk.DIED) - back)
    assert told["AE", "", "1", "ae_start"] == str(date(2024, 1, 1) - back)[:7]
    moment = ("ELIG", "SCR", "", "icf_main_dt")
    assert told[moment] == str(date.fromisoformat(desk.CONSENT) - back) + true[moment][10:]
    assert told["AE", "", "1", "ae_term"] == true["AE", "", "1", "ae_term"]
    for name in OF_SUBJECTS:
        before, after = (days_in(walked(f"{name}?subject={code}", one)) for one in (key, moved))
        assert after == [str(date.fromisoformat(day) - back) for day in before], name
    (asked,) = walked(f"queries?subject={code}&item=hctci", moved)
    earlier = str(date(2024, 1, 7) - back)
    assert asked["text"] == f"Was the visit of {earlier} or the one of [date] meant?"
    assert walked(f"queries?subject={code}&item=hctci", key)[0]["text"] == ASKED


def days_in(entries: list[dict[str, Any]]) -> list[str]:
    return re.findall(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)", json.dumps(entries))


@pytest.mark.requirement("PV-05")
def test_genetic_data_leave_under_a_filing_alone(registry: Registry, key: str) -> None:
    code, without = registry.died.code, a_token(filing="")
    place = ("DX", "SCR", "", "karyotype_iscn")
    assert values(code, key)[place] == "46,XY[20]"
    assert place not in values(code, without)
    for name in OF_SUBJECTS:
        assert "46,XY" not in json.dumps(walked(f"{name}?subject={code}", without)), name
    for address, has in ((f"queries?item={place[-1]}", "text"), ("trail?form=DX", "changes")):
        assert "46,XY" in json.dumps([one[has] for one in walked(address, key)])
    (asked,) = walked(f"queries?item={place[-1]}", without)
    assert (asked["text"], asked["thread"][0]["text"]) == (None, None)
    assert "DX.karyotype_iscn" in get("study", without).json()["token"]["withheld"]


@pytest.mark.requirement("AC-03")
@pytest.mark.requirement("CP-03")
def test_nothing_says_who_a_subject_is(registry: Registry) -> None:
    """Whatever the token carries: the day of birth stands in DM, under its keyed hash in row and trail."""
    everything = a_token(rights=list(Permission))
    mark = desk.row_of(desk.page_of(registry.died, "DM")).birth_date
    for name in NAMES:
        texts = json.dumps(walked(name, everything))
        assert desk.BORN not in texts
        assert mark not in texts, name


@pytest.mark.requirement("AC-13")
def test_a_list_takes_its_permission(registry: Registry) -> None:
    for listed in LISTS:
        rights = [right for right in Permission if right is not listed.permission]
        refused = get(listed.name, a_token(rights=rights))
        assert refused.status_code == (200 if listed.permission is None else 403), listed.name
        assert get(listed.name, "0" * 32).status_code == 401


# --- what is asked ------------------------------------------------------------------------------------------
FITTING = {
    "sites?site=HZ01": ("site", "HZ01"),
    "subjects?subject=HZ01-002": ("subject", "HZ01-002"),
    "visits?state=open&visit=SCR,C0": ("state", "open"),
    "pages?form=DM": ("form", "DM"),
    "pages?state=locked": ("state", "locked"),
    "items?form=AE&item=ae_term": ("item", "ae_term"),
    "items?visit=ENDv": ("visit", "ENDv"),
    "items?row=1": ("row", "1"),
    "queries?state=open": ("state", "open"),
    "queries?item=hctci": ("item", "hctci"),
    "verifications?state=standing": ("state", "standing"),
    "signatures?state=standing": ("state", "standing"),
    "trail?action=page.saved": ("action", "page.saved"),
    "trail?form=AE": ("form", "AE"),
    "sync?form=AE&subject=HZ01-001": ("form", "AE"),
}


@pytest.mark.parametrize("address", FITTING)
def test_a_filter_keeps_what_fits(key: str, address: str) -> None:
    member, value = FITTING[address]
    name = address.partition("?")[0]
    found = walked(address, key)
    assert {entry[member] for entry in found} == {value}
    assert len(found) <= len(walked(name, key))


def test_the_members_that_are_named_are_told(key: str) -> None:
    (page,) = walked("pages?form=DTH&fields=state,subject", key)
    assert page == {"state": "in_progress", "subject": "HZ01-001"}


REFUSED = {
    "pages?colour=red": "colour",
    "pages?state=lost": "lost",
    "pages?form=NONE": "NONE",
    "pages?fields=hidden": "hidden",
    "pages?fields=": "fields",
    "pages?limit=0": "limit",
    "pages?limit=1001": "limit",
    "pages?limit=ten": "limit",
    "pages?limit=٣": "limit",
    "pages?subject=": "subject",
    "pages?subject=a%00b": "subject",
    "pages?subject=%27%20OR%201=1": "subject",
    "pages?subject=%F0%9F%A7%AC": "subject",
    "pages?subject=" + "x" * 200: "subject",
    "pages?subject=" + ",".join(["A"] * 101): "subject",
    "pages?site=A&site=B": "site",
    "pages?cursor=": "cursor",
    "pages?cursor=-1": "cursor",
    "pages?cursor=99999999999999999999": "cursor",
    "pages?cursor=../../etc/hosts": "cursor",
    "pages?cursor=1;DROP": "cursor",
    "pages?format=xml": "format",
    "items?cursor=7": "cursor",
    "items?cursor=NONE.7": "cursor",
    "items?cursor=AE.": "cursor",
    "sync?after=-1": "after",
    "sync?after=1.5": "after",
    "sync?cursor=1": "cursor",
    "trail?after_seq=x": "after_seq",
    "dictionary?language=fr": "fr",
    "dictionary?limit=1": "limit",
    "study?site=HZ01": "site",
    "locks?site=HZ01": "site",
}


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_not_there_is_refused_in_a_sentence_that_names_it(key: str, address: str) -> None:
    refused = get(address, key)
    assert (refused.status_code, refused.headers["Content-Type"]) == (400, MEDIA_TYPE)
    assert REFUSED[address] in refused.json()["detail"]
    assert refused.json()["detail"].endswith(".")
    assert refused.json()["status"] == 400


def test_a_place_beyond_the_end_is_the_end(key: str) -> None:
    for address in (
        "pages?cursor=999999999999",
        "items?cursor=AE.999999999999&form=AE",
        "sync?after=99999",
    ):
        answer = get(address, key).json()
        assert (answer["entries"], answer["next"]) == ([], None)


# --- how it is answered -------------------------------------------------------------------------------------
def test_an_answer_is_known_again_compressed_and_kept_nowhere(key: str) -> None:
    first = get("pages?limit=5", key, **{"Accept-Encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip"
    assert first.headers["Cache-Control"] == "no-store"
    content = json.loads(gzip.decompress(first.content))
    assert first.headers["Link"] == f'<{content["next"]}>; rel="next"'
    taken = TrailEvent.objects.filter(action="data.exported").count()
    again = get("pages?limit=5", key, **{"If-None-Match": f'"other", {first.headers["ETag"]}'})
    assert (again.status_code, again.content, again.headers["Cache-Control"]) == (304, b"", "no-store")
    assert TrailEvent.objects.filter(action="data.exported").count() == taken
    assert get("pages?limit=6", key, **{"If-None-Match": first.headers["ETag"]}).status_code == 200


@pytest.mark.requirement("CP-03")
def test_what_leaves_is_on_the_trail_with_its_question(registry: Registry, key: str) -> None:
    answer = get("items?form=AE,DM&subject=HZ01-001", key)
    event = TrailEvent.objects.filter(action="data.exported").latest("id")
    assert (event.actor, event.actor_role, event.site) == ("sponsor", "token", "HZ01")
    assert event.about == "items?form=AE,DM&subject=HZ01-001"
    told = {change.item: change.new for change in event.changes.all()}
    assert told["entries"] == str(len(answer.json()["entries"]))
    before = TrailEvent.objects.count()
    assert get("pages?subject=HZ01-777", key).json()["entries"] == []
    assert get("study", key).status_code == 200
    assert TrailEvent.objects.count() == before
