"""The casebook directory: written whole or not at all, always the same; read leniently, refused clearly."""

import csv
import fcntl
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.casebook import files
from patients.casebook.files import (
    HEADER,
    PEOPLE,
    ROW_KEYS,
    UnreadableSheet,
    columns,
    item_columns,
    page_cells,
    read_sheet,
    visit_order,
    write_casebook,
    write_sheet,
)
from patients.casebook.form import declared_forms
from patients.casebook.whole_directory import DirectoryInUse
from trial.protocol.visits import VISITS, UnknownVisit

EOS = "subject_id,visit_code,repeat,form_date,eos_dt,eos_reason"
DEATH = "HZ01-001,ENDv,,2025-03-21,2025-03-21,death"


def row(subject: str = "HZ01-001", visit: str = "SCR", repeat: str = "", **cells: str) -> dict[str, str]:
    place = page_cells(subject_id=subject, visit_code=visit, repeat=repeat, form_date=date(2025, 3, 21))
    return place | cells


def written(folder: Path, sheet: str, *rows: dict[str, str]) -> list[list[str]]:
    path = folder / f"{sheet}.csv"
    path.unlink(missing_ok=True)
    write_sheet(path, sheet, rows)
    with path.open(newline="") as file:
        return list(csv.reader(file))


# --- columns
def test_a_form_has_its_place_its_header_and_its_items() -> None:
    assert columns("EOS") == (
        *("subject_id", "visit_code", "repeat", "form_date"),
        *("not_done", "not_done_reason", "src_doc"),
        *("eos_dt", "eos_reason", "eos_withdraw_scope", "eos_ltfu", "eos_lost_attempts"),
    )


def test_neither_birth_date_nor_age_stands_with_the_demographics() -> None:
    assert {"birth_date", "age_consent"}.isdisjoint(columns("DM"))
    assert "birth_date" in PEOPLE["IDENTITY"]


def test_no_form_has_a_column_for_a_derived_item() -> None:
    for model in declared_forms():
        derived = {item.name for item in model.items() if item.is_derived}
        assert derived.isdisjoint(columns(model.form.code))


def test_an_item_is_followed_by_the_reason_for_its_absence_where_there_is_one(tmp_path: Path) -> None:
    rows = (row("HZ01-001", hctci="2"), row("HZ01-002", hctci__missing="not_done", sex__missing=""))
    header, first, second = written(tmp_path, "DM", *rows)
    assert header == list(columns("DM", ["hctci"]))
    assert header[-2:] == ["hctci", "hctci__missing"]
    assert (first[-2:], second[-2:]) == (["2", ""], ["", "not_done"])


def test_the_header_of_a_page_that_was_not_done() -> None:
    cells = page_cells(
        subject_id="HZ01-001",
        visit_code="C28",
        form_date=None,
        not_done=True,
        not_done_reason="too_ill",
        src_doc=("lab_system", "emr"),
    )
    assert [cells[name] for name in HEADER] == ["HZ01-001", "C28", "", "", "Y", "too_ill", "emr|lab_system"]


# --- order
def test_rows_stand_by_subject_then_visit_of_the_protocol_then_row(tmp_path: Path) -> None:
    places = [
        ("HZ01-001", "SCR", ""),
        ("HZ01-001", "LD2", "1"),
        ("HZ01-001", "LD3", "1"),
        ("HZ01-001", "LD4", "2"),
        ("HZ01-001", "LD4", "10"),
        ("HZ01-001", "C14R", ""),
        ("HZ01-001", "HW", ""),
        ("HZ01-001", "H7d", ""),
        ("HZ01-001", "H7", ""),
        ("HZ01-001", "HM12", ""),
        ("HZ01-001", "RLPv1", ""),
        ("HZ01-001", "UNS2", ""),
        ("HZ01-001", "UNS10", ""),
        ("HZ01-001", "ENDv", ""),
        ("HZ01-002", "", "2"),
        ("HZ01-002", "SCR", ""),
    ]
    rows = [row(*place) for place in reversed(places)]
    assert [tuple(cells[:3]) for cells in written(tmp_path, "EOS", *rows)[1:]] == places


def test_every_visit_of_the_protocol_has_its_place() -> None:
    codes = [visit.code for visit in VISITS]
    assert sorted(codes, key=visit_order) == codes


def test_an_unknown_visit_is_not_written() -> None:
    with pytest.raises(UnknownVisit):
        visit_order("XYZ")


@given(st.permutations([row("HZ01-002"), row("HZ01-001"), row("HZ01-001", "C28"), row("HZ01-001", "UNS1")]))
def test_the_same_rows_in_any_order_give_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("out")
    write_casebook(folder / "one", {"RESP": rows})
    write_casebook(folder / "two", {"RESP": sorted(rows, key=str)})
    assert (folder / "one" / "RESP.csv").read_bytes() == (folder / "two" / "RESP.csv").read_bytes()


