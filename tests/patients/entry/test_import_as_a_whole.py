"""What is no casebook is refused before anything is written; all or nothing, and the dry run."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from patients.casebook.files import MISSING_SUFFIX
from patients.casebook.page import Page, PageState
from patients.entry import edits
from patients.entry.deliveries import UnreadableCasebook
from tests.patients.entry import casebooks, desk
from tests.patients.entry.casebooks import imported, planted, sheets, write, wrong_type

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]

SUBJECT = "HZ01-001"


def no_subjects(folder: Path) -> None:
    (folder / "SUBJECTS.csv").unlink()


def a_strange_sheet(folder: Path) -> None:
    (folder / "NEXT.csv").write_text("subject_id,visit_code,repeat,form_date\n")


def a_derived_column(folder: Path) -> None:
    text = (folder / "DM.csv").read_text().splitlines()
    (folder / "DM.csv").write_text(
        "\n".join([f"{text[0]},age_consent", *(f"{line},68.6" for line in text[1:])])
    )


def an_identifying_column(folder: Path) -> None:
    text = (folder / "DM.csv").read_text().splitlines()
    (folder / "DM.csv").write_text(
        "\n".join([f"{text[0]},birth_date", *(f"{line},1956" for line in text[1:])])
    )


def an_unknown_column(folder: Path) -> None:
    text = (folder / "DX.csv").read_text().splitlines()
    (folder / "DX.csv").write_text("\n".join([f"{text[0]},shoe_size", *(f"{line},42" for line in text[1:])]))


def a_broken_line(folder: Path) -> None:
    with (folder / "FU.csv").open("a") as file:
        file.write("HZ01-001,HM9\n")


def no_utf_8(folder: Path) -> None:
    with (folder / "DX.csv").open("ab") as file:
        file.write("白血病\n".encode("gb18030"))


def broken_subjects(folder: Path) -> None:
    with (folder / "SUBJECTS.csv").open("a") as file:
        file.write("HZ01-002\n")


def broken_members(folder: Path) -> None:
    (folder / "MEMBERS.csv").write_text("user_name,role\na,b\n")


def broken_identities(folder: Path) -> None:
    with (folder / "IDENTITY.csv").open("ab") as file:
        file.write(b"HZ01-001,\x00\n")


UNREADABLE = (
    (no_subjects, "holds no SUBJECTS.csv"),
    (a_strange_sheet, "Not a form of this version: NEXT.csv"),
    (a_derived_column, "DM.csv line 1: age_consent is derived and never read from a file"),
    (an_identifying_column, "DM.csv line 1: birth_date stands in IDENTITY.csv alone"),
    (an_unknown_column, "DX.csv line 1: There is no column “shoe_size”"),
    (a_broken_line, "FU.csv line"),
    (no_utf_8, "DX.csv line 3: The line is not UTF-8"),
    (broken_subjects, "SUBJECTS.csv line 3"),
    (broken_members, "MEMBERS.csv line 1"),
    (broken_identities, "IDENTITY.csv line 3: The line holds a NUL byte"),
)


@pytest.mark.parametrize(("spoil", "why"), UNREADABLE, ids=lambda part: getattr(part, "__name__", None))
def test_what_is_no_casebook_is_refused_before_anything_is_written(
    spoil: Callable[[Path], None], why: str, tmp_path: Path
) -> None:
    folder = write(tmp_path / "in", sheets())
    spoil(folder)
    before = desk.content()
    with pytest.raises(UnreadableCasebook, match=r".*") as refusal:
        imported(folder)
    assert why in str(refusal.value)
    assert desk.content() == before


def test_a_directory_that_is_not_there_is_no_casebook(tmp_path: Path) -> None:
    with pytest.raises(UnreadableCasebook):
        imported(tmp_path / "nowhere")


@pytest.mark.requirement("DI-10")
@pytest.mark.parametrize("option", ["all_or_nothing", "dry_run"])
def test_nothing_is_kept_of_an_import_with_a_refusal(option: str, tmp_path: Path, capsys) -> None:
    folder = planted(tmp_path / "in", wrong_type)
    before = desk.content()
    with pytest.raises(SystemExit) as stop:
        call_command("import_casebook", folder, **{option: True})
    assert stop.value.code == 1
    assert desk.content() == before
    said = capsys.readouterr()
    assert "nothing was kept" in said.out
    assert "refused: DX.csv line 2, relapse_n “three”" in said.err


@pytest.mark.requirement("DI-10")
def test_a_dry_run_reports_what_an_import_would_do_and_keeps_nothing(tmp_path: Path, capsys) -> None:
    folder = write(tmp_path / "in", sheets())
    before = desk.content()
    call_command("import_casebook", folder, dry_run=True)
    assert desk.content() == before
    pages = casebooks.pages_in(sheets())
    assert f"kept: {pages} pages, {casebooks.rows_in(sheets())} rows" in capsys.readouterr().out


@pytest.mark.requirement("DI-10")
def test_a_clean_import_as_a_whole_is_kept(tmp_path: Path, capsys) -> None:
    call_command("import_casebook", write(tmp_path / "in", sheets()), all_or_nothing=True)
    assert "nothing was kept" not in capsys.readouterr().out
    assert Page.objects.filter(state=PageState.COMPLETE).exists()


def test_an_unreadable_casebook_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as problem:
        call_command("import_casebook", tmp_path)
    assert problem.value.returncode == 2


def test_the_suffix_of_missing_reasons_is_that_of_the_files() -> None:
    assert edits.MISSING_SUFFIX is MISSING_SUFFIX
