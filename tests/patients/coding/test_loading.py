"""A dictionary goes into the registry whole or not at all, each fault named by file, line and reason."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, transaction

from patients.coding.content import DictionaryRefused
from patients.coding.dictionaries import Concept, Dictionary, Term, in_force
from patients.coding.schemes import EVENTS as EVENT_SCHEME
from patients.coding.schemes import MEDICINES, Kind
from tests.patients.coding.distributions import (
    DRUGS,
    RECORDS,
    Pt,
    loaded,
    meddra,
    mp_line,
    whodrug,
    whodrug_c3,
)
from tests.patients.entry import desk
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db
INVENTED = Path(__file__).parents[3] / "patients" / "coding" / "invented"


def refused(kind: Kind, folder: Path, version: str = "1") -> list[str]:
    """What is said of files that are refused; nothing of them may have gone in."""
    before = desk.content()
    with pytest.raises(DictionaryRefused) as refusal:
        loaded(kind, folder, version)
    assert desk.content() == before
    return [str(problem) for problem in refusal.value.problems]


# --- MedDRA ------------------------------------------------------------------------------------------------
def test_each_term_goes_in_with_what_it_is_reported_as_and_its_path(tmp_path: Path) -> None:
    dictionary = loaded(Kind.MEDDRA, meddra(tmp_path))
    assert (str(dictionary), dictionary.terms_count) == ("MedDRA 1", 7)
    term = Term.objects.select_related("concept").get(name="Neutrophils low")
    assert (term.code, term.concept.code, term.concept.name) == ("L1", "P1", "Neutropenia")
    assert term.concept.path_in_words == "Class S1 › Group GS1 › High HS1"
    assert term.concept.classes == "S1"
    assert list(Term.objects.filter(is_current=False).values_list("name", flat=True)) == ["ANC low"]


def test_that_it_was_loaded_is_on_the_trail_with_its_hash(tmp_path: Path) -> None:
    dictionary = loaded(Kind.MEDDRA, meddra(tmp_path), "28.0")
    event = TrailEvent.objects.get(action="dictionary.loaded")
    told = {change.item: change.new for change in event.changes.all()}
    assert (event.about, event.actor) == ("meddra 28.0 en", desk.SYSTEM.user_name)
    assert told == {"digest": dictionary.digest, "terms": "7", "concepts": "3"}


_LLT = "P1$Neutropenia$P1$$$$$$$Y$$\n"
_HIERARCHY = (
    "P1$HS1$GS1$S1$Neutropenia$High HS1$Group GS1$Class S1$Cl$$S1$Y$\n"
    "P2$HS2$GS2$S2$Fever$High HS2$Group GS2$Class S2$Cl$$S2$Y$\n"
    "P3$HS2$GS2$S2$Rash$High HS2$Group GS2$Class S2$Cl$$S2$Y$\n"
)
FAULTS = [
    ("llt.asc", "P1$Neutropenia\n", "llt.asc:1: The line has 2 fields, at least 10 are needed."),
    ("llt.asc", _LLT.replace("$Neutropenia$", "$$"), "llt.asc:1: A code or a name is empty."),
    ("llt.asc", f"{_LLT}{_LLT}", "llt.asc:2: The code P1 stands there twice."),
    ("llt.asc", _LLT.replace("$P1$", "$P9$"), "llt.asc:1: The code P9 is not in the file of its level."),
    ("llt.asc", _LLT.replace("$Y$", "$J$"), "llt.asc:1: Whether it is current is neither Y nor N."),
    ("hlt.asc", "HS1$High HS1$\nHS1$High$\nHS2$High HS2$\n", "hlt.asc:2: The code HS1 stands there twice."),
    ("hlt_pt.asc", "HS1$P7$\n", "hlt_pt.asc:1: The code P7 is not in the file of its level."),
    (
        "hlt_pt.asc",
        "HS1$P1$\nHS2$P2$\n",
        "mdhier.asc:3: The path is not that of the files of links.",
    ),
    (
        "mdhier.asc",
        _HIERARCHY.replace("P3$", "P8$"),
        "mdhier.asc:3: The code P8 is not in the file of its level.",
    ),
    (
        "mdhier.asc",
        _HIERARCHY.replace("Rash", "Rashes"),
        "mdhier.asc:3: A name is not that of the file of its level.",
    ),
    ("mdhier.asc", _HIERARCHY + _HIERARCHY.splitlines()[0], "mdhier.asc:4: P1 has two primary paths."),
    ("mdhier.asc", "".join(_HIERARCHY.splitlines(True)[:2]), "pt.asc:3: P3 has no primary path."),
    (
        "pt.asc",
        "P1$Neutropenia$$S1$\nP2$Fever$$S2$\nP3$Rash$$S1$\n",
        "pt.asc:3: The primary class is not that of the hierarchy.",
    ),
]


@pytest.mark.parametrize(("file", "text", "said"), FAULTS, ids=[said for _file, _text, said in FAULTS])
def test_a_fault_is_named_by_file_line_and_reason(tmp_path: Path, file: str, text: str, said: str) -> None:
    assert said in refused(Kind.MEDDRA, meddra(tmp_path, changed={file: text}))


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    (meddra(tmp_path) / "soc.asc").unlink()
    assert "soc.asc: The file is missing." in refused(Kind.MEDDRA, tmp_path)


def test_a_western_european_distribution_is_read_as_well(tmp_path: Path) -> None:
    folder = meddra(tmp_path, {"P1": Pt("Fièvre")})
    for path in folder.iterdir():
        path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))
    loaded(Kind.MEDDRA, folder)
    assert Concept.objects.get().name == "Fièvre"


# --- WHODrug -----------------------------------------------------------------------------------------------
def test_a_drug_goes_in_with_its_preferred_name_and_its_classes(tmp_path: Path) -> None:
    loaded(Kind.WHODRUG, whodrug(tmp_path))
    salt = Term.objects.select_related("concept").get(name="ACICLOVIR SODIUM")
    assert (salt.code, salt.concept.code, salt.concept.name) == ("A0000102001", "A0000102", "ACICLOVIR")
    assert salt.concept.path_in_words == "ZZ01A ANTIVIRALS", "a salt without a class is in that of its drug"


_DD = "".join(f"{code}{'':<18}{name}\n" for code, name in DRUGS)
DRUG_FAULTS = [
    ("DD.txt", "A00001010010\n", "DD.txt:1: The line ends before column 31."),
    ("DD.txt", _DD + _DD.splitlines()[0], "DD.txt:4: The code A0000101001 stands there twice."),
    ("DD.txt", _DD.replace("A00001", "A 0001"), "DD.txt:1: Columns 1 to 11 hold no drug code."),
    (
        "DD.txt",
        _DD.replace("A00002010015", "A00002020015"),
        "DD.txt:3: A00002 has no record 01 001, which holds the preferred name.",
    ),
    ("DD.txt", _DD.replace("PREDNISONE", "P" * 1501), "DD.txt:3: The name is longer than 1500."),
    ("INA.txt", "ZZ01A  xANTIVIRALS\n", "INA.txt:1: Column 8 holds no level."),
    ("DDA.txt", "A00009010010ZZ01A  \n", "DDA.txt:1: A0000901 is no drug of DD.txt."),
    ("DDA.txt", "A00001010010ZZ09Z  \n", "DDA.txt:1: ZZ09Z is no class of INA.txt."),
]


@pytest.mark.parametrize(
    ("file", "text", "said"), DRUG_FAULTS, ids=[said for _file, _text, said in DRUG_FAULTS]
)
def test_a_fault_of_a_medicine_is_named_as_well(tmp_path: Path, file: str, text: str, said: str) -> None:
    assert said in refused(Kind.WHODRUG, whodrug(tmp_path, {file: text}))


def test_a_c3_distribution_gives_the_codes_of_b3(tmp_path: Path) -> None:
    loaded(Kind.WHODRUG, whodrug_c3(tmp_path / "c3"), "2026 Mar 1")
    told = {(term.code, term.name, term.concept.code, term.concept.classes) for term in _terms()}
    assert told == {
        ("A0000101001", "Aciclovir", "A0000101", "ZZ01A|ZZ02A"),
        ("A0000101002", "Virzine", "A0000101", "ZZ01A|ZZ02A"),
        ("A0000102001", "Aciclovir sodium", "A0000102", "ZZ01A|ZZ02A"),
        ("A0000201001", "Prednisone", "A0000201", "ZZ02A"),
    }
    concept = Concept.objects.get(code="A0000101")
    assert (concept.name, concept.path_in_words) == ("Aciclovir", "ZZ01A Antivirals; ZZ02A Steroids")
    loaded(Kind.WHODRUG, whodrug(tmp_path / "b3"), "2025 Sep 1")
    of_b3 = {term.code for term in _terms().filter(dictionary__version="2025 Sep 1")}
    assert of_b3 < {code for code, *_rest in told}


def _terms() -> Any:
    return Term.objects.select_related("concept")


def test_a_c3_distribution_that_comes_again_is_the_same_and_a_changed_one_is_not(tmp_path: Path) -> None:
    first = loaded(Kind.WHODRUG, whodrug_c3(tmp_path / "one"))
    assert loaded(Kind.WHODRUG, whodrug_c3(tmp_path / "again")) == first
    other = whodrug_c3(tmp_path / "two", {"MP.csv": _MP.replace("Virzine", "Virzin")})
    assert "other files of this version" in refused(Kind.WHODRUG, other)[0]


_MP = "".join(mp_line(*record[:3]) for record in RECORDS)
C3_FAULTS = [
    ("MP.csv", _MP.replace('"13","",', '"13",'), "MP.csv:3: The line has less than 22 columns."),
    ("MP.csv", _MP.replace('"01","002"', '"1","002"'), "MP.csv:3: Columns 3 to 5 hold no drug code."),
    ("MP.csv", _MP.replace('"01","002"', '"01","x02"'), "MP.csv:3: Columns 3 to 5 hold no drug code."),
    ("MP.csv", _MP.replace("Virzine", " "), "MP.csv:3: Column 9 holds no name."),
    ("MP.csv", _MP.replace("Virzine", "V" * 1501), "MP.csv:3: The name is longer than 1500."),
    ("MP.csv", _MP.replace('"14",', '"11",'), "MP.csv:4: The record 11 stands there twice."),
    ("MP.csv", _MP.replace("Virzine", 'Vir"zine'), "MP.csv:3: The line is no CSV in UTF-8."),
    (
        "MP.csv",
        _MP.replace('"A00002","01"', '"A00002","02"'),
        "MP.csv:5: A00002 has no record 01 001, which holds the preferred name.",
    ),
    ("MP.csv", "MP_ID" + ",x" * 21 + "\n" + _MP, "MP.csv:1: Columns 3 to 5 hold no drug code."),
    ("ThG.csv", "1,ZZ01A,20200101,Y\n", "ThG.csv:1: The line has less than 5 columns."),
    ("ThG.csv", "1,ZZ01A,20200101,Y,99\n", "ThG.csv:1: 99 is no record of MP.csv."),
    ("ThG.csv", "1,ZZ09Z,20200101,Y,11\n", "ThG.csv:1: ZZ09Z is no class of ATC.csv."),
    ("ATC.csv", "ZZ01A,Antivirals,3\n", "ATC.csv:1: Column 2 holds no level."),
    ("ATC.csv", "ZZ01A,3,A\nZZ01A,3,B\n", "ATC.csv:2: The code ZZ01A stands there twice."),
]


@pytest.mark.parametrize(("file", "text", "said"), C3_FAULTS, ids=[said for _file, _text, said in C3_FAULTS])
def test_a_fault_of_a_c3_distribution_is_named(tmp_path: Path, file: str, text: str, said: str) -> None:
    assert said in refused(Kind.WHODRUG, whodrug_c3(tmp_path, {file: text}))


def test_a_file_of_c3_that_is_missing_or_not_utf_8_is_named(tmp_path: Path) -> None:
    folder = whodrug_c3(tmp_path)
    (folder / "ThG.csv").unlink()
    (folder / "ATC.csv").write_bytes("ZZ01A,3,Antivirals\nZZ02A,3,St\u00e9r".encode("latin-1"))
    said = refused(Kind.WHODRUG, folder)
    assert "ThG.csv: The file is missing." in said
    assert "ATC.csv:2: The line is no CSV in UTF-8." in said


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("mp.txt", "MP.txt: C3 is read from its CSV files (MP, ThG, ATC), and B3 from its text files"),
        ("DD.csv", "DD.csv: B3 is read from its text files (DD, DDA, INA), and C3 from its CSV files"),
    ],
)
def test_a_format_that_is_not_known_is_refused_with_what_is(tmp_path: Path, file: str, said: str) -> None:
    (tmp_path / file).write_text("anything")
    [why] = refused(Kind.WHODRUG, tmp_path)
    assert why.startswith(said)


# --- versions ----------------------------------------------------------------------------------------------
def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    first = loaded(Kind.MEDDRA, meddra(tmp_path))
    before = desk.content()
    assert loaded(Kind.MEDDRA, tmp_path) == first
    assert desk.content() == before


def test_a_version_is_loaded_once(tmp_path: Path) -> None:
    loaded(Kind.MEDDRA, meddra(tmp_path / "one"))
    [said] = refused(Kind.MEDDRA, meddra(tmp_path / "two", {"P1": Pt("Chills")}))
    assert said == "two: The registry has other files of this version. A version is loaded once."


def test_in_force_is_what_was_loaded_last_in_all_its_languages(tmp_path: Path) -> None:
    loaded(Kind.INVENTED_EVENTS, meddra(tmp_path / "0"))
    loaded(Kind.MEDDRA, meddra(tmp_path / "1"), "28.0")
    for language in ("en", "zh"):
        loaded(Kind.MEDDRA, meddra(tmp_path / language), "28.1", language)
    loaded(Kind.WHODRUG, whodrug(tmp_path / "drugs"))
    assert {(each.version, each.language) for each in in_force(EVENT_SCHEME)} == {
        ("28.1", "en"),
        ("28.1", "zh"),
    }
    assert [str(each) for each in in_force(MEDICINES)] == ["WHODrug 1"]


def test_what_was_loaded_is_never_changed(tmp_path: Path) -> None:
    loaded(Kind.MEDDRA, meddra(tmp_path))
    for model in (Dictionary, Concept, Term):
        with pytest.raises(TypeError, match="written once"):
            model.objects.all().delete()
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.all()._raw_delete("default")


# --- the command -------------------------------------------------------------------------------------------
def run(*arguments: object) -> tuple[int, str, str]:
    out, err, code = StringIO(), StringIO(), 0
    try:
        call_command("load_dictionary", *map(str, arguments), stdout=out, stderr=err)
    except SystemExit as ended:
        code = int(ended.code or 0)
    except CommandError as problem:
        code = problem.returncode
    return code, out.getvalue(), err.getvalue()


def test_the_command_says_what_became_of_it(tmp_path: Path) -> None:
    folder = meddra(tmp_path)
    assert run("meddra", folder, "--version", "28.0") == (0, "MedDRA 28.0: 7 terms, taken in\n", "")
    assert run("meddra", folder, "--version", "28.0") == (0, "MedDRA 28.0: 7 terms, as before\n", "")
    code, said, problems = run("whodrug", folder, "--version", "28.0")
    assert (code, said) == (1, "")
    assert "DD.txt: The file is missing." in problems
    assert run("meddra", tmp_path / "none", "--version", "1")[0] == 2


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Kind.INVENTED_EVENTS, "events-en"),
        (Kind.INVENTED_EVENTS, "events-zh"),
        (Kind.INVENTED_MEDICINES, "medicines"),
    ],
)
def test_the_invented_ones_are_whole_and_cannot_be_taken_for_others(kind: Kind, name: str) -> None:
    """The codes of MedDRA are digits alone, drug record numbers as well, and no ATC code begins with Z."""
    loaded(kind, INVENTED / name)
    assert Term.objects.count() > 40
    assert all(term.code.startswith("X") for term in Term.objects.all())
    for concept in Concept.objects.all():
        assert concept.path
        assert all(each["code"][0] in "XZ" for each in concept.path)
        assert all("invented" in each["name"].lower() or "虚构" in each["name"] for each in concept.path)


def test_the_two_languages_of_the_invented_events_have_the_same_codes() -> None:
    loaded(Kind.INVENTED_EVENTS, INVENTED / "events-en")
    loaded(Kind.INVENTED_EVENTS, INVENTED / "events-zh", language="zh")
    codes = {
        language: set(Term.objects.filter(dictionary__language=language).values_list("code", "concept__code"))
        for language in ("en", "zh")
    }
    assert codes["en"] == codes["zh"]