# --- writing
def test_a_sheet_is_utf_8_with_line_feeds(tmp_path: Path) -> None:
    write_casebook(tmp_path / "out", {"MEMBERS": [{"user_name": "pi.hz01", "printed_name": "主要研究者"}]})
    expected = "user_name,printed_name,role,site\npi.hz01,主要研究者,,\n"
    assert (tmp_path / "out" / "MEMBERS.csv").read_bytes() == expected.encode()


def test_a_sheet_without_rows_is_its_header(tmp_path: Path) -> None:
    assert written(tmp_path, "SUBJECTS") == [["subject_id", "patient_id", "site", "planned_infusion"]]


def test_others_may_not_read_the_directory(tmp_path: Path) -> None:
    write_casebook(tmp_path / "out", {"IDENTITY": []})
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["birth_date", "age_consent", "nothing", "nothing__missing"])
def test_a_cell_without_a_column_is_a_mistake_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        write_casebook(tmp_path / "out", {"DM": [row(**{name: "1"})]})
    assert list(tmp_path.iterdir()) == []


def test_an_empty_directory_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write_casebook(tmp_path / "out", {"EOS": [row()]})
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "EOS.csv"]


def test_the_way_to_the_directory_is_made(tmp_path: Path) -> None:
    write_casebook(tmp_path / "a" / "b" / "out", {"EOS": []})
    assert (tmp_path / "a" / "b" / "out" / "EOS.csv").exists()


def _with_a_file(out_dir: Path) -> None:
    out_dir.mkdir()
    (out_dir / "EOS.csv").write_text("mine")


def _as_a_file(out_dir: Path) -> None:
    out_dir.write_text("mine")


@pytest.mark.parametrize("occupy", [_with_a_file, _as_a_file])
def test_what_is_there_is_never_written_over(tmp_path: Path, occupy: Callable[[Path], None]) -> None:
    occupy(tmp_path / "out")
    with pytest.raises(DirectoryInUse, match="not an empty directory"):
        write_casebook(tmp_path / "out", {"EOS": [row()]})
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["mine"]


def test_a_directory_that_is_filled_meanwhile_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def somebody_is_faster(path: Path, sheet: str, rows: Any) -> None:
        _with_a_file(tmp_path / "out")

    monkeypatch.setattr(files, "write_sheet", somebody_is_faster)
    with pytest.raises(DirectoryInUse):
        write_casebook(tmp_path / "out", {"EOS": []})
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "EOS.csv"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, OSError, SystemExit, MemoryError])
def test_an_interrupted_write_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    whole = files.write_sheet

    def interrupted(path: Path, sheet: str, rows: Any) -> None:
        whole(path, sheet, rows)
        if sheet == "EOS":
            raise interruption

    monkeypatch.setattr(files, "write_sheet", interrupted)
    with pytest.raises(interruption):
        write_casebook(tmp_path / "out", {"DM": [row()], "EOS": [row()], "DX": [row()]})
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_write_left_goes_with_the_next(tmp_path: Path) -> None:
    left = tmp_path / ".out-abc.part"
    left.mkdir()
    (left / "EOS.csv").write_text("half")
    write_casebook(tmp_path / "out", {"EOS": []})
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_write_that_is_under_way_is_left_alone(tmp_path: Path) -> None:
    under_way = tmp_path / ".out-abc.part"
    under_way.mkdir()
    handle = os.open(under_way, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    write_casebook(tmp_path / "out", {"EOS": []})
    os.close(handle)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out-abc.part", "out"]


# --- reading
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)


@given(st.lists(st.dictionaries(st.sampled_from(item_columns("DX")), _TEXT), max_size=4))
def test_what_was_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, contents: list[dict[str, str]]
) -> None:
    rows = [row(f"HZ01-{number:03d}", **cells) for number, cells in enumerate(contents, 1)]
    path = tmp_path_factory.mktemp("out") / "DX.csv"
    write_sheet(path, "DX", rows)
    empty = dict.fromkeys(columns("DX"), "")
    assert [cells for _line, cells in read_sheet(path)] == [empty | cells for cells in rows]


def sheet(tmp_path: Path, content: bytes, name: str = "EOS") -> Path:
    path = tmp_path / f"{name}.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_byte_order_mark_and_crlf_are_read(tmp_path: Path, mark: str, end: str) -> None:
    path = sheet(tmp_path, (mark + EOS + end + DEATH + end).encode())
    assert list(read_sheet(path)) == [
        (
            2,
            {
                "subject_id": "HZ01-001",
                "visit_code": "ENDv",
                "repeat": "",
                "form_date": "2025-03-21",
                "eos_dt": "2025-03-21",
                "eos_reason": "death",
            },
        )
    ]


def test_the_last_line_need_not_end(tmp_path: Path) -> None:
    assert len(list(read_sheet(sheet(tmp_path, f"{EOS}\n{DEATH}".encode())))) == 1


def test_a_row_is_known_by_the_line_on_which_it_begins(tmp_path: Path) -> None:
    content = f'{EOS}\n\nA,ENDv,,,"two\nlines",\n\n\nB,ENDv,,,,\n'
    assert [line for line, _cells in read_sheet(sheet(tmp_path, content.encode()))] == [3, 7]


