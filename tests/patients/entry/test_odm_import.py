"""Importing ODM-XML: what nobody should read is refused with a sentence, and what is wrong is named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from patients.casebook.odm import NAMESPACE, STUDY_OID
from patients.casebook.page import Page
from patients.entry.deliveries import UnreadableCasebook
from patients.entry.importing import CasebookImport, Outcome, Report
from patients.entry.odm_delivery import OdmFile
from patients.entry.safe_xml import MOST_BYTES_OF_A_PIECE
from patients.entry.staging import Staging
from tests.conftest import Registry
from tests.patients.entry import casebooks
from trial.trail.models import TrailEvent

ROOT = f'<ODM xmlns="{NAMESPACE}" FileType="Snapshot">'
DATA = f'<ClinicalData StudyOID="{STUDY_OID}" MetaDataVersionOID="M">'
LAUGHS = '<!DOCTYPE ODM [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
ELSEWHERE = '<!DOCTYPE ODM SYSTEM "file:///etc/passwd">'
ENTITY = '<!DOCTYPE ODM [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def page(form: str, *groups: str, event: str = "SE.SCR") -> str:
    inner = "\n".join(groups)
    return (
        f'<StudyEventData StudyEventOID="{event}"><FormData FormOID="F.{form}">\n'
        f'<ItemGroupData ItemGroupOID="IG.PAGE">{item("PAGE.form_date", "2025-01-02")}</ItemGroupData>\n'
        f"{inner}\n</FormData></StudyEventData>\n"
    )


def group(form: str, *items: str, key: str = "") -> str:
    repeat = f' ItemGroupRepeatKey="{key}"' if key else ""
    return f'<ItemGroupData ItemGroupOID="IG.{form}"{repeat}>{"".join(items)}</ItemGroupData>'


def item(name: str, value: str, inner: str = "") -> str:
    return f'<ItemData ItemOID="IT.{name}" Value="{value}">{inner}</ItemData>'


def document(*pages: str) -> str:
    subject = '<SubjectData SubjectKey="HZ01-001"><SiteRef LocationOID="LOC.HZ01"/>\n'
    return f"{ROOT}\n{DATA}\n{subject}{''.join(pages)}</SubjectData></ClinicalData></ODM>"


@pytest.fixture
def delivered(tmp_path: Path) -> Callable[[str | bytes], OdmFile]:
    def write(content: str | bytes) -> OdmFile:
        path = tmp_path / "theirs.xml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return OdmFile(path)

    return write


HOSTILE = {
    "an entity that grows": (f"{LAUGHS}{ROOT}&b;</ODM>", "document type"),
    "an entity from a file": (f"{ENTITY}{ROOT}&x;</ODM>", "document type"),
    "a type from elsewhere": (f"{ELSEWHERE}{ROOT}</ODM>", "document type"),
    "an entity that nobody declared": (f"{ROOT}&x;</ODM>", "not XML"),
    "depth": (ROOT + "<a>" * 100_000, "levels deep"),
    "an attribute without an end": (f'{ROOT}<a b="{"x" * 3 * MOST_BYTES_OF_A_PIECE}', "longer than"),
    "a comment without an end": (f"{ROOT}<!--{'x' * 3 * MOST_BYTES_OF_A_PIECE}", "longer than"),
    "a name without an end": (
        f"{ROOT}<User OID='USER.monitor.a'><LoginName>{'x' * 200_000}</LoginName></User></ODM>",
        "longer than",
    ),
    "bytes": (bytes(range(256)), "not XML"),
    "nothing": ("", "not XML"),
    "half of a file": (document()[:-20], "not XML"),
    "another language": ("<html/>", "not ODM-XML"),
    "another version": (ROOT.replace("v1.3", "v2.0") + "</ODM>", "not ODM-XML"),
    "transactions": (ROOT.replace("Snapshot", "Transactional") + "</ODM>", "no Snapshot"),
    "another study": (document().replace(STUDY_OID, "NCT00000000"), "NCT00000000"),
}


@pytest.mark.parametrize(("content", "why"), HOSTILE.values(), ids=list(HOSTILE))
def test_what_nobody_should_read_is_refused(
    delivered: Callable[[str | bytes], OdmFile], content: str | bytes, why: str
) -> None:
    with Staging() as staging, pytest.raises(UnreadableCasebook, match=rf"theirs\.xml line \d+: .*{why}"):
        delivered(content).stage(staging)


def faults(file: OdmFile) -> list[tuple[str, int, str, str]]:
    with Staging() as staging:
        file.stage(staging)
        found = [
            (page.form, one.line, one.column, one.cell)
            for page in staging.pages("HZ01-001")
            for one in page.faults
        ]
    return found + [("", one.line, one.column, one.cell) for one in file.strange_pages()]


def test_what_no_form_holds_is_named_with_its_line(delivered: Callable[[str | bytes], OdmFile]) -> None:
    unit = '<MeasurementUnitRef MeasurementUnitOID="MU.F"/>'
    whole = document(
        page("DX", group("DX", item("DX.no_such", "1"), "\n", item("DX.relapse_n", "3"))),
        page("DM", group("DM", item("DM.birth_date", "1980-01-01"), item("DM.age_consent", "44"))),
        page("VS", group("VS", item("VS.vs_temp", "101", unit))),
        page("XX"),
        page("REL", group("VS", item("VS.vs_temp", "38"))),
        page("INF", group("INF", item("INF.inf_go", "Y"), item("INF.inf_go", "N"))),
    )
    lines = whole.splitlines()

    def line(text: str) -> int:
        return next(number for number, one in enumerate(lines, 1) if text in one)

    assert sorted(faults(delivered(whole))) == [
        ("", line("F.XX"), "FormOID", "F.XX"),
        ("DM", line("age_consent"), "age_consent", "44"),
        ("DM", line("birth_date"), "birth_date", ""),
        ("DX", line("no_such"), "no_such", "1"),
        ("INF", line("inf_go"), "inf_go", "N"),
        ("REL", line('"38"'), "ItemGroupOID", "IG.VS"),
        ("REL", line('"38"'), "vs_temp", "38"),
        ("VS", line('"101"'), "vs_temp", "101"),
    ]


def imported(file: OdmFile, reason: str = "") -> Report:
    return CasebookImport(file, casebooks.BY, reason=reason).run()


CONSENT = (item("ELIG.icf_main_signed", "Y"), item("ELIG.icf_main_dt", "2025-01-02T09:00:00+08:00"))


@pytest.mark.django_db
@pytest.mark.requirement("DI-10")
def test_pages_are_kept_left_refused_and_conflicts(delivered: Callable[[str | bytes], OdmFile]) -> None:
    wrong = page("DX", group("DX", item("DX.relapse_n", "three")))
    whole = document(page("ELIG", group("ELIG", *CONSENT)), wrong)
    report = imported(delivered(whole))
    line = whole[: whole.index("three")].count("\n") + 1
    assert casebooks.refusals(report) == [("theirs.xml DX", line, "relapse_n", "three")]
    assert (report.pages[Outcome.REFUSED], report.pages[Outcome.NOT_COMPLETE]) == (1, 1)

    missing = '<Annotation SeqNum="1"><Flag><FlagValue CodeListOID="CL.MISSING">unknown</FlagValue>'
    missing += '<FlagType CodeListOID="CL.FLAG">MISSING</FlagType></Flag></Annotation>'
    other = item("DX.relapse_n", "").replace('Value=""', 'IsNull="Yes"').replace("></", f">{missing}</")
    same = page("ELIG", group("ELIG", *CONSENT))
    report = imported(delivered(document(same, page("DX", group("DX", other)))))
    assert (report.pages[Outcome.LEFT], casebooks.refusals(report)) == (1, [])
    (stored,) = Page.objects.filter(form_code="DX")
    events = TrailEvent.objects.filter(form="DX", action="page.saved")
    assert [one.source for one in events] == ["import"] * events.count()
    assert stored.version == 1

    changed = document(page("DX", group("DX", item("DX.relapse_n", "2"))))
    conflict = imported(delivered(changed))
    assert conflict.pages == {Outcome.CONFLICT: 1}
    assert imported(delivered(changed), reason="second delivery").pages[Outcome.NOT_COMPLETE] == 1


def test_foreign_elements_are_passed_over(delivered: Callable[[str | bytes], OdmFile]) -> None:
    """Other systems add elements of their own, and write typed items and numbers of events."""
    typed = '<ItemDataInteger ItemOID="IT.DX.relapse_n">3</ItemDataInteger>'
    theirs = '<v:Note xmlns:v="urn:v"><ItemData xmlns="urn:v" ItemOID="IT.DX.x"/></v:Note>'
    whole = document(page("DX", group("DX", theirs, typed)))
    whole = whole.replace('StudyEventOID="SE.SCR"', 'StudyEventOID="SE.SCR" StudyEventRepeatKey="1"')
    with Staging() as staging:
        delivered(whole).stage(staging)
        (found,) = staging.pages("HZ01-001")
    assert (found.visit, found.rows, found.faults) == ("SCR", {"": {"relapse_n": "3"}}, [])


def test_the_command_ends_as_that_of_casebooks_does(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "theirs.xml"
    path.write_text(document().replace(STUDY_OID, "NCT00000000"))
    unreadable = registry.run("import_odm", path, check=False)
    assert (unreadable.returncode, unreadable.stdout) == (2, "")
    path.write_text(document(page("ELIG", group("ELIG", *CONSENT)), page("XX")))
    refused = registry.run("import_odm", path, "--dry-run", check=False)
    assert refused.returncode == 1
    assert "refused: theirs.xml line 8, FormOID “F.XX”: F.XX is not a form of this version." in refused.stderr
    assert refused.stdout.splitlines()[-1].endswith("nothing was kept")
