"""What laboratory and CRS days say for or against IEC-HS, without a form of its own.

The laboratory asks whether to open the form; the form asks whether its answers agree. Criteria from memory
(Hines et al. 2023).
"""

from datetime import date, timedelta
from decimal import Decimal

from patients.casebook.answers import local_day
from patients.forms.anchors import infusion_day
from patients.forms.lab_results import lowest_near, results, sampled_on
from patients.forms.laboratory_ranges import normal_range, times_upper_limit
from patients.items.conditions import Answers

EVIDENCE_WITHIN_DAYS = 1
FORM_WITHIN_DAYS = 7
FERRITIN_TIMES = Decimal(2)  # the upper limit of normal, or the baseline
FERRITIN_HIGH_UG_PER_L = Decimal(10000)
TRANSAMINASE_TIMES = Decimal(5)
FIBRINOGEN_BELOW_G_PER_L = Decimal("1.5")
LINEAGES = ("NEUT", "PLAT", "LYM")
WORST_COUNT_GRADE = 4
RESULTS = ("LAB", "DM.sex", "DM.birth_date")
"""What a rule looks at that asks for a result and its normal range."""


def ferritin_criterion(answers: Answers, day: date, value: Decimal) -> bool | None:
    """Above twice the upper limit or the baseline; None where neither is known."""
    rows = results(answers, "FERRITIN")
    limits = [normal_range(row)[1] for row in rows if sampled_on(row) <= day]
    baseline = [row["lab_si"] for row in rows if row["lab_bl_fl"] and row["lab_si"] is not None]
    known = [*[limit for limit in limits if limit is not None][-1:], *baseline]
    return any(value > FERRITIN_TIMES * limit for limit in known) if known else None


def transaminases_raised(answers: Answers, day: date) -> bool | None:
    """ALT or AST above 5 times the upper limit, or the baseline where that was raised; None without a result
    within a day."""
    found = [
        raised
        for row in results(answers, "ALT", "AST", near=day, days=EVIDENCE_WITHIN_DAYS)
        if (raised := _raised(answers, row)) is not None
    ]
    return any(found) if found else None


def _raised(answers: Answers, row: Answers) -> bool | None:
    before = next((other for other in results(answers, row["lab_test"]) if other["lab_bl_fl"]), None)
    if before is not None and row["lab_si"] is not None and _is_above(before, Decimal(1)):
        return bool(row["lab_si"] > TRANSAMINASE_TIMES * before["lab_si"])
    return _is_above(row, TRANSAMINASE_TIMES)


def _is_above(row: Answers, times: Decimal) -> bool | None:
    """A result is above so many times its upper limit; None without the limit."""
    found = times_upper_limit(row)
    return None if found is None else found > times


def fibrinogen_low(answers: Answers, day: date) -> bool | None:
    """Below 1.5 g/L or the lower limit; None without a result within a day."""
    rows = results(answers, "FIBRINO", near=day, days=EVIDENCE_WITHIN_DAYS)
    if not rows:
        return None
    return any(_is_low(row) for row in rows)


def _is_low(row: Answers) -> bool:
    value, least = row["lab_si"], normal_range(row)[0]
    return value is not None and (value < FIBRINOGEN_BELOW_G_PER_L or (least is not None and value < least))


def crs_improving(answers: Answers, day: date) -> bool:
    """The last day of CRS up to this one has a lower grade than one before it."""
    graded = [
        row["crs_grade"]
        for row in sorted(answers.rows("CRS"), key=lambda row: row["crs_date"] or date.max)
        if row["crs_date"] and row["crs_date"] <= day and row["crs_grade"] is not None
    ]
    return bool(graded) and graded[-1] < max(graded)


def new_cytopenia(answers: Answers, day: date) -> bool:
    """A count of grade 4 within a day, where the one before it was better."""
    return any(_newly_worst(answers, lineage, day) for lineage in LINEAGES)


def _newly_worst(answers: Answers, lineage: str, day: date) -> bool:
    before = None
    for row in results(answers, lineage):
        grade = row["lab_grade"]
        near = abs(sampled_on(row) - day) <= timedelta(days=EVIDENCE_WITHIN_DAYS)
        if near and grade == WORST_COUNT_GRADE and before is not None and before < grade:
            return True
        before = before if grade is None else grade
    return False


def should_be_considered(answers: Answers) -> bool:
    """Asked at a result of ferritin: above twice its upper limit or 10,000, with low fibrinogen, raised
    transaminases or a new grade 4 cytopenia after CRS has improved, and no page of the form within a week."""
    day, infused = local_day(answers["lab_dt"]), infusion_day(answers)
    if answers["lab_test"] != "FERRITIN" or answers["lab_value"] is None:
        return False
    if day is None or infused is None or day < infused or not _ferritin_high(answers):
        return False
    return _further_sign(answers, day) and not _has_form(answers, day)


def _ferritin_high(answers: Answers) -> bool:
    high = answers["lab_si"] is not None and answers["lab_si"] > FERRITIN_HIGH_UG_PER_L
    return high or bool(_is_above(answers, FERRITIN_TIMES))


def _further_sign(answers: Answers, day: date) -> bool:
    fibrinogen = lowest_near(answers, "FIBRINO", day, EVIDENCE_WITHIN_DAYS)
    if fibrinogen is not None and fibrinogen < FIBRINOGEN_BELOW_G_PER_L:
        return True
    if transaminases_raised(answers, day):
        return True
    return crs_improving(answers, day) and new_cytopenia(answers, day)


def _has_form(answers: Answers, day: date) -> bool:
    week = timedelta(days=FORM_WITHIN_DAYS)
    return any(row["hlh_dt"] and abs(row["hlh_dt"] - day) <= week for row in answers.rows("HLH"))
