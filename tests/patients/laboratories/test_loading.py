"""A table of laboratories or of ranges goes into the registry whole or not at all, each fault named."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from patients.builder.laboratory import LABORATORY
from patients.casebook.files import UnreadableSheet
from patients.forms.laboratory_catalogue import TESTS
from patients.laboratories.loading import Loaded, load_laboratories, load_ranges
from patients.laboratories.tables import TableRefused
from tests.patients.entry import desk
from trial.protocol.laboratories import Laboratory, ReferenceRange
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db

LABORATORIES = "laboratory,name,accredited_from,accredited_until"
RANGES = "laboratory,test,unit,sex,age_from,age_below,lower,upper,factor,valid_from,valid_until"
CENTRAL = "L1,Central laboratory,2020-01-01,2025-12-31"
NEUT = "L1,NEUT,10^9/L,,,,1.8,6.3,,2020-01-01,"


def table(folder: Path, header: str, *rows: str, name: str = "table") -> Path:
    path = folder / f"{name}.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def taken(load: Callable[..., Loaded], path: Path, reason: str = "") -> Loaded:
    return load(path, by=desk.SYSTEM, source=Source.COMMAND, reason=reason)


def refused(load: Callable[..., Loaded], path: Path) -> list[str]:
    """What is said of a table that is refused; nothing of it may have gone in."""
    before = desk.content()
    with pytest.raises(TableRefused) as refusal:
        taken(load, path)
    assert desk.content() == before
    return [str(problem) for problem in refusal.value.problems]


@pytest.fixture
def central(tmp_path: Path) -> Laboratory:
    taken(load_laboratories, table(tmp_path, LABORATORIES, CENTRAL))
    return Laboratory.objects.get()


def test_a_laboratory_goes_in_with_its_accreditation(central: Laboratory) -> None:
    assert (central.code, central.name) == ("L1", "Central laboratory")
    assert (str(central.accredited_from), str(central.accredited_until)) == ("2020-01-01", "2025-12-31")
    event = TrailEvent.objects.get(action="laboratories.loaded")
    assert "name=Central laboratory" in event.changes.get().new
    assert central.history.count() == 1


def test_a_range_goes_in(central: Laboratory, tmp_path: Path) -> None:
    assert taken(load_ranges, table(tmp_path, RANGES, NEUT)) == Loaded(1, 0, 0)
    (found,) = ReferenceRange.objects.all()
    assert (found.laboratory, found.test, found.unit) == (central, "NEUT", "10^9/L")
    assert (found.sex, found.age_from, found.age_below) == ("", 0, None)
    assert (float(found.lower), float(found.upper), found.valid_until) == (1.8, 6.3, None)


def test_the_same_table_again_changes_nothing(central: Laboratory, tmp_path: Path) -> None:
    path = table(tmp_path, RANGES, NEUT)
    taken(load_ranges, path)
    before = desk.content()
    assert taken(load_ranges, path) == Loaded(0, 0, 1)
    assert desk.content() == before


def test_what_the_registry_has_otherwise_is_changed_with_a_reason_alone(
    central: Laboratory, tmp_path: Path
) -> None:
    taken(load_ranges, table(tmp_path, RANGES, NEUT))
    ended = table(
        tmp_path, RANGES, NEUT + "2024-06-30", NEUT.replace("1.8", "2.0").replace("2020-01-01", "2024-07-01")
    )
    (said,) = refused(load_ranges, ended)
    assert said == (
        "table.csv line 2, valid_until “2024-06-30”: The registry holds “” here; a change needs a reason."
    )
    assert taken(load_ranges, ended, "new analyser") == Loaded(1, 1, 0)
    event = TrailEvent.objects.filter(action="ranges.loaded").latest("pk")
    change = event.changes.get(item="valid_until")
    assert (change.old, change.new, event.reason) == ("", "2024-06-30", "new analyser")
    assert desk.rows_that_differ_from_their_newest_version() == []


BAD_RANGES: list[tuple[str, str, str]] = [
    # the row, its column at fault, what is said of it
    (NEUT.replace("L1", "L9"), "laboratory “L9”", "load it first"),
    (NEUT.replace("NEUT", "NEUTRO"), "test “NEUTRO”", "no test of the laboratory catalogue"),
    (NEUT.replace("10^9/L", "g/L"), "unit “g/L”", "The units of NEUT are: 10^9/L, /uL."),
    (NEUT.replace("10^9/L,", "10^9/L,X"), "sex “X”", "M or F"),
    (NEUT.replace(",,,,1.8", ",,x,,1.8"), "age_from “x”", "not a whole number"),
    (NEUT.replace(",,,,1.8", ",,60,60,1.8"), "age_below “60”", "end after they begin"),
    (NEUT.replace(",,,,1.8", ",,-1,,1.8"), "age_from “-1”", "from 0 to 150 years"),
    (NEUT.replace(",,,,1.8", ",,40000,,1.8"), "age_from “40000”", "from 0 to 150 years"),
    (NEUT.replace(",,,,1.8", ",,,151,1.8"), "age_below “151”", "from 0 to 150 years"),
    (NEUT.replace("1.8", "1.8x"), "lower “1.8x”", "not a number"),
    (NEUT.replace("1.8", "6.3"), "lower “6.3”", "lies below the upper"),
    (NEUT.replace("1.8,6.3", ","), "lower “”", "needs a lower or an upper limit"),
    (NEUT.replace(",,2020", ",0.5,2020"), "factor “0.5”", "stands in the catalogue"),
    (NEUT.replace("NEUT,10^9/L", "CMVDNA,copies/mL"), "factor “”", "the laboratory's factor to SI"),
    (NEUT.replace("2020-01-01", "2020-02-30"), "valid_from “2020-02-30”", "not a day of the calendar"),
    (NEUT.replace("2020-01-01", ""), "valid_from “”", "A value is required"),
    (NEUT + "2019-12-31", "valid_until “2019-12-31”", "lies before 2020-01-01"),
]


@pytest.mark.parametrize(("row", "where", "why"), BAD_RANGES)
def test_a_fault_is_named_with_line_column_and_value(
    row: str, where: str, why: str, central: Laboratory, tmp_path: Path
) -> None:
    said = refused(load_ranges, table(tmp_path, RANGES, "L1,WBC,10^9/L,,,,3.5,9.5,,2020-01-01,", row))
    assert any(one.startswith(f"table.csv line 3, {where}: ") and why in one for one in said), said


OVERLAPS: list[tuple[str, str, bool]] = [
    # two ranges of a test: sex, ages, days; whether both could be meant for somebody
    (",,,1,2,,2020-01-01,", ",,,1,3,,2021-01-01,", True),
    (",,,1,2,,2020-01-01,2020-12-31", ",,,1,3,,2021-01-01,", False),
    (",,,1,2,,2020-01-01,2021-01-01", ",,,1,3,,2021-01-01,", True),
    ("M,,,1,2,,2020-01-01,", "F,,,1,3,,2020-01-01,", False),
    ("M,,,1,2,,2020-01-01,", ",,,1,3,,2020-01-01,", True),
    (",,60,1,2,,2020-01-01,", ",60,,1,3,,2020-01-01,", False),
    (",,61,1,2,,2020-01-01,", ",60,,1,3,,2020-01-01,", True),
]


@pytest.mark.parametrize(("one", "other", "meet"), OVERLAPS)
def test_at_most_one_range_is_meant_for_somebody_on_a_day(
    one: str, other: str, meet: bool, central: Laboratory, tmp_path: Path
) -> None:
    rows = [f"L1,K,mmol/L,{text}" for text in (one, other)]
    both = table(tmp_path, RANGES, *rows)
    if not meet:
        assert taken(load_ranges, both).new == 2
        return
    assert refused(load_ranges, both)[0].endswith("The range overlaps with that of line 2.")
    taken(load_ranges, table(tmp_path, RANGES, rows[0]))
    (said,) = refused(load_ranges, table(tmp_path, RANGES, rows[1]))
    assert said.endswith("The range overlaps with one from 2020-01-01 in the registry.")


def test_a_row_that_stands_twice_is_refused(central: Laboratory, tmp_path: Path) -> None:
    said = refused(load_ranges, table(tmp_path, RANGES, NEUT, NEUT))
    assert "table.csv line 3, laboratory “L1”: The row stands on line 2, too." in said


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ("L2,,2020-01-01,", "name “”"),
        ("L2,Second,,", "accredited_from “”"),
        ("L2,Second,2020-01-01,2019-12-31", "accredited_until “2019-12-31”"),
        (CENTRAL, "laboratory “L1”"),
    ],
)
def test_a_fault_of_a_laboratory_is_named(row: str, where: str, tmp_path: Path) -> None:
    (said,) = refused(load_laboratories, table(tmp_path, LABORATORIES, CENTRAL, row))
    assert said.startswith(f"table.csv line 3, {where}: ")


@pytest.mark.parametrize("header", ["laboratory,test", RANGES.replace("unit", "units"), ""])
def test_a_file_with_other_columns_cannot_be_read(header: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableSheet):
        taken(load_ranges, table(tmp_path, header, NEUT))


# --- the commands ---------------------------------------------------------------------------------------
def test_the_commands_say_what_became_of_the_rows(tmp_path: Path, capsys: Any) -> None:
    call_command("load_laboratories", table(tmp_path, LABORATORIES, CENTRAL))
    call_command("load_ranges", table(tmp_path, RANGES, NEUT))
    assert capsys.readouterr().out == "new: 1, changed: 0, as before: 0\n" * 2


def test_a_refused_table_ends_with_1_and_an_unreadable_one_with_2(tmp_path: Path, capsys: Any) -> None:
    with pytest.raises(SystemExit) as stop:
        call_command("load_ranges", table(tmp_path, RANGES, NEUT))
    assert stop.value.code == 1
    assert "line 2, laboratory “L1”" in capsys.readouterr().err
    with pytest.raises(CommandError) as problem:
        call_command("load_ranges", tmp_path / "none.csv")
    assert problem.value.returncode == 2


def test_the_laboratory_of_the_demo_has_a_range_for_every_test_and_says_that_it_is_invented() -> None:
    folder = files("patients.builder") / "demo"
    for load, name in ((load_laboratories, "laboratories"), (load_ranges, "ranges")):
        taken(load, Path(str(folder / f"{name}.csv")))
    laboratory = Laboratory.objects.get()
    assert laboratory.code == LABORATORY
    assert "invented" in laboratory.name
    assert {one.test for one in ReferenceRange.objects.all()} == {test.code for test in TESTS}
