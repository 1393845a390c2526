"""`inspection_copy`: each value and each entry of the trail, on paper and as data, counted."""

import csv
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count
from lxml import etree
from pypdf import PdfReader

from analytics.locks.seal import make_lock
from patients.casebook.form import declared_forms
from patients.casebook.page import Subject
from patients.entry.query_moves import close_query
from patients.oversight.queries import Query
from patients.oversight.signatures import Signature
from patients.oversight.verification import Verification
from tests.analytics.exports.live.conftest import NAME, NUMBER, Registry, built_registry
from tests.analytics.exports.odm_judges import NS, judge, schema
from tests.analytics.exports.odm_replay import replayed
from tests.patients.entry import desk
from trial.spreadsheets import text_of
from trial.trail.actor import Source
from trial.trail.models import TrailChange, TrailEvent
from trial.trail.seals import public_key

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine, pytest.mark.requirement("CP-01")]
SIGNED = ("signed_in_source_by", "signed_in_source_on")


@pytest.fixture(scope="module")
def registry(django_db_setup: None, django_db_blocker: Any) -> Any:
    with django_db_blocker.unblock(), transaction.atomic():
        yield built_registry()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def copy(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of all that stands, and the casebooks as they were when it was made."""
    out = tmp_path_factory.mktemp("copies") / "all"
    call_command("inspection_copy", out)
    return out


def paper(copy: Path, name: str) -> str:
    """What a reader that is not ours finds in the PDFs of a subject, without spaces: cells break lines."""
    files = sorted((copy / "subjects").glob(f"{name}*.pdf"))
    pages = [page.extract_text() for file in files for page in PdfReader(file).pages]
    return bare("".join(pages))


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def lines_of(copy: Path, sheet: str, subject: str) -> list[dict[str, str]]:
    with (copy / "csv" / f"{sheet}.csv").open(newline="", encoding="utf-8") as file:
        read = [{name: text_of(text) for name, text in line.items()} for line in csv.DictReader(file)]
    return [line for line in read if line["subject"] == subject]


def data(copy: Path, subject: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((copy / "subjects" / f"{subject}.json").read_text(encoding="utf-8"))
    return told


def stored(subject: Subject) -> Counter[tuple[str, str, str]]:
    """Every value of the database, and every reason for having none, by form and item; but for identity."""
    found: Counter[tuple[str, str, str]] = Counter()
    for model in declared_forms():
        for row in model.of_subject(subject):
            for item in row.items():
                text = row.missing.get(item.name) or item.text(getattr(row, item.name))
                if text and not item.declared.identity:
                    found[model.form.code, item.name, text] += 1
    return found


def test_every_value_is_on_paper_and_in_the_data(copy: Path, registry: Registry) -> None:
    for subject in (registry.died, registry.locked, registry.foreign):
        wanted, told = stored(subject), data(copy, subject.code)["values"]
        assert wanted == Counter((one["form"], one["item"], one["missing"] or one["value"]) for one in told)
        lines = lines_of(copy, "values", subject.code)
        assert wanted == Counter((one["form"], one["item"], one["missing"] or one["value"]) for one in lines)
        text = paper(copy, subject.code)
        printed = [
            f"V{number}.{one['row']}{one['item']}" in text and bare(one["missing"] or one["value"]) in text
            for number, one in enumerate(told, 1)
        ]
        assert all(printed)
        assert f"V{len(told) + 1}." not in text
        assert len(printed) == wanted.total() > 0
    assert [one["value"] for one in data(copy, registry.died.code)["values"] if one["void"]] == [
        "rash",
        "5.0",
    ]


def test_every_entry_of_the_trail_is_on_paper_and_in_the_data(copy: Path, registry: Registry) -> None:
    for code in (registry.died.code, registry.locked.code):
        acts = TrailEvent.objects.filter(subject=code).annotate(n=Count("changes"), seq=Count("pk"))
        changes = TrailChange.objects.filter(event__subject=code)
        told = data(copy, code)["trail"]
        assert Counter(act["action"] for act in told) == Counter(acts.values_list("action", flat=True))
        assert sum(len(act["changes"]) for act in told) == changes.count()
        lines = sum(max(act.n, 1) for act in acts)
        assert len(lines_of(copy, "trail", code)) == lines
        text = paper(copy, code)
        for number, (act, change) in enumerate(in_lines(told), 1):
            assert f"T{number}.{act['seq']}{act['at']}" in text
            assert all(bare(change.get(name) or "") in text for name in ("old", "new", "reason"))
        assert (number, f"T{lines + 1}." in text) == (lines, False)


def in_lines(trail: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(act, change) for act in trail for change in act["changes"] or [{}]]


def test_what_was_said_about_the_values_is_in_it(copy: Path, registry: Registry) -> None:
    code = registry.locked.code
    of_page = {"page__subject__code": code}
    for name, letter, model in (("signatures", "S", Signature), ("verifications", "C", Verification)):
        count = model.objects.filter(**of_page).count()
        assert len(data(copy, code)[name]) == len(lines_of(copy, name, code)) == count > 0
        assert f"{letter}{count}." in paper(copy, code)
    asked = data(copy, registry.died.code)["queries"]
    assert len(asked) == Query.objects.of(registry.died).count() > 0
    text = paper(copy, registry.died.code)
    assert all(bare(one["text"] or "") in text for one in asked)


def test_nobody_is_named_in_it(copy: Path, registry: Registry) -> None:
    for file in copy.rglob("*"):
        if file.is_file() and file.suffix != ".pdf":
            assert not any(word in file.read_text(encoding="utf-8") for word in (NAME, NUMBER)), file
    assert NAME not in paper(copy, registry.died.code)


def test_what_stands_is_in_it_as_odm_and_so_is_how_it_came(copy: Path, registry: Registry) -> None:
    """Of no lock, too: entered values that are not void, which the transactions lead to as well. Who signed
    here is told beside them as who signed in the source."""
    snapshot, acts = judge(copy / "odm-snapshot.xml"), etree.parse(copy / "odm-transactional.xml")
    schema().assertValid(acts)
    stands = Counter(in_odm(snapshot))
    wanted = Counter(
        (subject.code, one["form"], one["item"], one["missing"] or one["value"])
        for subject in (registry.died, registry.locked, registry.foreign)
        for one in data(copy, subject.code)["values"]
        if not (one["derived"] or one["void"])
    )
    assert stands >= wanted
    assert {item for _subject, _form, item, _value in stands - wanted} <= set(SIGNED)
    told = {(one.subject, one.form, one.item, one.missing or one.value) for one in replayed(acts)}
    assert told >= wanted.keys()


def in_odm(document: Any) -> Iterator[tuple[str, str, str, str]]:
    """Subject, form, item and value, or the reason for having none, of each value of a form in a Snapshot."""
    for item in document.iterfind(".//o:ClinicalData//o:ItemData", NS):
        _it, form, name = item.get("ItemOID").split(".", 2)
        if form not in ("PAGE", "SUBJECT"):
            (subject,) = item.iterancestors("{*}SubjectData")
            told = item.get("Value") or item.findtext(".//o:FlagValue", "", NS)
            yield subject.get("SubjectKey"), form, name, told


@pytest.mark.requirement("CP-02")
def test_the_copy_is_signed_and_is_checked_without_us(copy: Path, tmp_path: Path) -> None:
    mine = shutil.copytree(copy, tmp_path / "mine")
    command = [sys.executable, "-I", "verify_copy.py", ".", "--key", public_key()]
    assert subprocess.run(command, cwd=mine, capture_output=True).returncode == 0
    manifest = json.loads((mine / "MANIFEST.json").read_text())
    assert manifest["counts"]["HZ01-001"] == {
        name: len(entries) for name, entries in data(mine, "HZ01-001").items() if isinstance(entries, list)
    } | {"changes": sum(len(act["changes"]) for act in data(mine, "HZ01-001")["trail"])}
    assert {"dictionary.json", "annotated-casebook.pdf", "odm-metadata.xml", "registry.pdf"} <= {
        one["name"] for one in manifest["files"]
    }
    (mine / "csv" / "values.csv").write_text("x")
    told = subprocess.run(command, cwd=mine, capture_output=True, text=True)
    assert (told.returncode, told.stdout) == (1, "csv/values.csv: is not what was exported\n")


def test_a_copy_of_a_site_has_its_subjects_alone_and_is_on_the_trail(
    registry: Registry, tmp_path: Path
) -> None:
    with transaction.atomic():
        call_command("inspection_copy", tmp_path / "site", site="HZ02")
        (event,) = TrailEvent.objects.filter(action="casebook.exported", about__startswith="inspection")[:1]
        assert (event.site, event.about) == ("HZ02", "inspection copy, live")
        transaction.set_rollback(True)
    assert {file.name for file in (tmp_path / "site" / "subjects").iterdir()} == {
        "HZ02-001.pdf",
        "HZ02-001.json",
    }
    assert {one[0] for one in in_odm(etree.parse(tmp_path / "site" / "odm-snapshot.xml"))} == {"HZ02-001"}
    with pytest.raises(CommandError, match="not an empty directory"):
        call_command("inspection_copy", tmp_path / "site")
    for wrong in ({"site": "HZ09"}, {"lock": "99"}):
        with pytest.raises(CommandError):
            call_command("inspection_copy", tmp_path / "more", **wrong)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_copy_of_a_lock_is_as_of_it(registry: Registry, tmp_path: Path) -> None:
    code = registry.died.code
    with transaction.atomic():
        lock = make_lock(date(2026, 1, 1), "interim", by=desk.SYSTEM, source=Source.COMMAND)
        query = Query.objects.of(registry.died).filter(item="hctci").get()
        close_query(query, "as was agreed", by=desk.SYSTEM)
        desk.save(registry.log, rows={"1": {"ae_term": "high fever"}}, why=desk.BECAUSE)
        call_command("inspection_copy", tmp_path / "cut", lock=str(lock.pk))
        transaction.set_rollback(True)
    told = data(tmp_path / "cut", code)
    terms = [one["value"] for one in told["values"] if one["item"] == "ae_term"]
    assert terms == ["fever"]
    (asked,) = [one for one in told["queries"] if one["item"] == "hctci" and one["id"] == query.pk]
    assert (asked["state"], asked["closed_at"], asked["closed_by"]) == ("open", None, None)
    assert [act for act in told["trail"] if act["action"] == "query.closed"] == []
    assert (tmp_path / "cut" / "odm-transactional.xml").exists()
    assert "V1." in paper(tmp_path / "cut", code)
