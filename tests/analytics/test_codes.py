"""The codes of terms beside a snapshot: sealed with the cut, read by its run, and never changed later."""

import hashlib
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from analytics.datasets.build import build_datasets
from analytics.endpoints.adverse_events import adverse_event_counts
from analytics.locks.codes import (
    Code,
    CodesSlice,
    codes_of_slice,
    path_of_codes,
    read_codes,
    slices_of_codes,
    with_codes,
)
from analytics.locks.comparing import differences, recoded
from analytics.locks.models import Lock
from analytics.locks.seal import Asked, make_cut
from analytics.locks.snapshot import Slice, SnapshotDamaged, canonical_line, read_snapshot
from analytics.reports.adverse_events import event_table
from analytics.runs.compute import compute_run
from analytics.runs.models import Run
from analytics.runs.results import finished_run
from analytics.runs.start import run_of
from patients.coding.codes import NoCode, Why
from patients.coding.coding_act import Seen
from patients.coding.schemes import Kind
from patients.coding.withdrawing import withdraw_codes
from tests.patients.coding.distributions import code, loaded, meddra, the_terms
from tests.patients.entry import desk
from tests.patients.web import people
from trial.people.access import SystemPerson
from trial.people.roles import Role
from trial.trail.actor import Source

pytestmark = pytest.mark.django_db
CUTOFF, HERE = date(2024, 6, 1), "HZ01-001"
TERMS = {"1": "fever", "2": "skin rash", "3": "cough"}


@pytest.fixture
def coded(tmp_path: Path) -> None:
    """Three events after an infusion, of which one is coded."""
    loaded(Kind.MEDDRA, meddra(tmp_path / "meddra"), version="27.1")
    page = desk.logged(desk.infused(), "AE")
    desk.save(page, rows={key: {"ae_term": term, "ae_start": "2024-01-08"} for key, term in TERMS.items()})
    code("Pyrexia", r1=HERE)


def cut(known_at: datetime | None = None) -> Lock:
    return make_cut(
        Asked(CUTOFF, "interim", known_at=known_at), by=SystemPerson("lock"), source=Source.COMMAND
    )


def decoded(lock: Lock) -> dict[str, tuple[str, ...]]:
    """What each event is coded as in the dataset of a lock, by its row."""
    cutoff, subjects = read_snapshot(lock.snapshot.path)
    adae = build_datasets(cutoff, with_codes(subjects, lock.codes)).adae
    names = ("AELLT", "AEDECOD", "AEPTCD", "AEBODSYS", "AEBDSYCD", "AEDICT", "AEDICTV")
    return {row["row_key"]: tuple(row[name] for name in names) for row in adae.to_dicts() if row["AEPTCD"]}


def term(code: Code | None) -> str:
    return code.term if code else ""


FEVER = ("Pyrexia", "Fever", "P2", "Class S2", "S2", "MedDRA", "27.1")
RASH = ("Rash", "Rash", "P3", "Class S2", "S2", "MedDRA", "27.1")


def test_a_new_code_gives_a_new_run_of_the_same_snapshot_and_changes_none(coded: None) -> None:
    first, known = cut(), timezone.now()
    assert decoded(first) == {"1": FEVER}
    assert compute_run(run_of(first.snapshot, first.codes).pk)
    before = finished_run(first).exhibits
    code("Rash", r2=HERE)
    code("Fever", why=Why.WRONG_TERM, r1=HERE)
    second = cut()
    assert second.snapshot == first.snapshot
    assert decoded(second) == {"1": ("Fever", *FEVER[1:]), "2": RASH}
    assert decoded(first) == {"1": FEVER}
    runs = {lock.pk: Run.objects.of(lock).get() for lock in (first, second)}
    assert runs[first.pk] != runs[second.pk]
    assert compute_run(runs[second.pk].pk)
    assert finished_run(first).exhibits == before != finished_run(second).exhibits
    assert list(differences(first, second)) == []
    assert [(one.place, term(one.before), term(one.after)) for one in recoded(first, second)] == [
        ((HERE, "AE", "", "1"), "Pyrexia", "Fever"),
        ((HERE, "AE", "", "2"), "", "Rash"),
    ]
    again = cut(known_at=known)
    assert (again.snapshot, again.codes) == (first.snapshot, first.codes)


