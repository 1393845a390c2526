"""Imports by REST: the same import as by the commands, at the sites of whoever asks, and no further."""

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from patients.casebook.page import Page, Subject
from patients.entry import casebook_archive
from patients.web.api import imports
from tests.patients.entry import casebooks
from tests.patients.entry.test_odm_import import CONSENT, HOSTILE, document, group, item, page
from tests.patients.web import people
from tests.patients.web.api.programs import problem
from trial.people import import_rate
from trial.people.models import Member, Site
from trial.people.roles import Role

pytestmark = pytest.mark.django_db
ELIG = page("ELIG", group("ELIG", *CONSENT))
WRONG = page("DX", group("DX", item("DX.relapse_n", "three")))


@pytest.fixture
def manager() -> Client:
    return people.signed_in(people.a_member(Role.DATA_MANAGER))


def post(client: Client, what: str, body: bytes | str, **query: str) -> HttpResponse:
    asked = "&".join(f"{name}={text}" for name, text in query.items())
    kind = "application/xml" if what == "odm" else "application/zip"
    content: Any = body.encode() if isinstance(body, str) else body
    return client.post(f"/api/v1/imports/{what}?{asked}", content, content_type=kind)


@pytest.mark.requirement("DI-10")
def test_odm_by_rest(manager: Client) -> None:
    for asked in ({"dry_run": "true"}, {"all_or_nothing": "true"}):
        told = post(manager, "odm", document(ELIG, WRONG), **asked).json()
        assert (told["kept"], told["clean"], Subject.objects.exists()) == (False, False, False)
    told = post(manager, "odm", document(ELIG, WRONG)).json()
    assert told["pages"] == {"refused": 1, "kept, not complete": 1}
    (refused,) = (one for one in told["remarks"] if one["refuses"])
    assert (refused["file"], refused["item"], refused["value"]) == ("odm.xml DX", "relapse_n", "three")
    assert Page.objects.get(form_code="ELIG").version == 1
    assert post(manager, "odm", document(ELIG)).json()["clean"]
    assert "dry_run" in problem(post(manager, "odm", document(ELIG), dry_run="yes"), 400)["detail"]


def test_what_nobody_should_read_is_a_problem(manager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, (content, _why) in HOSTILE.items():
        problem(post(manager, "odm", content), 400 if name == "nothing" else 422)
    monkeypatch.setattr(imports, "MOST_BYTES", 1000)
    assert "1000" in problem(post(manager, "odm", "x" * 1001), 413)["detail"]
    assert "resaon" in problem(post(manager, "odm", document(ELIG), resaon="late"), 400)["detail"]


def test_so_many_imports_in_an_hour(manager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_rate, "MOST_IN_AN_HOUR", 2)
    answers = [post(manager, "odm", document(ELIG), dry_run="true") for _time in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 3500 < int(answers[-1].headers["Retry-After"]) <= 3600
    assert problem(answers[-1], 429)["request_id"]
    later = time.time() + 3601
    monkeypatch.setattr(import_rate.time, "time", lambda: later)
    assert post(manager, "odm", document(ELIG), dry_run="true").status_code == 200


@pytest.mark.requirement("AC-02")
def test_another_site_is_absent_and_nobody_is_made_a_member(manager: Client) -> None:
    Site.objects.create(code="HZ02", name="Ningbo")
    theirs = document(ELIG).replace("LOC.HZ01", "LOC.HZ02").replace("HZ01-001", "HZ02-001")
    user = '<AdminData><User OID="USER.coordinator.eve"><LoginName>eve</LoginName><FullName>E</FullName>'
    user += '<LocationRef LocationOID="LOC.HZ01"/></User></AdminData>'
    before = Member.objects.count()
    told = post(manager, "odm", theirs.replace("<ClinicalData", f"{user}<ClinicalData")).json()
    assert not told["clean"]
    assert (told["members_left"], Member.objects.count()) == (1, before)
    assert not Subject.objects.exists()
    absent = post(manager, "odm", theirs.replace("HZ02", "HZ09")).json()
    assert [one["why"] for one in absent["remarks"]] == [one["why"] for one in told["remarks"]]


def zipped(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def test_a_casebook_by_rest(manager: Client, tmp_path: Path) -> None:
    found = casebooks.sheets()
    folder = casebooks.write(tmp_path, {name: found[name] for name in ("ELIG", "SUBJECTS")})
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    told = post(manager, "casebook", zipped(files)).json()
    assert sum(told["pages"].values()) == 1
    assert Subject.objects.count() == 1


def test_an_archive_that_would_do_harm_is_refused(manager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(casebook_archive, "MOST_BYTES", 100_000)
    harmful = {
        "traversal": zipped({"../ELIG.csv": b""}),
        "absolute": zipped({"/etc/ELIG.csv": b""}),
        "another file": zipped({"SUBJECTS.csv": b"subject_id,site\n", "run.sh": b""}),
        "bomb": zipped({"SUBJECTS.csv": b"0" * 10_000_000}),
        "many": zipped({f"A{'B' * number}.csv": b"" for number in range(casebook_archive.MOST_FILES + 1)}),
        "half": zipped({"SUBJECTS.csv": b"subject_id,site\n"})[:-30],
        "no archive": b"PK",
        "no casebook": zipped({"ELIG.csv": b"a,b\n"}),
    }
    for name, content in harmful.items():
        assert problem(post(manager, "casebook", content), 422)["detail"], name


def test_who_may_not_import_is_refused(client: Client) -> None:
    problem(post(client, "odm", document(ELIG)), 401)
    client = people.signed_in(people.a_member(Role.COORDINATOR))
    problem(post(client, "odm", document(ELIG)), 403)
    problem(post(client, "casebook", b""), 403)
