"""The casebooks of a lock on paper, in the archive that a worker makes."""

import io
import json
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from pypdf import PdfReader

from analytics.exports.bundle import write_bundle
from analytics.exports.disclosure import Disclosure, days_of, moved_back, value_told
from analytics.exports.form_tables import kind_of
from analytics.exports.live.telling import item_of
from analytics.exports.verify_copy import MANIFEST
from analytics.locks.cut import Value
from analytics.locks.models import Lock, Snapshot
from analytics.locks.snapshot import write_snapshot
from patients.casebook.header import DATA
from tests.analytics.casebooks import CutContent
from tests.analytics.exports.test_asked_exports import post
from tests.analytics.exports.test_cut_rest import get
from tests.analytics.reports.conftest import CUTOFF
from trial.people.tokens import Dates

pytestmark = [pytest.mark.one_engine, pytest.mark.xdist_group("exports")]
TO = Disclosure(Dates.SHIFTED)


@pytest.fixture(scope="module")
def short(cohort: list[CutContent]) -> CutContent:
    """The subject of the cohort of whom least was recorded."""
    return min(cohort, key=lambda one: len(one[1]))


@pytest.fixture(scope="module")
def archive(
    short: CutContent, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> zipfile.ZipFile:
    """The archive of a cut of that subject alone, for a reader of moved dates."""
    sealed = write_snapshot(Path(settings.SNAPSHOT_DIR), CUTOFF, [short])
    snapshot = Snapshot(hash=sealed.hash, cutoff=CUTOFF, subjects=sealed.subjects, values=sealed.values)
    lock = Lock(pk=7, snapshot=snapshot, cutoff=CUTOFF, made_at=datetime(2025, 8, 6, 9, tzinfo=UTC))
    path = tmp_path_factory.mktemp("archive") / "archive.zip"
    steps: list[tuple[int, int]] = []
    with django_db_blocker.unblock():
        write_bundle(lock, ["pdf"], TO, path, lambda done, of: steps.append((done, of)))
    assert steps[0] == (1, len(steps))
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def paper(archive: zipfile.ZipFile, short: CutContent) -> str:
    """What a reader that is not ours finds in the PDF."""
    name = f"pdf/{short[0].subject}.pdf"
    assert [one for one in archive.namelist() if one.startswith("pdf/")] == [name]
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(archive.read(name))).pages)


DAY = re.compile(r"\d{4}-\d\d-\d\d")


def told(short: CutContent) -> list[tuple[str, str]]:
    """What the reader may have of the values, without spaces; the header of a page once."""
    header = {one[:3] + one[4:] for one in short[1] if one.item in DATA}
    own = [one for one in short[1] if one.item not in DATA]
    found = []
    for one in [*own, *(Value(*one[:3], "", *one[3:]) for one in header)]:
        item = item_of(one.form, one.item)
        if item is not None and not item.declared.genetic:
            text = one.missing or value_told(one.item, kind_of(item), one.value, one.subject, TO)
            found.append((one.item, bare(text)))
    return found


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.requirement("CP-01")
def test_every_value_that_a_reader_may_have_is_on_paper(
    archive: zipfile.ZipFile, paper: str, short: CutContent
) -> None:
    wanted, text = told(short), bare(paper)
    assert [one for one in wanted if not all(part in text for part in one)] == []
    assert f"V{len(wanted)}." in text
    assert f"V{len(wanted) + 1}." not in text
    (listed,) = [one for one in json.loads(archive.read(MANIFEST))["files"] if one["name"].startswith("pdf/")]
    assert listed["rows"] > 10


@pytest.mark.requirement("PV-04")
def test_no_true_day_of_a_page_is_on_paper(paper: str, short: CutContent) -> None:
    by, days = days_of(short[0].subject), {one.value for one in short[1] if one.item == "form_date"}
    recorded = {day for one in short[1] for day in DAY.findall(one.value)}
    told = {moved_back(day, by) for day in recorded}  # some of them may be the true day of another page
    printed = set(DAY.findall(paper))
    assert {moved_back(day, by) for day in days} <= printed
    assert not (days - told) & printed


@pytest.mark.django_db
@pytest.mark.one_engine
def test_a_worker_alone_makes_them(lock: Lock, key: str) -> None:
    assert get(f"locks/{lock.pk}/bundle.zip?formats=csv,pdf", key).status_code == 404
    asked = post({"lock": str(lock.pk), "formats": ["pdf", "csv"]}, key)
    assert (asked.status_code, asked.json()["options"]) == (202, {"formats": ["csv", "pdf"]})
