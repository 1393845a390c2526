"""`/api/v1/locks`, their tables and files, for a program that shows a token."""

import csv
import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.utils import timezone
from jsonschema import Draft202012Validator

from analytics.exports.kept_tables import folder_of
from analytics.exports.problems import MEDIA_TYPE
from analytics.locks.models import Lock
from patients.forms.adverse_event import AdverseEvent
from tests.analytics.exports.conftest import a_key
from trial.edition import EDITION
from trial.people.models import Site
from trial.people.roles import Permission
from trial.people.token_rates import ASKED_IN_A_MINUTE, TAKEN_IN_AN_HOUR
from trial.people.tokens import Dates, ExportToken, digest_of, issue_token
from trial.trail.models import TrailEvent
from trial.trail.seals import public_key

PARTS = {
    "bytes=0-9": slice(0, 10),
    "bytes=10-": slice(10, None),
    "bytes=-7": slice(-7, None),
    "bytes=5-99999999": slice(5, None),
    "bytes=-99999999": slice(None),
}
pytestmark = [pytest.mark.one_engine, pytest.mark.django_db, pytest.mark.xdist_group("exports")]


def get(path: str, key: str, **headers: str) -> HttpResponseBase:
    return Client().get(f"/api/v1/{path}", headers={"Authorization": f"Token {key}", **headers})


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def rows(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(response).decode())))


def taken() -> list[TrailEvent]:
    return list(TrailEvent.objects.filter(action="data.exported").order_by("id"))


def test_the_locks_that_a_token_sees(lock: Lock, key: str) -> None:
    (found,) = get("locks", key).json()["locks"]  # type: ignore[attr-defined]
    assert (found["id"], found["kind"], found["cutoff"]) == (lock.pk, "data cut", "2025-08-05")
    assert found["snapshot"] == lock.snapshot.hash
    other = Site.objects.create(code="HZ02", name="Ningbo")
    foreign = issue_token("b", by="test", sites=[other], permissions=[Permission.EXPORT])
    assert get("locks", foreign).json() == {"locks": []}  # type: ignore[attr-defined]
    for path in ("tables", "tables/ADSL/csv", "bundle.zip"):
        assert get(f"locks/{lock.pk}/{path}", foreign).status_code == 404


def test_the_tables_say_what_their_columns_are(lock: Lock, key: str) -> None:
    tables = {one["name"]: one for one in get(f"locks/{lock.pk}/tables", key).json()["tables"]}  # type: ignore[attr-defined]
    assert {"ADSL", "ADTTE", "LAB", "AE"} <= tables.keys()
    columns = {one["name"]: one for one in tables["ADSL"]["columns"]}
    assert columns["SEX"]["codes"] == {"M": "male", "F": "female"} or "M" in columns["SEX"]["codes"]
    assert columns["SEX"]["source"] == ["DM.sex"]
    assert "r_hla" not in {one["name"] for one in tables["DONOR"]["columns"]}


@pytest.mark.requirement("CP-03")
def test_a_file_leaves_with_its_rows_and_hash_on_the_trail(lock: Lock, key: str) -> None:
    response = get("locks/latest/tables/ADSL/csv", key)
    content = body(response)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    digest = hashlib.sha256(content).hexdigest()
    assert response.headers["ETag"] == f'"{digest}"'
    (event,) = taken()
    assert (event.actor, event.site, event.about) == ("sponsor", "HZ01", f"lock {lock.pk} ADSL.csv")
    told = {change.item: change.new for change in event.changes.all()}
    assert told == {"entries": "19", "sha256": digest, "sites": "HZ01"}


