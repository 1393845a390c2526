"""What a cut tells of subjects, derived anew, and taken as it stands where it may be; of the invented cohort
in a process of its own, as JSON."""

import json
import sys
from collections.abc import Iterable
from datetime import date
from typing import Any
from unittest.mock import patch

from analytics.datasets.story import Story, derive_all
from analytics.datasets.time_to_event import observations_of
from analytics.desk import impossible_dates
from analytics.desk.impossible_dates import subject_of_cut
from patients.casebook.form import declared_forms
from patients.casebook.page import Subject
from patients.casebook.settings import settings_read_once
from patients.casebook.shelf import ShelvedCasebook, shelved
from patients.items.types import UserItem

CUTOFFS = ("2025-06-01", "2025-08-05")


def main() -> None:
    everybody = list(Subject.objects.in_turn())
    json.dump({day: both_ways(everybody, date.fromisoformat(day)) for day in CUTOFFS}, sys.stdout)


def both_ways(subjects: Iterable[Subject], on: date) -> tuple[int, int]:
    """Of how many subjects nothing was derived once more, and of how many both ways tell the same."""
    once = same = 0
    for casebook in shelved(list(subjects)):
        with patch.object(impossible_dates, "derive_all", wraps=derive_all) as derive:
            told = _told(casebook, on, is_derived=True)
        once += not derive.called
        same += told == _told(casebook, on, is_derived=False)
    return once, same


def _told(casebook: ShelvedCasebook, on: date, *, is_derived: bool) -> Any:
    with settings_read_once():
        cut = subject_of_cut(casebook, on, is_derived=is_derived)
        if cut is None:
            return None
        observed = [
            (one.parameter.code, one.origin, one.end)
            for one in observations_of(Story(cut.facts, on, cut.casebook))
        ]
    derived = [
        (record.place, item.name, item.text(record.values[item.name]))
        for model in declared_forms()
        for item in model.items()
        if item.declared.derivation and not isinstance(item, UserItem)  # who saved a row is in no cut
        for record in cut.casebook.records(model.form.code)
    ]
    return cut.facts, observed, derived
