"""A signature goes out with the casebook, and comes in as what it can be elsewhere: an attested one."""

from datetime import UTC, date
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from django.core.management import call_command

from analytics.locks.cut import all_records, values_of
from patients.casebook.answers import StoredCasebook
from patients.casebook.files import read_sheet
from patients.casebook.page import PageState, Subject
from patients.entry.exporting import export_registry
from patients.oversight.signatures import Signature
from tests.patients.entry import desk
from tests.patients.entry.signing_desk import eligibility, principal_investigator, raw, screened, sign
from trial.protocol.study import site_today
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed() -> Subject:
    pi, subject = principal_investigator(), screened()
    sign(eligibility(subject), pi)
    return subject


def sheet(folder: Path, name: str) -> list[dict[str, str]]:
    return [cells for _line, cells in read_sheet(folder / f"{name}.csv")]


@pytest.mark.requirement("ES-02")
def test_all_of_a_signature_stands_in_a_sheet_of_its_own(signed: Subject, tmp_path: Path) -> None:
    desk.save(eligibility(signed), {"spo2_ra_pct": "96"}, why=desk.BECAUSE)
    sign(eligibility(signed), principal_investigator())
    export_registry(tmp_path / "out")
    fallen, standing = sheet(tmp_path / "out", "SIGNATURES")
    made = Signature.objects.in_force().get()
    assert standing == {
        "subject_id": signed.code,
        "visit_code": "SCR",
        "form": "ELIG",
        "user_name": made.signer,
        "printed_name": made.printed_name,
        "role": "principal_investigator",
        "organisation": "HZ01",
        "signed_at": made.at_site.isoformat(),
        "signed_at_utc": made.at.astimezone(UTC).isoformat(),
        "site_zone": "Asia/Shanghai",
        "meaning": "approval",
        "statement_version": "1",
        "statement": made.statement,
        "page_version": str(made.page_version),
        "form_version": "1.0",
        "sha256": made.sha256,
        "standing": "valid",
        "fallen_at": "",
        "fallen_by": "",
        "fallen_because": "",
    }
    assert (fallen["standing"], fallen["fallen_because"]) == ("fallen", "spo2_ra_pct")
    assert fallen["fallen_at"].endswith("+08:00")
    assert fallen["fallen_by"] == TrailEvent.objects.filter(action="page.saved").latest("pk").actor


@pytest.mark.requirement("ES-02")
def test_a_data_frame_finds_the_signatures_of_a_row(signed: Subject, tmp_path: Path) -> None:
    """By subject, visit and form, in a program that knows nothing of Chimera."""
    export_registry(tmp_path / "out")
    rows = pl.read_csv(tmp_path / "out" / "ELIG.csv", infer_schema=False)
    signatures = pl.read_csv(tmp_path / "out" / "SIGNATURES.csv", try_parse_dates=True)
    joined = rows.join(signatures.filter(form="ELIG"), on=["subject_id", "visit_code"])
    made = Signature.objects.get()
    found = joined.select("printed_name", "role", "meaning", "statement_version").rows()
    assert found == [(made.printed_name, "principal_investigator", "approval", 1)]
    assert joined["signed_at_utc"].cast(pl.Datetime("us", "UTC")).item() == made.at
    assert joined["signed_at"].cast(pl.Datetime("us", "UTC")).item() == made.at


@pytest.mark.requirement("ES-03")
def test_what_does_not_belong_to_the_page_goes_out_as_not_valid(signed: Subject, tmp_path: Path) -> None:
    raw("UPDATE patients_eligibility SET spo2_ra_pct = 95 WHERE page_id = %s", eligibility(signed).pk)
    export_registry(tmp_path / "out")
    assert [line["standing"] for line in sheet(tmp_path / "out", "SIGNATURES")] == ["not_valid"]


@pytest.mark.requirement("ES-02")
def test_a_signature_comes_in_as_an_attested_one(signed: Subject, tmp_path: Path) -> None:
    export_registry(tmp_path / "out")
    (row,) = sheet(tmp_path / "out", "ELIG")
    assert row["signed_in_source_by"] == "wei.shen.hz01"
    assert row["signed_in_source_on"] == site_today().isoformat()
    for sheet_name in ("SUBJECTS", "ELIG", "DM", "IDENTITY", "SIGNATURES"):
        _rename(tmp_path / "out" / f"{sheet_name}.csv", signed.code, "HZ01-009")
    said = StringIO()
    call_command("import_casebook", tmp_path / "out", stderr=said)
    assert "not imported: 1 signatures of SIGNATURES.csv" in said.getvalue()
    imported = desk.page_of(Subject.objects.get(code="HZ01-009"), "ELIG")
    assert imported.state == PageState.COMPLETE  # X-ELIG-12 is content, and nobody has signed here
    assert desk.texts(imported)["signed_in_source_by"] == "wei.shen.hz01"
    assert Signature.objects.count() == 1


def _rename(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


def test_an_export_that_comes_back_leaves_the_signature_alone(signed: Subject, tmp_path: Path) -> None:
    export_registry(tmp_path / "out")
    call_command("import_casebook", tmp_path / "out")
    assert eligibility(signed).state == PageState.SIGNED
    assert "signed_in_source_by" not in desk.texts(eligibility(signed))


def test_a_cut_holds_the_same_of_the_subject_and_of_its_import(signed: Subject, tmp_path: Path) -> None:
    export_registry(tmp_path / "out")
    cells = {name: text for name, text in sheet(tmp_path / "out", "ELIG")[0].items() if text}
    held = values_of(signed.code, all_records(StoredCasebook(signed)))
    cut = {value.item: value.value for value in held if value.form == "ELIG"}
    assert cut == {name: text for name, text in cells.items() if name not in ("subject_id", "visit_code")}


def test_a_signature_on_paper_is_left_as_it_is(tmp_path: Path) -> None:
    subject = desk.infused()
    export_registry(tmp_path / "out")
    (row,) = sheet(tmp_path / "out", "ELIG")
    assert (row["signed_in_source_by"], row["signed_in_source_on"]) == ("pi.hz01", "2023-12-15")
    assert date.fromisoformat(row["signed_in_source_on"]) < site_today()
    assert subject.code == row["subject_id"]
    assert not (tmp_path / "out" / "SIGNATURES.csv").exists()
