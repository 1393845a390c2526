"""A lock of two sites over HTTP: data access groups for scripts of REDCap, and the archive."""

import csv
import io
import json
import zipfile
from typing import Any

import pytest

from analytics.exports.naming import pseudonym_of
from analytics.locks import seal
from analytics.locks.models import Lock
from analytics.locks.snapshot import site_of_each
from analytics.runs.compute import compute_run
from analytics.runs.start import run_of
from patients.entry.register import register_site
from tests.analytics.casebooks import CutContent, cut_instead
from tests.analytics.computing import Results, comes_to
from tests.analytics.exports.test_cut_rest import body, get
from tests.analytics.exports.test_naming import at_site
from tests.analytics.exports.test_redcap import post
from tests.analytics.reports.conftest import CUTOFF
from trial.people.access import SystemPerson
from trial.people.roles import Permission
from trial.people.tokens import Dates, issue_token
from trial.trail.actor import Source

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine, pytest.mark.xdist_group("exports")]
SITES = ["HZ01"] * 5 + ["BJ02"] * 5


@pytest.fixture
def lock(
    db: None, cohort: list[CutContent], results_of_cohort: Results, monkeypatch: pytest.MonkeyPatch
) -> Lock:
    """The finished lock of ten subjects, five at each of two sites."""
    placed = enumerate(zip(SITES, cohort, strict=False))
    content = sorted((at_site(site, n, one) for n, (site, one) in placed), key=lambda one: one[0].subject)
    with monkeypatch.context() as patch:
        patch.setattr(seal, "_cut", cut_instead(content))
        comes_to(patch, results_of_cohort)
        made = seal.make_lock(CUTOFF, "interim", by=SystemPerson("lock"), source=Source.COMMAND)
        assert compute_run(run_of(made.snapshot).pk)
    return made


def a_key(*sites: str, dates: Dates = Dates.SHIFTED) -> str:
    found = [register_site(site, site, by=SystemPerson("test"), source=Source.COMMAND) for site in sites]
    return issue_token("sponsor", by="test", sites=found, permissions=[Permission.EXPORT], dates=dates)


def groups(key: str) -> dict[str, str]:
    """The data access group of each record."""
    asked = {"content": "record", "format": "json", "forms[0]": "dm", "exportDataAccessGroups": "true"}
    rows = json.loads(post(key, **asked).content)
    return {row["subject_id"]: row["redcap_data_access_group"] for row in rows}


def told(key: str) -> set[str]:
    return {one["unique_group_name"] for one in json.loads(post(key, content="dag", format="json").content)}


@pytest.mark.requirement("PV-04")
def test_a_site_is_a_group_for_scripts_of_redcap(lock: Lock) -> None:
    true, moved = a_key("HZ01", "BJ02", dates=Dates.TRUE), a_key("HZ01", "BJ02")
    assert told(true) == told(moved) == {"hz01", "bj02"}
    of_each = groups(true)
    assert {code: code.partition("-")[0].lower() for code in of_each} == of_each
    assert (len(of_each), set(of_each.values())) == (10, {"hz01", "bj02"})
    assert groups(moved) == {pseudonym_of(code): group for code, group in of_each.items()}
    refused = post(a_key("HZ01"), content="dag", format="json")
    assert (refused.status_code, "error" in json.loads(refused.content)) == (400, True)


@pytest.mark.requirement("PV-04", "CP-02")
def test_the_archive_of_two_sites(lock: Lock) -> None:
    address = f"locks/{lock.pk}/bundle.zip?formats=csv,odm"
    assert get(address, a_key("HZ01")).status_code == 404
    files, of_each = unpacked(get(address, a_key("HZ01", "BJ02"))), site_of_each(lock.snapshot.path)
    assert set(of_each.values()) == {"HZ01", "BJ02"}
    assert sites_of(files) == {pseudonym_of(code): site for code, site in of_each.items()}
    assert json.loads(files["MANIFEST.json"])["naming"]["subjects"] == "pseudonyms"
    for name, content in files.items():
        assert not any(code.encode() in content for code in of_each), name
    (odm,) = (content.decode() for name, content in files.items() if name.startswith("odm/"))
    assert all(pseudonym_of(code) in odm for code in of_each)


def unpacked(response: Any) -> dict[str, bytes]:
    assert response.status_code == 200
    archive = zipfile.ZipFile(io.BytesIO(body(response)))
    return {name: archive.read(name) for name in archive.namelist()}


def sites_of(files: dict[str, bytes]) -> dict[str, str]:
    rows = csv.DictReader(io.StringIO(files["csv/ADSL.csv"].decode("utf-8-sig")))
    return {row["SUBJID"]: row["SITEID"] for row in rows}
