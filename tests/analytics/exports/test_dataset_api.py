"""The REST API of CDISC for Dataset-JSON, by the rules of its draft and the schema of the standard."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponseBase
from django.test import Client
from jsonschema import Draft202012Validator

from analytics.locks.models import Lock
from tests.analytics.exports.conftest import a_key
from tests.analytics.exports.test_cut_rest import body, taken
from trial.people.models import Site
from trial.people.roles import Permission
from trial.people.tokens import Dates, issue_token

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db, pytest.mark.xdist_group("exports")]
SCHEMA = json.loads((Path(__file__).parent / "schemas" / "dataset.schema.json").read_text())
STUDY = "studies/NCT05827835"
REQUIRED = {
    "about": {"lastUpdated", "author", "repo", "links"},
    "study": {"studyOID", "name", "label", "href"},
    "dataset": {"itemGroupOID", "name", "label", "records", "href"},
    "snapshot": {"label", "snapshotID", "snapshotCreationDateTime", "href"},
    "define": {"label", "defineXML"},
}
"""What the draft requires of each answer."""


def get(path: str, key: str | None = None, **headers: str) -> HttpResponseBase:
    shown = {} if key is None else {"api-key": key}
    return Client().get(f"/dataset-json/{path}", headers={**shown, **headers})


def told(path: str, key: str | None = None, **headers: str) -> Any:
    response = get(path, key, **headers)
    assert response.status_code == 200, body(response)
    assert response.headers["Content-Type"] == "application/json"
    return json.loads(body(response))


def test_anybody_is_told_what_it_is() -> None:
    about = told("about")
    assert about.keys() >= REQUIRED["about"]
    assert about["author"].startswith("http")
    assert [link["href"].endswith("/dataset-json/studies") for link in about["links"]] == [True]


def test_every_address_leads_on_to_the_next(lock: Lock, key: str) -> None:
    (entry,) = told("studies", key)
    assert entry.keys() >= REQUIRED["study"]
    path = entry["href"].partition("/dataset-json/")[2]
    study = told(path, key)
    assert [one["snapshotID"] for one in study["snapshots"]] == [str(lock.pk)]
    assert all(one.keys() >= REQUIRED["snapshot"] for one in study["snapshots"])
    assert all(one.keys() >= REQUIRED["dataset"] for one in study["datasets"])
    oids = [one["itemGroupOID"] for one in study["datasets"]]
    assert len(set(oids)) == len(oids)
    by_oid = {one["itemGroupOID"]: one for one in study["datasets"]}
    assert {"IG.ADSL", "IG.AE", "IG.FORMS.AE"} <= by_oid.keys()
    snapshot = told(study["snapshots"][0]["href"].partition("/dataset-json/")[2], key)
    assert snapshot["datasets"] == study["datasets"]
    dataset = told(by_oid["IG.AE"]["href"].partition("/dataset-json/")[2], key)
    assert dataset["records"] == by_oid["IG.AE"]["records"] == len(dataset["rows"])
    assert told(f"{STUDY}/snapshots/{lock.pk}/datasets/IG.AE", key) == dataset


def test_a_standard_is_asked_for(lock: Lock, key: str) -> None:
    for standard, oid in (("sdtmig", "IG.DM"), ("adamig", "IG.ADSL"), ("other", "IG.FORMS.DM")):
        found = told(f"{STUDY}/datasets?standard={standard}", key)
        assert {one["standard"] for one in found} == {standard}
        assert oid in {one["itemGroupOID"] for one in found}
    assert told(f"{STUDY}/datasets?standard=sendig", key) == []


def test_a_dataset_is_the_file_of_the_lock_and_leaves_with_its_act(lock: Lock, key: str) -> None:
    dataset = told(f"{STUDY}/datasets/IG.DM", key)
    Draft202012Validator(SCHEMA).validate(dataset)
    file = Client().get(
        f"/api/v1/locks/{lock.pk}/tables/SDTM.DM/json", headers={"Authorization": f"Token {key}"}
    )
    assert json.loads(body(file)) == dataset
    assert [event.about for event in taken()] == [
        f"lock {lock.pk} Dataset-JSON SDTM.DM",
        f"lock {lock.pk} SDTM.DM.json",
    ]


def test_a_part_of_a_dataset(lock: Lock, key: str) -> None:
    path = f"{STUDY}/datasets/IG.DM"
    whole = told(path, key)
    assert told(f"{path}?metadataonly=True", key) == {
        name: one for name, one in whole.items() if name != "rows"
    }
    assert told(f"{path}?dataonly=true", key) == {"rows": whole["rows"]}
    assert told(f"{path}?offset=3&limit=4", key)["rows"] == whole["rows"][3:7]
    assert told(f"{path}?offset=17&limit=0", key)["rows"] == whole["rows"][17:]
    assert told(f"{path}?offset=999", key)["rows"] == []
    for query in ("offset=-1", "limit=x", "limit=²", f"limit={'9' * 40}", "metadataonly=perhaps",
                  "metadataonly=1&dataonly=1"):  # fmt: skip
        refused = get(f"{path}?{query}", key)
        assert refused.status_code == 422, query
        (detail,) = json.loads(body(refused))["detail"]
        assert detail.keys() == {"loc", "msg", "type"}
        assert detail["loc"][0] == "query"


def test_who_has_it_is_told_so_and_it_is_sent_packed(lock: Lock, key: str) -> None:
    path = f"{STUDY}/datasets/IG.DM"
    since = told(path, key)["datasetJSONCreationDateTime"]
    assert get(path, key, **{"If-Modified-Since": since}).status_code == 304
    assert get(path, key, **{"If-Modified-Since": "Wed, 01 Jan 2099 00:00:00 GMT"}).status_code == 304
    assert get(path, key, **{"If-Modified-Since": "2001-01-01T00:00:00"}).status_code == 200
    assert get(path, key, **{"If-Modified-Since": "yesterday"}).status_code == 200
    assert told(f"{STUDY}/datasets", key, **{"If-Modified-Since": since}) == []
    packed = get(path, key, **{"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(body(packed))) == told(path, key)


def test_the_descriptions(lock: Lock, key: str) -> None:
    labels = [one["label"] for one in told(f"{STUDY}/defines", key)]
    assert labels == ["ADaMIG", "SDTMIG"]
    for label in labels:
        define = told(f"{STUDY}/defines/{label}", key)
        assert define.keys() == REQUIRED["define"]
        assert f'Name="{label}"' in define["defineXML"]


@pytest.mark.requirement("AC-02")
def test_a_bad_key_an_absent_study_and_a_foreign_one_cannot_be_told_apart(lock: Lock, key: str) -> None:
    other = Site.objects.create(code="HZ02", name="Ningbo")
    foreign = issue_token("b", by="test", sites=[other], permissions=[Permission.EXPORT])
    no_right = a_key(Permission.READ_RESULTS)
    hidden = [
        get(path, shown)
        for path in (STUDY, f"{STUDY}/datasets", f"{STUDY}/datasets/IG.DM", f"{STUDY}/snapshots/{lock.pk}",
                     f"{STUDY}/snapshots", f"{STUDY}/defines/SDTMIG")
        for shown in (None, "", "x" * 32, foreign, no_right)
    ]  # fmt: skip
    hidden += [
        get(path, key)
        for path in ("studies/NONE", "studies/NONE/datasets/IG.DM", f"{STUDY}/datasets/IG.NONE",
                     f"{STUDY}/snapshots/987654", f"{STUDY}/snapshots/x", f"{STUDY}/defines/none")
    ]  # fmt: skip
    assert {response.status_code for response in hidden} == {422}
    assert len({body(response) for response in hidden}) == 1
    assert told("studies", foreign) == []
    assert taken() == []


@pytest.mark.requirement("PV-05")
def test_a_key_has_what_it_was_given(lock: Lock) -> None:
    shifted, true = a_key(), a_key(dates=Dates.TRUE, filing="2025-BGH-1")
    path = f"{STUDY}/datasets/IG.GF"
    withheld, all_of_it = told(path, shifted), told(path, true)
    assert withheld["records"] < all_of_it["records"]
    names = [one["name"] for one in withheld["columns"]]
    dated = names.index("GFDTC")
    assert withheld["rows"][0][dated] != all_of_it["rows"][0][dated]


def test_nothing_can_be_written(lock: Lock, key: str) -> None:
    for method in ("post", "put", "patch", "delete"):
        response = getattr(Client(), method)(f"/dataset-json/{STUDY}", headers={"api-key": key})
        assert response.status_code == 405
