"""The data cut: what counts by the cut-off, and the file in which it is sealed."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.locks.cut import AFTER_CUTOFF, SubjectFacts, Value, all_records, cut_records, values_of
from analytics.locks.places import chosen_subjects, places_of, sites_of
from analytics.locks.snapshot import (
    SnapshotDamaged,
    block_of,
    canonical_line,
    read_snapshot,
    write_snapshot,
)
from patients.builder.timeline import Timeline
from patients.casebook.answers import HeldCasebook, Record
from patients.casebook.form import declared_forms, form_model
from patients.items.partial_date import PartialDate
from tests.analytics.casebooks import (
    BORN,
    ENROLLED,
    SITE,
    SUBJECT,
    T0,
    CutContent,
    assessed,
    built,
    contact,
    content,
    cut,
    day,
    died,
    grafted,
    infused,
    moment,
    relapsed,
    row,
)
from tests.patients.builder.strategies import cohorts, timelines

SLOW = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
CUTOFF = day(100)


pytestmark = pytest.mark.usefixtures("new_registry")


def in_cut(*records: Record) -> list[Record]:
    return list(cut_records(records, CUTOFF))


def facts(*records: Record) -> SubjectFacts:
    return content([*infused(), *records], CUTOFF)[0]


def sealed_hash(folder: Path, subjects: list[CutContent], cutoff: date = CUTOFF) -> str:
    return write_snapshot(folder, cutoff, subjects).hash


# --- which rows, which values -----------------------------------------------------------------------------
def partly_known(on: date) -> PartialDate:
    return PartialDate(on.year, on.month, on.day)


def whole(on: date) -> date:
    return on


# The dating item of a form, and how it holds a day.
DATING: dict[str, tuple[str, Callable[[date], Any]]] = {
    "AE": ("ae_start", partly_known),
    "AGVHD": ("ag_dt", whole),
    "CGVHD": ("cg_dt", whole),
    "CHIM": ("chim_dt", whole),
    "CM": ("cm_start", partly_known),
    "CRS": ("crs_date", whole),
    "DONOR": ("donor_consent_dt", whole),
    "HLH": ("hlh_dt", whole),
    "ICANS": ("ice_dt", moment),
    "INFX": ("inf_onset", whole),
    "KIN": ("kin_dt", whole),
    "LAB": ("lab_dt", moment),
    "LD": ("ld_date", whole),
    "MFG": ("aph_date", moment),
    "PCAR": ("pcar_date", partly_known),
    "PDEV": ("pd_dt", whole),
    "PTHER": ("line_start", partly_known),
    "PTX": ("ptx_date", partly_known),
    "REL": ("rel_decision_dt", moment),
    "TRF": ("trf_dt", whole),
    "VS": ("vs_dt", moment),
    "SAE": ("sae_aware_dt", moment),
    "SUBTX": ("stx_start", whole),
}


def dated_by(form: str, on: int) -> Record:
    item, held = DATING[form]
    return row(form, day(on), **{item: held(day(on))})


DATED: dict[str, Callable[[int], Record]] = {
    "FU": contact,
    "RESP": lambda on: assessed(on, 2),
    "HSCT": grafted,
    "RLP": relapsed,
    "DTH": died,
    "INF": lambda on: row("INF", day(on), inf_start_dt=moment(day(on))),
    "EOS": lambda on: row("EOS", day(on), eos_dt=day(on)),
    "ELIG": lambda on: row("ELIG", day(on), icf_main_dt=moment(day(on))),
    "DM": lambda on: row("DM", day(on), sex="M"),
    "DX": lambda on: row("DX", day(on), dx_type="aml"),
    "ENG": lambda on: row("ENG", day(on), eng_pgf=False),
    "DLT": lambda on: row("DLT", day(on), dlt_evaluable="Y"),
    **{form: partial(dated_by, form) for form in DATING},
}


def test_every_form_is_tried() -> None:
    assert DATED.keys() == {model.form.code for model in declared_forms()}


@pytest.mark.parametrize("form", DATED)
def test_the_cutoff_is_inclusive(form: str) -> None:
    dated = DATED[form]
    assert in_cut(dated(99), dated(100), dated(101)) == [dated(99), dated(100)]


@pytest.mark.parametrize("form", [form for form in DATED if form_model(form).form.dated_by])
def test_a_row_counts_by_its_dating_item_and_not_by_its_page(form: str) -> None:
    early, late = DATED[form](100), DATED[form](101)
    assert in_cut(replace(early, form_date=day(101)))
    assert not in_cut(replace(late, form_date=day(100)))


def test_a_row_whose_dating_item_is_empty_counts_by_its_page() -> None:
    not_done = [row("HSCT", day(on), hsct_done=False) for on in (100, 101)]
    assert in_cut(*not_done) == not_done[:1]


def test_a_row_without_any_date_is_not_in_the_cut() -> None:
    assert not in_cut(row("DM", None, sex="F"))


def test_a_moment_counts_by_the_local_day_of_the_site() -> None:
    utc = ZoneInfo("UTC")
    moments = datetime(2024, 6, 9, 15, 59, tzinfo=utc), datetime(2024, 6, 9, 16, tzinfo=utc)  # 23:59, 24:00
    rows = [row("INF", None, f"C{number}", inf_start_dt=at) for number, at in enumerate(moments)]
    assert date(2024, 6, 9) == CUTOFF
    assert in_cut(*rows) == rows[:1]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (PartialDate(2024, 6, 9), True),
        (PartialDate(2024, 6, 10), False),
        (PartialDate(2024, 6), True),  # it may mean the first
        (PartialDate(2024, 7), False),
        (PartialDate(2024), True),
        (PartialDate(2025), False),
    ],
    ids=str,
)
def test_a_partial_date_counts_by_its_earliest_day(typed: PartialDate, kept: bool) -> None:
    (found,) = in_cut(row("DX", day(0), dx_type="aml", dx_date=typed))
    assert found.values["dx_date"] == (typed if kept else None)
    assert found.missing == ({} if kept else {"dx_date": AFTER_CUTOFF})


def test_later_dates_inside_a_row_are_blanked_and_flagged() -> None:
    signed = row("ELIG", day(101), icf_main_dt=moment(day(90)), icf_hsct_dt=day(100), enrol_dt=day(101))
    (found,) = in_cut(signed)
    assert (found.form_date, found.values["enrol_dt"]) == (None, None)
    assert found.values["icf_hsct_dt"] == day(100)
    assert found.missing == {"form_date": AFTER_CUTOFF, "enrol_dt": AFTER_CUTOFF}
    assert signed.missing == {}, "the casebook itself stays as it is"


def test_neither_derived_nor_identifying_values_are_held() -> None:
    records = [*infused(), assessed(40, 2, resp_protocol="CRi"), relapsed(60)]
    held = {value.item for value in content(records, CUTOFF)[1]}
    all_items = {item for model in declared_forms() for item in model.items()}
    assert held & {item.name for item in all_items if item.is_derived or item.declared.identity} == set()
    assert BORN.earliest.isoformat() not in str(content(records, CUTOFF))


# --- what the whole casebook proves -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("later", "alive", "progression_free"),
    [
        (contact(101), True, False),
        (contact(140, free_on=130), True, True),
        (contact(140, free_on=90), True, False),
        (contact(101, status="UNKNOWN"), False, False),
        (relapsed(101), True, True),
        (relapsed(101, "extramedullary_relapse"), True, True),
        (relapsed(101, "progression_without_remission"), True, True),
        (relapsed(101, "mrd_relapse"), True, False),
        (died(101), True, False),
        (assessed(101, 2), False, False),
        (grafted(101), False, False),
        (row("EOS", day(101), eos_dt=day(101)), False, False),
        (contact(100, free_on=100), False, False),
        (died(100), False, False),
    ],
    ids=[
        "a contact",
        "a later assessment of a later contact",
        "an earlier assessment of a later contact",
        "nobody could be reached",
        "a relapse",
        "a relapse elsewhere",
        "a progression",
        "an MRD relapse",
        "death",
        "a marrow",
        "a graft",
        "the end of study",
        "a contact on the cut-off",
        "death on the cut-off",
    ],
)
def test_what_a_later_date_proves(later: Record, alive: bool, progression_free: bool) -> None:
    found = facts(later)
    assert (found.alive_at_cutoff, found.progression_free_at_cutoff) == (alive, progression_free)


def test_a_relapse_by_the_cutoff_outweighs_later_ones() -> None:
    found = facts(relapsed(100), relapsed(150), contact(200, free_on=190))
    assert (found.alive_at_cutoff, found.progression_free_at_cutoff) == (True, False)


@pytest.mark.parametrize(
    "later",
    [assessed(101, 60), grafted(101), row("EOS", day(101), eos_dt=day(101)), contact(102, status="UNKNOWN")],
    ids=lambda record: record.form,
)
def test_nothing_else_of_a_later_date_is_used(later: Record) -> None:
    before = [*infused(), contact(90, free_on=90)]
    assert content([*before, later], CUTOFF) == content(before, CUTOFF)


def test_the_later_date_itself_is_not_kept() -> None:
    assert content([*infused(), died(101)], CUTOFF) == content([*infused(), died(500)], CUTOFF)


def test_age_is_that_at_enrolment_and_unknown_until_then() -> None:
    assert facts().age_days_at_enrolment == (ENROLLED - BORN.earliest).days
    assert content(infused(), ENROLLED - timedelta(1))[0].age_days_at_enrolment is None


@pytest.mark.parametrize(
    ("born", "counted_from"),
    [(PartialDate(1980, 5), date(1980, 5, 15)), (PartialDate(1980), date(1980, 6, 15))],
    ids=str,
)
def test_age_of_a_partly_known_birth_date(born: PartialDate, counted_from: date) -> None:
    records = [replace(r, values=r.values | {"birth_date": born}) if r.form == "DM" else r for r in infused()]
    assert content(records, CUTOFF)[0].age_days_at_enrolment == (ENROLLED - counted_from).days


@pytest.mark.parametrize(
    ("born", "means"),
    [
        (BORN, BORN),
        (PartialDate(1980, 5), PartialDate(1980, 5, 15)),
        (PartialDate(1980), PartialDate(1980, 6, 15)),
    ],
)
def test_rules_read_the_birth_that_the_age_at_enrolment_means(born: PartialDate, means: PartialDate) -> None:
    """So that a normal range for an age is the same in the analysis as in the registry."""
    records = [replace(r, values=r.values | {"birth_date": born}) if r.form == "DM" else r for r in infused()]
    (found,) = cut(records).casebook.records("DM")
    assert found.values["birth_date"] == means


def test_without_an_age_rules_read_no_birth() -> None:
    (found,) = cut(infused(), ENROLLED - timedelta(1)).casebook.records("DM")
    assert found.values["birth_date"] is None


def test_the_birth_that_rules_read_is_no_value_of_the_snapshot() -> None:
    subject = cut(infused())
    assert {value.item for value in values_of(SUBJECT, all_records(subject.casebook))}.isdisjoint(
        {"birth_date"}
    )


# --- the file and its hash --------------------------------------------------------------------------------
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
    assert json.loads(lines[0])["forms"] == {code: form_model(code).form.version for code in DATED}
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
