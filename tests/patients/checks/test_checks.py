"""Every numbered edit check fires where it should, in a whole sentence, and is quiet next to it."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
import time_machine

import tests.patients.checks as room
from tests.patients.checks.casebook import Case, found_in

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]


def cases() -> Iterator[Case]:
    """The cases of all modules of this room."""
    for module in pkgutil.iter_modules(room.__path__):
        yield from getattr(importlib.import_module(f"{room.__name__}.{module.name}"), "CASES", ())


ALL = tuple(cases())


@pytest.mark.parametrize("case", ALL, ids=str)
def test_a_check_fires(case: Case) -> None:
    with time_machine.travel(f"{case.today} 12:00+08:00", tick=False):
        found = found_in(case.fires)
    assert case.check in found, found
    for sentence in found[case.check]:
        assert "%(" not in sentence
        assert "None" not in sentence


@pytest.mark.parametrize("case", ALL, ids=str)
def test_a_check_is_quiet_next_to_it(case: Case) -> None:
    with time_machine.travel(f"{case.today} 12:00+08:00", tick=False):
        found = found_in(case.quiet)
    assert case.check not in found, found[case.check]
