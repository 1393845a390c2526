"""ICAHT from the laboratory rows of a subject: three grades side by side, and where the late one ends."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from analytics.datasets.haematotoxicity import Haematotoxicity, car_hematotox_of, haematotoxicity_of
from patients.casebook.answers import Record
from tests.analytics.casebooks import SUBJECT, T0, day, moment


class Rows:
    """A casebook of rows, of forms that this version may not have."""

    subject_code = SUBJECT

    def __init__(self, *rows: Record) -> None:
        self.rows = rows

    def records(self, form: str) -> Sequence[Record]:
        return [row for row in self.rows if row.form == form]


def row(form: str, **values: Any) -> Record:
    return Record(form, "", str(len(values)), None, values)


def counts(test: str, *courses: tuple[range, str]) -> list[Record]:
    return [
        row("LAB", lab_test=test, lab_dt=moment(day(number)), lab_si=Decimal(value))
        for days, value in courses
        for number in days
    ]


LOW_UNTIL_TAKE = counts("NEUT", (range(2), "2.0"), (range(2, 22), "0.2"), (range(22, 31), "1.5"))
LATE = counts("NEUT", (range(40, 45), "0.4"), (range(60, 62), "0.05"))


def graded(*rows: Record, graft: int | None = None) -> dict[str, int | None]:
    found = haematotoxicity_of(Rows(*rows), T0, None if graft is None else day(graft))
    assert found is not None
    return {name: getattr(found, name).number for name in Haematotoxicity.__slots__}


def test_the_early_grade_is_given_up_to_the_graft_and_over_all_days() -> None:
    found = graded(*LOW_UNTIL_TAKE, graft=8)
    assert (found["icaht_early_pre"], found["icaht_early_all"]) == (1, 3)
    assert graded(*LOW_UNTIL_TAKE)["icaht_early_pre"] == 3


def test_platelets_are_graded_by_themselves() -> None:
    found = graded(*counts("PLAT", (range(14), "15"), (range(40, 42), "45")), *LATE)
    assert (found["t_icaht_early"], found["t_icaht_late"], found["icaht_late"]) == (4, 2, 4)
    assert found["icaht_early_all"] is None


def test_the_late_grade_ends_with_progression_and_with_new_therapy() -> None:
    relapse = row("RLP", rlp_type="morphological_relapse", rlp_dt=day(50))
    molecular = row("RLP", rlp_type="molecular_relapse", rlp_dt=day(50))
    therapy = row("SUBTX", stx_start=day(59))
    earlier = row("SUBTX", stx_start=T0 - timedelta(30))
    assert graded(*LATE)["icaht_late"] == 4
    assert graded(*LATE, relapse)["icaht_late"] == 3
    assert graded(*LATE, molecular)["icaht_late"] == 4
    assert graded(*LATE, therapy)["icaht_late"] == 3
    assert graded(*LATE, earlier)["icaht_late"] == 4


def test_who_was_not_infused_has_none() -> None:
    assert haematotoxicity_of(Rows(*LATE), None) is None


def test_car_hematotox_looks_at_the_last_results_before_the_first_dose() -> None:
    good = {"NEUT": "3.0", "HGB": "120", "PLAT": "240", "CRP": "4", "FERRITIN": "300"}
    rows = [counts(test, (range(-9, -8), value))[0] for test, value in good.items()]
    later = [*counts("NEUT", (range(-6, -5), "1.0")), *counts("FERRITIN", (range(-4, -3), "9000"))]
    dosed = row("LD", ld_date=day(-5))
    graded = car_hematotox_of(Rows(dosed, *rows, *later))
    assert graded is not None
    assert (graded.value, graded.inputs) == ("1", ("neutrophils",))
    assert car_hematotox_of(Rows(*rows)) is None
    missing = car_hematotox_of(Rows(dosed, *rows[:4]))
    assert missing is not None
    assert missing.value is None
