"""Every numbered edit check fires where it should, in a whole sentence, and is quiet next to it."""

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tests.patients.checks as room
from patients.casebook.form import declared_forms
from patients.items.problems import Severity
from tests.patients.checks.casebook import Case, found_in, on_the_day_of

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db, pytest.mark.requirement("DI-07")]

ROOT = Path(__file__).resolve().parents[3]
SPECIFICATION: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parent / "specification.json").read_text(encoding="utf-8")
)
"""The 170 edit checks: severity (hard, soft, an act of the system) and message, `{x}` being a value."""

ENTRY = "tests/patients/entry"
SHOWN_ELSEWHERE: dict[str, tuple[str, str, str]] = {
    # how we act on it (H, S or X), where that is shown, why no casebook in memory can show it
    "X-ELIG-01": ("H", f"{ENTRY}/test_gates.py", "the save is refused"),
    "X-ELIG-02": ("H", f"{ENTRY}/test_completing.py", "stands at the date of the page"),
    "X-EOS-02": ("H", f"{ENTRY}/test_gates.py", "the save is refused"),
    "X-SYS-02": ("H", "tests/patients/items/test_types.py", "the type of a full date reads no partial one"),
    "X-SYS-03": ("H", f"{ENTRY}/test_saving.py", "the save is refused"),
    "X-SYS-04": ("H", f"{ENTRY}/test_identity.py", "the save is refused"),
    "X-SYS-05": ("H", f"{ENTRY}/test_completing.py", "said of each required item"),
    "X-ICA-01": ("H", "tests/patients/forms/test_icans.py", "the total is derived and never entered"),
    "X-SAE-03": ("X", "tests/patients/forms/test_reports.py", "the clock and its due date are derived"),
    "X-INF-09": ("H", f"{ENTRY}/test_anchors.py", "the save is refused without words"),
    "X-EOS-01": ("H", "tests/patients/oversight/test_closing.py", "counts pages and queries"),
    "X-PD-01": ("X", f"{ENTRY}/test_deviations.py", "stands at the date of the page"),
    "X-INF-08": ("X", f"{ENTRY}/test_anchors.py", "visits are placed, lymphodepletion is closed"),
    "X-HSCT-10": ("X", "tests/patients/schedule/test_placing.py", "visits are placed"),
    "X-AG-01": ("H", f"{ENTRY}/test_deriving.py", "a stage is derived and never entered"),
    "X-AE-08": ("H", f"{ENTRY}/test_deriving.py", "the version is derived and never entered"),
    "X-RSP-02": ("H", "tests/patients/grading/test_response.py", "the engine calls no such result negative"),
    "X-DTH-04": ("S", "tests/patients/checks/follow_up.py", "taken in by X-DTH-02: one question"),
}
ANOTHER_SEVERITY = {
    "X-ENG-03": "the failure is derived by the system, and the question to the medical monitor is a soft one",
    "X-SYS-05": "a required item that is empty holds the page back from being complete, as section 5.4 asks",
}


def cases() -> Iterator[Case]:
    """The cases of all modules of this room."""
    names = (module.name for module in pkgutil.iter_modules(room.__path__))
    for name in (each for each in names if not each.startswith("test_")):
        yield from getattr(importlib.import_module(f"{room.__name__}.{name}"), "CASES", ())


ALL = tuple(cases())


@pytest.mark.parametrize("case", ALL, ids=str)
def test_a_check_fires(case: Case) -> None:
    with on_the_day_of(case):
        found = found_in(case.fires)
    assert case.check in found, found
    for sentence in found[case.check]:
        assert "%(" not in sentence
        assert "None" not in sentence


@pytest.mark.parametrize("case", ALL, ids=str)
def test_a_check_is_quiet_next_to_it(case: Case) -> None:
    with on_the_day_of(case):
        found = found_in(case.quiet)
    assert case.check not in found, found[case.check]


# --- all of them ----------------------------------------------------------------------------------------
def declared() -> Iterator[tuple[str, str, str]]:
    """Number, severity and message of every check that the forms declare, as a limit, of a row, or an act."""
    severities = {Severity.HARD: "H", Severity.SOFT: "S"}
    for model in declared_forms():
        for item in model.items():
            for severity, limits in (("H", item.declared.hard), ("S", item.declared.soft)):
                yield from ((limit.check, severity, str(limit.message)) for limit in limits if limit.check)
        yield from ((one.id, severities[one.severity], str(one.message)) for one in model.form.checks)
        yield from ((one.id, "X", str(one.message)) for one in model.form.deviations)


def test_every_check_of_the_specification_has_cases_or_is_shown_elsewhere() -> None:
    shown = {case.check for case in ALL}
    assert len(SPECIFICATION) == 170
    assert shown | set(SHOWN_ELSEWHERE) == set(SPECIFICATION)
    assert not set(SHOWN_ELSEWHERE) & shown


def test_every_check_that_a_form_declares_has_cases() -> None:
    by_form = {check for check, _severity, _message in declared()}
    assert by_form - set(SHOWN_ELSEWHERE) == {case.check for case in ALL} - {"X-SYS-05"}


def test_every_check_acts_with_the_severity_of_the_specification() -> None:
    acting = {(check, severity) for check, severity, _message in declared()}
    acting |= {(check, severity) for check, (severity, _where, _why) in SHOWN_ELSEWHERE.items()}
    different = {check for check, severity in acting if SPECIFICATION[check]["severity"] != severity}
    assert different == set(ANOTHER_SEVERITY)


@pytest.mark.parametrize("check", SHOWN_ELSEWHERE)
def test_what_is_shown_elsewhere_is_named_there(check: str) -> None:
    _severity, where, _why = SHOWN_ELSEWHERE[check]
    assert check in (ROOT / where).read_text(encoding="utf-8")


def test_a_message_says_as_many_values_as_the_specification() -> None:
    silent = [
        (check, message)
        for check, _severity, message in declared()
        if len(set(re.findall(r"%\((\w+)\)s", message)))
        < len(set(re.findall(r"\{(\w+)\}", SPECIFICATION[check]["message"])))
    ]
    assert silent == []