def test_every_item_may_have_a_reason_for_its_absence(tmp_path: Path) -> None:
    header = ",".join(columns("DX", item_columns("DX")))
    assert list(read_sheet(sheet(tmp_path, header.encode() + b"\n", "DX"))) == []


@pytest.mark.parametrize("name", PEOPLE)
def test_the_sheets_about_people_are_read(tmp_path: Path, name: str) -> None:
    cells = {column: column.upper() for column in PEOPLE[name]}
    write_sheet(tmp_path / f"{name}.csv", name, [cells])
    assert list(read_sheet(tmp_path / f"{name}.csv")) == [(2, cells)]


def test_rows_come_before_a_later_line_is_looked_at(tmp_path: Path) -> None:
    rows = read_sheet(sheet(tmp_path, f"{EOS}\n{DEATH}\n".encode() + b"\xff\n"))
    assert next(rows)[0] == 2
    with pytest.raises(UnreadableSheet):
        next(rows)


UNREADABLE: dict[str, tuple[bytes, int, str, str]] = {
    "nothing at all": (b"", 1, "", "The file is empty."),
    "a byte order mark alone": ("\ufeff".encode(), 1, "", "The file is empty."),
    "another encoding": (
        f"{EOS}\n{DEATH}\n".encode() + "é".encode("latin-1"),
        3,
        "",
        "The line is not UTF-8.",
    ),
    "UTF-16": (EOS.encode("utf-16"), 1, "", "NUL byte"),
    "a NUL byte": (f"{EOS}\n{DEATH}\x00\n".encode(), 2, "", "The line holds a NUL byte."),
    **{
        f"no {key}": (
            f"{EOS}\n".replace(f"{key},", "", 1).encode(),
            1,
            key,
            f"The column {key} is missing.",
        )
        for key in ROW_KEYS
    },
    "an unknown column": (f"{EOS},eos_note\n".encode(), 1, "eos_note", "There is no column “eos_note”."),
    "a column without a name": (f"{EOS},\n".encode(), 1, "", "There is no column “”."),
    "a column of another case": (EOS.replace("eos_dt", "EOS_DT").encode(), 1, "EOS_DT", "no column “EOS_DT”"),
    "a column twice": (f"{EOS},eos_dt\n".encode(), 1, "eos_dt", "The column eos_dt stands twice."),
    "a cell too many": (f"{EOS}\n{DEATH}\n{DEATH},\n".encode(), 3, "", "7 cells for 6 columns."),
    "a cell too few": (f"{EOS}\nHZ01-001,ENDv\n".encode(), 2, "", "2 cells for 6 columns."),
    "an open quote": (f'{EOS}\n{DEATH}\nHZ01-002,"ENDv\n'.encode(), 3, "", "This is not CSV"),
    "text after a quote": (f'{EOS}\n"HZ01"-001,ENDv,,,,\n'.encode(), 2, "", "This is not CSV"),
    "line ends of 1999": (f"{EOS}\r{DEATH}\r".encode(), 1, "", "This is not CSV"),
}


@pytest.mark.parametrize(("content", "line", "column", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_refuses(tmp_path: Path, content: bytes, line: int, column: str, reason: str) -> None:
    with pytest.raises(UnreadableSheet) as problem:
        list(read_sheet(sheet(tmp_path, content)))
    assert problem.value.file.name == "EOS.csv"
    assert (problem.value.line, problem.value.column) == (line, column)
    assert reason in problem.value.reason
    assert str(problem.value) == f"EOS.csv line {line}: {problem.value.reason}"


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ("birth_date", "birth_date stands in IDENTITY.csv alone."),
        ("age_consent", "age_consent is derived and never read from a file."),
        ("age_consent__missing", "There is no column “age_consent__missing”."),
    ],
)
def test_says_why_an_item_has_no_column(tmp_path: Path, column: str, reason: str) -> None:
    with pytest.raises(UnreadableSheet) as problem:
        list(read_sheet(sheet(tmp_path, f"{','.join(ROW_KEYS)},{column}\n".encode(), "DM")))
    assert problem.value.reason == reason


def test_a_file_must_be_a_sheet_of_this_version(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSheet, match="NOTES is not a form of this version"):
        list(read_sheet(sheet(tmp_path, b"", "NOTES")))


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSheet, match=r"EOS\.csv: No such file") as problem:
        list(read_sheet(tmp_path / "EOS.csv"))
    assert problem.value.line == 0


@pytest.mark.parametrize(
    ("name", "key"), [("SUBJECTS", "site"), ("MEMBERS", "role"), ("IDENTITY", "subject_id")]
)
def test_the_sheets_about_people_need_their_keys(tmp_path: Path, name: str, key: str) -> None:
    header = ",".join(column for column in PEOPLE[name] if column != key)
    with pytest.raises(UnreadableSheet, match=f"The column {key} is missing"):
        list(read_sheet(sheet(tmp_path, header.encode(), name)))