def test_who_has_a_file_is_told_that_it_has_not_changed(lock: Lock, key: str) -> None:
    etag = get(f"locks/{lock.pk}/tables/ADAE/xpt", key).headers["ETag"]
    again = get(f"locks/{lock.pk}/tables/ADAE/xpt", key, **{"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, body(again)) == (304, b"")
    assert len(taken()) == 1


def test_a_transfer_goes_on_where_it_ended(lock: Lock, key: str) -> None:
    path = f"locks/{lock.pk}/tables/ADSL/csv"
    whole = body(get(path, key))
    for asked, part in PARTS.items():
        response = get(path, key, Range=asked)
        assert response.status_code == 206
        assert body(response) == whole[part]
        first, size = range(len(whole))[part][0], len(whole[part])
        assert response.headers["Content-Range"] == f"bytes {first}-{first + size - 1}/{len(whole)}"
    for asked in ("bytes=99999999-", "bytes=9-3", "bytes=-0"):
        response = get(path, key, Range=asked)
        assert (response.status_code, body(response)) == (416, b"")
        assert response.headers["Content-Range"] == f"bytes */{len(whole)}"
    for asked in ("", "bytes=", "bytes=a-b", "rows=0-3", "bytes=0-1,3-4", "bytes=" + "9" * 300):
        response = get(path, key, Range=asked)
        assert (response.status_code, body(response)) == (200, whole), asked


def test_a_part_of_another_file_is_not_gone_on_with(lock: Lock, key: str) -> None:
    headers = {"Range": "bytes=0-3", "If-Range": '"another"'}
    assert get(f"locks/{lock.pk}/tables/ADSL/csv", key, **headers).status_code == 200


def test_what_is_not_there_is_404_and_what_is_not_granted_403(lock: Lock, key: str) -> None:
    absent = (
        "tables/ADSL/exe",
        "tables/NOTHING/csv",
        "tables/..%2Fkeys/csv",
        "bundle.zip?formats=csv,exe",
        "bundle.zip?formats=",
    )
    for path in absent:
        assert get(f"locks/{lock.pk}/{path}", key).status_code == 404, path
    other = a_key(Permission.READ_RESULTS)
    for path in ("tables", "tables/ADSL/csv", "bundle.zip"):
        response = get(f"locks/{lock.pk}/{path}", other)
        assert response.status_code == 403
        assert response.headers["Content-Type"] == MEDIA_TYPE


@pytest.mark.requirement("PV-04")
@pytest.mark.requirement("PV-05")
def test_a_token_has_what_it_was_given(lock: Lock) -> None:
    path = f"locks/{lock.pk}/tables"
    shifted, true = a_key(), a_key(dates=Dates.TRUE, filing="2025-BGH-1")
    first, second = (rows(get(f"{path}/INF/csv", one))[0]["form_date"] for one in (shifted, true))
    assert first < second
    assert "r_hla" not in rows(get(f"{path}/DONOR/csv", shifted))[0]
    assert rows(get(f"{path}/DONOR/csv", true))[0]["r_hla"].startswith("A_1=A*")


# --- the archive --------------------------------------------------------------------------------------------
@pytest.fixture
def archive(lock: Lock, key: str, tmp_path: Path) -> Path:
    response = get(f"locks/{lock.pk}/bundle.zip?formats=xpt,csv", key)
    assert response.headers["Content-Type"] == "application/zip"
    zipfile.ZipFile(io.BytesIO(body(response))).extractall(tmp_path)
    return tmp_path


def test_the_archive_checks_itself(archive: Path, lock: Lock) -> None:
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=archive, check=True)
    manifest = json.loads((archive / "MANIFEST.json").read_text())
    assert manifest["snapshot_sha256"] == lock.snapshot.hash
    assert (manifest["version"], manifest["forms"]["AE"]) == (EDITION, AdverseEvent.form.version)
    assert (manifest["dates"], manifest["genetic_data"]) == ("shifted", "withheld")
    assert "DONOR.r_hla" in manifest["withheld"]
    named = {one["name"]: one for one in manifest["files"]}
    assert {
        "csv/ADSL.csv",
        "xpt/ADSL.xpt",
        "codebook.csv",
        "codes.csv",
        "import.R",
        "import.sas",
        "define-sdtm.xml",
        "annotated-casebook.pdf",
        "sdtm/xpt/AE.xpt",
    } <= named.keys()
    assert named["csv/ADSL.csv"]["rows"] == 19
    (event,) = taken()
    counted = sum(one["rows"] for name, one in named.items() if "/" in name)
    assert {change.item: change.new for change in event.changes.all()}["entries"] == str(counted)
    assert_the_codebook_has_every_column(archive)


def assert_the_codebook_has_every_column(archive: Path) -> None:
    with (archive / "codebook.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    told: dict[str, list[str]] = {}
    for line in lines:
        told.setdefault(line["table"], []).append(line["column"])
    for path in (archive / "csv").glob("*.csv"):
        with path.open(newline="") as file:
            assert next(csv.reader(file)) == told[path.stem]
    assert all(line["label"] for line in lines)


# --- a copy that can be checked -----------------------------------------------------------------------------
def verified(folder: Path, *options: str) -> tuple[int, str]:
    """What the verifier in the archive says, in a Python that knows no Chimera."""
    command = [sys.executable, "-I", "verify_copy.py", ".", *options]
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return told.returncode, told.stdout


@pytest.mark.requirement("CP-02")
def test_a_copy_is_checked_without_us(archive: Path) -> None:
    key = json.loads((archive / "MANIFEST.json").read_text())["key"]
    assert key == public_key()
    assert verified(archive, "--key", key)[0] == 0
    assert verified(archive)[0] == 2
    assert verified(archive, "--key", "00" * 32)[0] == 1
    for name in ("csv/ADSL.csv", "xpt/LAB.xpt", "codebook.csv"):
        whole = (archive / name).read_bytes()
        (archive / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        assert verified(archive, "--key", key) == (1, f"{name}: is not what was exported\n")
        (archive / name).write_bytes(whole)
    (archive / "csv" / "MORE.csv").write_text("x")
    assert verified(archive, "--key", key) == (1, "csv/MORE.csv: was not exported\n")
    (archive / "csv" / "MORE.csv").unlink()
    manifest = (archive / "MANIFEST.json").read_text()
    (archive / "MANIFEST.json").write_text(manifest.replace('"shifted"', '"true"'))
    assert verified(archive, "--key", key)[0] == 1
    (archive / "MANIFEST.sig").unlink()
    assert verified(archive, "--key", key)[0] == 2


@pytest.mark.requirement("PV-04")
def test_the_archive_says_how_many_look_alike(archive: Path) -> None:
    """Counted by hand of what the archive itself tells."""
    with (archive / "csv" / "ADSL.csv").open(newline="") as file:
        groups = Counter((float(row["AGE"]) // 10, row["SEX"], row["DXTYPE"]) for row in csv.DictReader(file))
    told = json.loads((archive / "MANIFEST.json").read_text())["anonymity"]
    assert told["k"] == min(groups.values()) == 1
    assert told["in_groups_of_less_than_5"] == sum(size for size in groups.values() if size < 5)
    assert (told["subjects"], told["k_is_at_least_5"]) == (19, False)


def test_the_tables_of_a_standard_are_one_workbook(lock: Lock, key: str) -> None:
    response = get(f"locks/{lock.pk}/workbooks/analysis.xlsx", key)
    book = openpyxl.load_workbook(io.BytesIO(body(response)), read_only=True)
    assert book["ADSL"].max_row == 20
    assert get(f"locks/{lock.pk}/workbooks/nothing.xlsx", key).status_code == 404
    archive = zipfile.ZipFile(io.BytesIO(body(get(f"locks/{lock.pk}/bundle.zip?formats=xlsx", key))))
    assert {"xlsx/analysis.xlsx", "xlsx/forms.xlsx", "xlsx/sdtm.xlsx"} <= set(archive.namelist())


# --- how often ----------------------------------------------------------------------------------------------
@pytest.mark.requirement("SE-06")
def test_a_token_takes_ten_archives_in_an_hour(lock: Lock, key: str) -> None:
    path = f"locks/{lock.pk}/bundle.zip"
    assert [get(path, key).status_code for _ in range(TAKEN_IN_AN_HOUR)] == [200] * TAKEN_IN_AN_HOUR
    refused = get(path, key)
    assert refused.status_code == 429
    assert refused.headers["Content-Type"] == MEDIA_TYPE
    assert 3500 < int(refused.headers["Retry-After"]) <= 3600
    assert get(path, a_key()).status_code == 200
    assert get("locks", key).status_code == 200
    ExportToken.objects.filter(digest=digest_of(key)).update(taken_since=timezone.now() - timedelta(hours=1))
    assert get(path, key).status_code == 200


@pytest.mark.requirement("SE-06")
def test_a_token_asks_so_often_in_a_minute(lock: Lock, key: str) -> None:
    now = timezone.now()
    ExportToken.objects.filter(digest=digest_of(key)).update(
        asked_since=now, asked_count=ASKED_IN_A_MINUTE - 1
    )
    assert get("locks", key).status_code == 200
    for path in ("locks", "schema", f"locks/{lock.pk}/tables"):
        refused = get(path, key)
        assert (refused.status_code, int(refused.headers["Retry-After"]) <= 60) == (429, True)


def test_who_asks_first_has_the_archive_as_well(lock: Lock, key: str) -> None:
    """Nothing of the lock was asked for before."""
    shutil.rmtree(folder_of(lock), ignore_errors=True)
    assert get(f"locks/{lock.pk}/bundle.zip", key).status_code == 200


# --- the document -------------------------------------------------------------------------------------------
def test_what_is_answered_is_what_the_document_says(lock: Lock, key: str) -> None:
    document = get("schema", key).json()  # type: ignore[attr-defined]
    shapes = document["components"]["schemas"]
    for path, shape in (("locks", "Locks"), (f"locks/{lock.pk}/tables", "CutTables")):
        content = get(path, key).json()  # type: ignore[attr-defined]
        Draft202012Validator({"components": {"schemas": shapes}, **shapes[shape]}).validate(content)