def test_a_text_that_changed_and_a_withdrawn_code_are_sealed_without_one(coded: None) -> None:
    code("Rash", r2=HERE)
    known = timezone.now()
    desk.save(desk.logged(desk.infused(), "AE"), rows={"1": {"ae_term": "chills"}}, why=desk.BECAUSE)
    assert decoded(cut()) == {"2": RASH}
    withdraw_codes(
        [Seen.of(term) for term in the_terms() if term.row_key == "2"], why=NoCode.UNCLEAR, by=desk.SYSTEM
    )
    nothing = cut()
    assert (nothing.codes, decoded(nothing)) == ("", {})
    assert decoded(cut(known_at=known)) == {"1": FEVER, "2": RASH}


def test_the_names_are_english_where_the_version_has_them(coded: None, tmp_path: Path) -> None:
    folder = meddra(tmp_path / "zh")
    for file in ("llt.asc", "pt.asc", "mdhier.asc"):
        told = (folder / file).read_text().replace("Rash", "皮疹")
        (folder / file).write_text(told, encoding="utf-8")
    loaded(Kind.MEDDRA, folder, version="27.1", language="zh")
    code("皮疹", r2=HERE)
    assert decoded(cut()) == {"1": FEVER, "2": RASH}


def test_a_slice_of_subjects_has_its_own_codes(tmp_path: Path, settings: Any) -> None:
    settings.SNAPSHOT_DIR = tmp_path
    terms = [Code("meddra", "27.1", code, code.lower(), code, code, (("SOC", "S", "S"),)) for code in "PQ"]
    rows = [
        (subject, "AE", "", key, "ae_term", "meddra", "27.1", code)
        for subject, codes in (("A", "P"), ("C", "QP"), ("D", "Q"))
        for key, code in enumerate(codes)
    ]
    lines = ({"format": "chimera-codes/1"}, *map(asdict, terms), *rows)
    content = b"".join(map(canonical_line, lines))
    sealed = hashlib.sha256(content).hexdigest()
    path_of_codes(sealed).write_bytes(content)
    parts = slices_of_codes(sealed, [Slice(last=last) for last in ("B", "C", "D", "E")])
    shared = [[subject for subject, _ in codes_of_slice(sealed, part)] for part in parts]
    assert shared == [["A"], ["C"], ["D"], []]
    assert [one for part in parts for one in codes_of_slice(sealed, part)] == list(read_codes(sealed))
    assert list(read_codes(sealed, ["C", "B"])) == [one for one in read_codes(sealed) if one[0] == "C"] != []
    assert slices_of_codes("", [Slice(), Slice()]) == [CodesSlice(Slice(), Slice())] * 2
    path_of_codes(sealed).write_bytes(content.replace(b'"p"', b'"q"'))
    with pytest.raises(SnapshotDamaged):
        list(codes_of_slice(sealed, parts[0]))


def test_a_file_that_is_not_what_it_was_is_refused(coded: None) -> None:
    lock = cut()
    path = path_of_codes(lock.codes)
    path.chmod(0o640)
    path.write_bytes(path.read_bytes().replace(b"Pyrexia", b"pyrexia"))
    with pytest.raises(SnapshotDamaged):
        decoded(lock)


def test_the_table_goes_by_class_and_term_and_says_what_is_not_coded(coded: None) -> None:
    lock = cut()
    cutoff, subjects = read_snapshot(lock.snapshot.path)
    counts: dict[str, Any] = adverse_event_counts(build_datasets(cutoff, with_codes(subjects, lock.codes)))
    assert [(row["kind"], row["code"] or row["text"]) for row in counts["rows"]] == [
        ("every", ""),
        ("class", "S2"),
        ("preferred", "P2"),
        ("uncoded", ""),
        ("category", ""),
        ("term", "cough"),
        ("term", "skin rash"),
    ]
    table = event_table(counts, people.a_member(Role.STATISTICIAN))
    assert table.note.endswith("events coded by MedDRA, version 27.1: 1; not coded: 2")
    assert [row.label for row in table.rows][1:4] == ["Class S2", "Fever", "Not coded"]
