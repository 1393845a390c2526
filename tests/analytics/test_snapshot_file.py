"""The file in which a cut is sealed: its bytes, its hash, and what is read back of it."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.locks.cut import AFTER_CUTOFF, Value, all_records, values_of
from analytics.locks.places import chosen_subjects, places_of, sites_of
from analytics.locks.snapshot import (
    SnapshotDamaged,
    block_of,
    canonical_line,
    read_snapshot,
    write_snapshot,
)
from patients.builder.timeline import Timeline
from patients.casebook.answers import HeldCasebook
from patients.casebook.form import declared_forms
from tests.analytics.casebooks import (
    SITE,
    SUBJECT,
    T0,
    CutContent,
    assessed,
    built,
    contact,
    content,
    day,
    died,
    grafted,
    infused,
    moment,
    row,
)
from tests.patients.builder.strategies import cohorts, timelines

SLOW = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
CUTOFF = day(100)
pytestmark = pytest.mark.usefixtures("new_registry")


def sealed_hash(folder: Path, subjects: list[CutContent], cutoff: date = CUTOFF) -> str:
    return write_snapshot(folder, cutoff, subjects).hash


def two_subjects() -> list[CutContent]:
    told = [*infused(), grafted(16), contact(90, free_on=80)]
    return [content(told, CUTOFF), content([*infused(), died(20)], CUTOFF, "HZ01-002")]


def of_cohort(cohort: list[Timeline], cutoff: date) -> list[CutContent]:
    return [content(all_records(book), cutoff, subject) for subject, book in built(cohort).items()]


@SLOW
@given(timelines(), st.integers(0, 2**32))
def test_the_hash_does_not_depend_on_the_order_of_entry(
    tmp_path_factory: pytest.TempPathFactory, timeline: Timeline, seed: int
) -> None:
    """One number shuffles all values: drawn one by one they were more than hypothesis draws."""
    folder, chance = tmp_path_factory.mktemp("order"), random.Random(seed)
    ((subject, casebook),) = built([timeline]).items()
    records = all_records(casebook)
    as_written = sealed_hash(folder, [content(records, timeline.last_contact_date, subject)])
    chance.shuffle(records)
    found, values = content(records, timeline.last_contact_date, subject)
    chance.shuffle(values)
    assert sealed_hash(folder, [(found, values)]) == as_written
    assert len(list(folder.iterdir())) == 1


FACTS: dict[str, Any] = {
    "subject": "HZ01-000",
    "site": "HZ02",
    "age_days_at_enrolment": 1,
    "alive_at_cutoff": True,
    "progression_free_at_cutoff": True,
}


@pytest.mark.parametrize("field", FACTS)
def test_any_change_of_a_fact_gives_another_hash(tmp_path: Path, field: str) -> None:
    (found, values), *others = two_subjects()
    changed = [(replace(found, **{field: FACTS[field]}), values), *others]
    assert sealed_hash(tmp_path, changed) != sealed_hash(tmp_path, two_subjects())


@SLOW
@given(data=st.data())
def test_any_change_of_a_value_gives_another_hash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("change")
    (found, values), *others = two_subjects()
    place = data.draw(st.integers(0, len(values) - 1))
    fields = ("visit", "form", "row_key", "item", "value", "unit", "missing")
    field = data.draw(st.sampled_from(fields))
    changed = values[place]._replace(**{field: getattr(values[place], field) + "x"})
    for other in ([*values[:place], changed, *values[place + 1 :]], [*values[:place], *values[place + 1 :]]):
        assert sealed_hash(folder, [(found, other), *others]) != sealed_hash(folder, two_subjects())


def test_another_cutoff_gives_another_hash_of_the_same_rows(tmp_path: Path) -> None:
    subjects = two_subjects()
    assert sealed_hash(tmp_path, subjects) != sealed_hash(tmp_path, subjects, CUTOFF + timedelta(1))


def test_missing_zero_and_not_done_are_three_things(tmp_path: Path) -> None:
    pages = [
        assessed(30, 0),
        replace(assessed(30, 0), values=assessed(30, 0).values | {"bm_blast": None}),
        replace(
            assessed(30, 0),
            values=assessed(30, 0).values | {"bm_blast": None},
            missing={"bm_blast": "not_done"},
        ),
    ]
    assert len({sealed_hash(tmp_path, [content([page], CUTOFF)]) for page in pages}) == 3


def test_a_number_is_held_as_it_was_entered(tmp_path: Path) -> None:
    held = [
        value.value
        for blasts in ("2", "2.0")
        for value in values_of(SUBJECT, [row("RESP", T0, bm_blast=Decimal(blasts))])
        if value.item == "bm_blast"
    ]
    assert held == ["2", "2.0"]


def values_in(path: Path) -> list[CutContent]:
    return [
        (found.facts, sorted(values_of(found.facts.subject, all_records(found.casebook))))
        for found in read_snapshot(path)[1]
    ]


@SLOW
@given(cohorts(max_size=3), st.integers(0, 400))
def test_what_was_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, cohort: list[Timeline], days: int
) -> None:
    cutoff = min(timeline.enrolment_date for timeline in cohort) + timedelta(days)
    written = of_cohort(cohort, cutoff)
    sealed = write_snapshot(tmp_path_factory.mktemp("round"), cutoff, written)
    assert read_snapshot(sealed.path)[0] == cutoff
    assert values_in(sealed.path) == [(found, sorted(values)) for found, values in written]
    assert (sealed.subjects, sealed.values) == (len(written), sum(len(values) for _, values in written))


def test_header_reasons_and_flags_are_read_back(tmp_path: Path) -> None:
    header = {"not_done": "Y", "not_done_reason": "died", "src_doc": "emr|lab_system"}
    missing = {"fu_disease": "unknown"}
    told = replace(contact(50), header=header, missing=missing)
    signed = row("ELIG", day(101), icf_main_dt=moment(day(90)), enrol_dt=day(101))
    sealed = write_snapshot(tmp_path, CUTOFF, [content([told, signed], CUTOFF)])
    (found,) = read_snapshot(sealed.path)[1]
    (back,), (flagged,) = found.casebook.records("FU"), found.casebook.records("ELIG")
    assert (back.header, back.missing, back.form_date) == (header, missing, day(50))
    assert flagged.form_date is None
    assert flagged.missing == {"form_date": AFTER_CUTOFF, "enrol_dt": AFTER_CUTOFF}


def test_a_code_that_its_list_has_lost_is_read_back(tmp_path: Path) -> None:
    """A snapshot is read long after it was sealed: code lists and consent versions may have changed."""
    signed = row("ELIG", T0, icf_main_dt=moment(T0), icf_main_version="0.9", rr_basis=["an_old_reason"])
    sealed = write_snapshot(tmp_path, CUTOFF, [content([signed], CUTOFF)])
    (found,) = read_snapshot(sealed.path)[1]
    (back,) = found.casebook.records("ELIG")
    assert (back.values["icf_main_version"], back.values["rr_basis"]) == ("0.9", ["an_old_reason"])


def test_every_character_is_written_as_the_standard_library_writes_it() -> None:
    """By it the first snapshots were sealed: a lock is repeated with the same hash, whoever writes it."""
    text = "".join(chr(n) for n in range(0x10FFFF + 1) if not 0xD800 <= n <= 0xDFFF)
    plain = json.dumps({"b": [text], "a": 1}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical_line({"b": [text], "a": 1}) == plain.encode() + b"\n"


@pytest.mark.parametrize(
    "text", ['"],["', "],[", f'],["{SUBJECT}', f"],[{SUBJECT}", f'"],["{SUBJECT}"', '"]\n["', '","', "\\"]
)
def test_lines_that_are_written_at_once_are_those_that_are_written_one_by_one(text: str) -> None:
    values = [Value(SUBJECT, text, form, text, "item", text, text, text) for form in (text, "DX", "")]
    facts, _values = two_subjects()[0]
    alone = [canonical_line(asdict(facts)), *(canonical_line(tuple(value)) for value in sorted(values))]
    assert block_of(facts, values) == (facts, b"".join(alone), 3)
    assert block_of(facts, []) == (facts, alone[0], 0)


def test_the_file_is_canonical_and_read_only(tmp_path: Path) -> None:
    sealed = write_snapshot(tmp_path, CUTOFF, two_subjects())
    lines = sealed.path.read_bytes().splitlines(keepends=True)
    assert lines == [canonical_line(json.loads(line)) for line in lines]
    assert json.loads(lines[0])["forms"] == {one.form.code: one.form.version for one in declared_forms()}
    assert sealed.path.stat().st_mode & 0o777 == 0o440
    assert [path.name for path in tmp_path.iterdir()] == [f"{sealed.hash}.jsonl"]
    assert sites_of(sealed.path) == {SITE}


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def subjects() -> Iterator[CutContent]:
        yield two_subjects()[0]
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_snapshot(tmp_path, CUTOFF, subjects())
    assert list(tmp_path.iterdir()) == []


def test_subjects_that_come_out_of_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="HZ01-001 stands after HZ01-002"):
        write_snapshot(tmp_path, CUTOFF, two_subjects()[::-1])


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "a changed value": lambda content: content.replace(b'"enrol_dt","2024-02-10', b'"enrol_dt","2024-02-11'),
    "a lost line": lambda content: b"".join(content.splitlines(keepends=True)[:-1]),
    "a line more": lambda content: content + content.splitlines(keepends=True)[-1],
    "a space": lambda content: content.replace(b",", b", ", 1),
    "nothing": lambda content: b"",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = write_snapshot(tmp_path, CUTOFF, two_subjects()).path
    sound = path.read_bytes()
    assert damage(sound) != sound
    path.unlink()
    path.write_bytes(damage(sound))
    for read in (read_snapshot, sites_of):
        with pytest.raises(SnapshotDamaged, match="is not what it was"):
            read(path)


def test_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    path = write_snapshot(tmp_path, CUTOFF, two_subjects()).path
    path.unlink()
    with pytest.raises(SnapshotDamaged, match="is gone"):
        read_snapshot(path)


def forged(kept: bytes) -> bytes:
    """Another site, under the key of what was told before."""
    return kept.replace(SITE.encode(), b"HZ99")


@pytest.mark.parametrize("damage", [forged, lambda kept: b"", lambda kept: kept[:-1]])
def test_places_that_nobody_here_wrote_are_made_anew(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = write_snapshot(tmp_path, CUTOFF, two_subjects()).path
    assert sites_of(path) == {SITE}
    beside = tmp_path / f"places-{path.stem}"
    kept = beside.read_bytes()
    beside.unlink()
    beside.write_bytes(damage(kept))
    assert beside.read_bytes() != kept
    places_of.cache_clear()
    assert sites_of(path) == {SITE}
    assert beside.read_bytes() == kept


def test_a_few_subjects_are_read_without_the_others(tmp_path: Path) -> None:
    """Of the others nothing is looked at, so that damage there is not seen; in their own bytes it is."""
    path = write_snapshot(tmp_path, CUTOFF, two_subjects()).path
    whole = {subject.facts.subject: subject for subject in read_snapshot(path)[1]}
    first, second = sorted(whole)
    for code in (first, second):
        (found,) = chosen_subjects(path, {code, "HZ01-999"})
        assert all_records(found.casebook) == all_records(whole[code].casebook)
    damaged = path.read_bytes()[:-3]
    path.unlink()
    path.write_bytes(damaged)
    assert [one.facts for one in chosen_subjects(path, {first})] == [whole[first].facts]
    with pytest.raises(SnapshotDamaged, match="is not what it was"):
        list(chosen_subjects(path, {second}))


def test_values_sort_by_their_natural_keys() -> None:
    keys = ("subject", "visit", "form", "row_key", "item", "value", "unit", "missing")
    assert Value._fields == keys


def test_the_casebook_of_a_subject_is_in_the_order_of_dates() -> None:
    held = HeldCasebook(SUBJECT, [contact(50), contact(20)])
    assert [record.dated for record in all_records(held)] == [day(20), day(50)]
