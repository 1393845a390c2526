"""LAB: laboratory results, a page for each sample day with one row for each test and sample.

Entered by the coordinator or imported. A result is kept as it was reported (value, comparator, unit, normal
range); the value in SI, its place in the range and the CTCAE grade are derived beside it. A range that was
left empty stays empty: that of the laboratory's table is used in its place (`laboratory_ranges`).
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, GradedRow, Repeat
from patients.forms.anchors import NOT_AFTER_DEATH, first_dose_day, infusion_day
from patients.forms.ctcae_terms import TERMS_OF_TEST
from patients.forms.iec_hs_evidence import RESULTS, should_be_considered
from patients.forms.lab_results import plain
from patients.forms.laboratory_catalogue import TEST_CODES, UNIT_CODES, Range
from patients.forms.laboratory_ranges import WITH_RESULT, catalogued, has_result, in_si, normal_range
from patients.forms.rows import other_rows_where
from patients.grading.ctcae import lab_grade
from patients.grading.result import Graded
from patients.items.checks import Sight, hard, soft
from patients.items.codelists import NO, YES, Code, CodeList, choices
from patients.items.conditions import Answers, judged, when
from patients.items.item import Derivation
from patients.items.limits import NOT_LATER_THAN_NOW, between, must, numbered
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    DateTimeItem,
    DecimalItem,
    IntegerItem,
    ReferenceItem,
)
from trial.protocol.configuration import setting_as
from trial.protocol.laboratories import laboratories

BEFORE_CONSENT_DAYS = 28  # routine results from before consent may be used for screening
JUDGED_WITHIN_DAYS = 3
JUDGED_FROM_GRADE = 3
REPORTED_WITHIN_DAYS = 7
DIFFERENTIAL_AT_MOST = Decimal("1.05")  # of the leukocytes, for rounding
CHANGE_ASKED_ABOVE = Decimal("0.5")  # of the result before it, within 24 h
VIRUSES = "D"  # the set whose threshold is the laboratory's upper limit
INFLAMMATORY = frozenset({"FERRITIN", "CRP"})
INFLAMMATORY_UNTIL_CAR_DAY = 14
# Tests that CTCAE grades by a multiple of the baseline, or by a fall from it.
GRADED_BY_BASELINE = frozenset({"ALT", "AST", "ALP", "GGT", "BILI", "CREAT", "FIBRINO"})
PENDING = "pending_investigator"


def _range_flag(answers: Answers) -> str | None:
    """In SI, since the table may give its limits in another unit."""
    value, (low, high) = in_si(answers, "lab_value"), normal_range(answers)
    if value is None or (low is None and high is None):
        return None
    if low is not None and value < low:
        return "LOW"
    return "HIGH" if high is not None and value > high else "NORMAL"


def _si_value(answers: Answers) -> Decimal | None:
    converted = in_si(answers, "lab_value")
    return None if converted is None else converted.quantize(Decimal("0.00001"), ROUND_HALF_UP)


def _of_the_test(answers: Answers) -> list[Answers]:
    """The other results of the test that have a moment."""
    others = other_rows_where(answers, "LAB", "lab_test", answers["lab_test"])
    return [row for row in others if row["lab_dt"] is not None]


def _is_baseline(answers: Answers) -> bool | None:
    """The last value of the test before the first dose of lymphodepletion."""
    first, sampled = first_dose_day(answers), answers["lab_dt"]
    if first is None or sampled is None or not has_result(answers):
        return None
    return _before(sampled, first) and not any(
        has_result(row) and row["lab_dt"] > sampled and _before(row["lab_dt"], first)
        for row in _of_the_test(answers)
    )


def _before(moment: datetime, first: date) -> bool:
    day = local_day(moment)
    return day is not None and day < first


def _baseline(answers: Answers) -> Decimal | None:
    """The last value of the test before the first dose; of a result from before it, none."""
    first = first_dose_day(answers)
    if answers["lab_test"] not in GRADED_BY_BASELINE or first is None or answers["lab_dt"] is None:
        return None
    if _before(answers["lab_dt"], first):
        return None
    earlier = [
        row for row in _of_the_test(answers) if row["lab_si"] is not None and _before(row["lab_dt"], first)
    ]
    return max(earlier, key=lambda row: row["lab_dt"])["lab_si"] if earlier else None


def _corrected(answers: Answers) -> Decimal | None:
    """Calcium corrected for the albumin of the sample; None without it."""
    calcium, albumin = _si_value(answers), _in_sample(answers).get("ALB")
    return None if calcium is None or albumin is None else calcium + Decimal("0.02") * (40 - albumin)


def _grade(answers: Answers) -> Graded | None:
    """By the value, its normal range and, where the criteria say so, the baseline."""
    test = catalogued(answers)
    if test is None or not test.ctcae:
        return None
    low, high = normal_range(answers)
    return lab_grade(
        test.code,
        _corrected(answers) if test.code == "CA" else _si_value(answers),
        lln=low,
        uln=high,
        baseline=_baseline(answers),
        version=setting_as(str, "ctcae_version"),
    )


def _bears_on(answers: Answers) -> Iterator[Answers]:
    """Albumin corrects the calcium of its sample, and a result from before the first dose may be the baseline
    of its test."""
    first, sampled = first_dose_day(answers), answers["lab_dt"]
    yield from answers.rows_where("LAB", "lab_dt", sampled)
    if first is not None and sampled is not None and _before(sampled, first):
        yield from answers.rows_where("LAB", "lab_test", answers["lab_test"])


# --- what a result may be -------------------------------------------------------------------------------
def _within(answers: Answers, bounds: Range) -> bool:
    value, (low, high) = in_si(answers, "lab_value"), bounds
    return value is None or ((low is None or value >= low) and (high is None or value <= high))


def _told(answers: Answers, **more: Any) -> Sight:
    """Test, result and unit as entered, for a sentence about them."""
    test, unit = catalogued(answers), answers["lab_unit"]
    return {"test": test.name if test else "", "value": answers["lab_value"], "unit": unit or "", **more}


def _impossible(answers: Answers) -> Sight:
    test = catalogued(answers)
    return test is not None and not _within(answers, test.hard) and _told(answers)


def _of_another_unit(answers: Answers) -> Sight:
    test, unit = catalogued(answers), answers["lab_unit"]
    return test is not None and unit is not None and unit not in test.units() and _told(answers)


def _unusual(answers: Answers) -> bool:
    """Beyond what is usual: any blasts after the infusion, a virus above the laboratory's threshold."""
    test = catalogued(answers)
    if test is None:
        return False
    if test.code == "BLASTLE":
        infused, day = infusion_day(answers), local_day(answers["lab_dt"])
        return bool(in_si(answers, "lab_value")) and infused is not None and day is not None and day > infused
    if test.set == VIRUSES:
        return not _within(answers, (None, normal_range(answers)[1]))
    return not _within(answers, test.soft)


def _to_be_verified(answers: Answers) -> Sight:
    return _unusual(answers) and _told(answers)


def _jumped(answers: Answers) -> Sight:
    """More than half off the result before it, where that is at most a day older."""
    value, moment = in_si(answers, "lab_value"), answers["lab_dt"]
    if value is None or moment is None:
        return False
    earlier = [
        row
        for row in _of_the_test(answers)
        if row["lab_si"] is not None and timedelta(0) < moment - row["lab_dt"] <= timedelta(hours=24)
    ]
    before = max(earlier, key=lambda row: row["lab_dt"], default=None)
    if before is None or abs(value - before["lab_si"]) <= before["lab_si"] * CHANGE_ASKED_ABOVE:
        return False
    return _told(answers, before=before["lab_value"], before_unit=before["lab_unit"])


def _only_result(test: str, answers: Answers) -> bool:
    """No other result of the test at the same moment, but for the same one twice."""
    return not has_result(answers) or all(
        row["lab_value"] == answers["lab_value"]
        for row in _of_the_test(answers)
        if row["lab_dt"] == answers["lab_dt"] and has_result(row)
    )


def _in_sample(answers: Answers) -> dict[str, Decimal]:
    """The results of the sample in SI, by test."""
    return {
        row["lab_test"]: row["lab_si"]
        for row in answers.rows_where("LAB", "lab_dt", answers["lab_dt"])
        if row["lab_si"] is not None
    }


def _differential_exceeds(answers: Answers) -> Sight:
    """Asked at the leukocytes: neutrophils, lymphocytes and monocytes are part of them."""
    total = _si_value(answers)
    if answers["lab_test"] != "WBC" or total is None:
        return False
    found = _in_sample(answers)
    parts = sum((found[test] for test in ("NEUT", "LYM", "MONO") if test in found), Decimal(0))
    return parts > total * DIFFERENTIAL_AT_MOST and {"sum": plain(parts), "total": plain(total)}


def _direct_exceeds(answers: Answers) -> Sight:
    direct, total = _si_value(answers), _in_sample(answers).get("BILI")
    if answers["lab_test"] != "BILDIR" or direct is None or total is None:
        return False
    return direct > total and {"direct": plain(direct), "total": plain(total)}


def _rises_slowly(grade: int, answers: Answers) -> bool:
    """Against the result before it of the same test; an investigator's judgement settles it."""
    if grade < 2 or answers["lab_cs"] in (YES, NO) or answers["lab_dt"] is None:
        return True
    earlier = [row for row in _of_the_test(answers) if row["lab_dt"] < answers["lab_dt"]]
    before = max(earlier, key=lambda row: row["lab_dt"])["lab_grade"] if earlier else None
    return before is None or grade - before < 2


def _waits_for_judgement(answers: Answers) -> Sight:
    grade, moment = answers["lab_grade"], answers["lab_dt"]
    if answers["lab_cs"] != PENDING or grade is None or grade < JUDGED_FROM_GRADE or moment is None:
        return False
    return timezone.now() - moment > timedelta(days=JUDGED_WITHIN_DAYS) and {"grade": grade}


def _without_inflammation(answers: Answers) -> Sight:
    """Day 0 to 14: a sample day without ferritin or CRP, told once, at the first row of its page."""
    day, infused = local_day(answers["lab_dt"]), infusion_day(answers)
    if day is None or infused is None or not 0 <= (day - infused).days <= INFLAMMATORY_UNTIL_CAR_DAY:
        return False
    rows = answers.rows("LAB")
    if next(row.row_key for row in rows if row.visit == answers.visit) != answers.row_key:
        return False
    measured = {
        row["lab_test"]
        for row in rows
        if row["lab_test"] in INFLAMMATORY and has_result(row) and local_day(row["lab_dt"]) == day
    }
    absent = sorted(INFLAMMATORY - measured)
    return bool(absent) and {"tests": ", ".join(absent), "day": day}


def _not_long_before_consent(moment: datetime, answers: Answers) -> bool:
    consent = answers["ELIG.icf_main_dt"]
    return consent is None or moment >= consent - timedelta(days=BEFORE_CONSENT_DAYS)


def _accredited(laboratory: str, answers: Answers) -> bool:
    """Silent until the registry has a table of laboratories, or without the day of the sample."""
    table, day = laboratories(), local_day(answers["lab_dt"])
    return not table.are_known() or day is None or table.is_accredited(laboratory, day)


def _needs_judgement(answers: Answers) -> bool:
    """Grade 3 or more, or out of range beyond what is usual."""
    grade = answers["lab_grade"]
    beyond = answers["lab_ind"] in ("LOW", "HIGH") and _unusual(answers)
    return (grade is not None and grade >= JUDGED_FROM_GRADE) or beyond


def _has_range(answers: Answers) -> bool:
    return normal_range(answers) != (None, None)


def _gradable(answers: Answers) -> bool:
    test = catalogued(answers)
    return test is not None and test.ctcae


def _reported(event: Answers, day: date) -> bool:
    """Whether the sample lies in the time of an event, or within a week of it. One event may stand for a
    lineage through a whole period."""
    start, end = event["ae_start"], event["ae_end"]
    near = timedelta(days=REPORTED_WITHIN_DAYS)
    return start is not None and start.earliest - near <= day and (end is None or day - near <= end.latest)


def _without_event(answers: Answers) -> Sight:
    """A result of grade 3 or more that the investigator called significant, under no adverse event."""
    test, grade, day = answers["lab_test"], answers["lab_grade"], local_day(answers["lab_dt"])
    terms = TERMS_OF_TEST.get(test or "")
    if answers["lab_cs"] != YES or not terms or grade is None or day is None or grade < JUDGED_FROM_GRADE:
        return False
    events = (row for row in answers.rows("AE") if row["ae_ctcae_term"] in terms)
    shown = {"test": TEST_CODES.labels[test], "grade": grade}
    return not any(_reported(event, day) for event in events) and shown


_NOT_POSSIBLE = _("%(test)s %(value)s %(unit)s is not possible.")
_VALUE = ("lab_test", "lab_value", "lab_unit")
_CHECKS = (
    hard("X-LAB-01", "lab_value", _NOT_POSSIBLE, _impossible, *_VALUE),
    hard("X-LAB-01", "lab_unit", _NOT_POSSIBLE, _of_another_unit, *_VALUE),
    soft(
        "X-LAB-02",
        "lab_value",
        _("Please verify %(test)s: %(value)s %(unit)s is unusual."),
        _to_be_verified,
        *_VALUE,
        "INF.inf_start_dt",
    ),
    soft(
        "X-LAB-02",
        "lab_value",
        _("Please verify %(test)s: %(value)s %(unit)s, after %(before)s %(before_unit)s within 24 h."),
        _jumped,
        *_VALUE,
        "LAB.lab_value",
        "LAB.lab_dt",
    ),
    soft(
        "X-LAB-04",
        "lab_cs",
        _("Grade %(grade)s: clinical significance needed."),
        _waits_for_judgement,
        "lab_cs",
        "lab_grade",
        "lab_dt",
    ),
    soft(
        "X-LAB-06",
        "lab_value",
        _("Differential of %(sum)s exceeds WBC of %(total)s."),
        _differential_exceeds,
        "LAB.lab_value",
        "lab_test",
    ),
    soft(
        "X-LAB-07",
        "lab_value",
        _("Direct bilirubin of %(direct)s exceeds total of %(total)s."),
        _direct_exceeds,
        "LAB.lab_value",
        "lab_test",
    ),
    soft(
        "X-LAB-05",
        "lab_cs",
        _("Significant abnormality without AE: %(test)s, grade %(grade)s."),
        _without_event,
        "lab_test",
        "lab_grade",
        "lab_dt",
        "AE.ae_ctcae_term",
        "AE.ae_start",
        "AE.ae_end",
    ),
    soft(
        "X-LAB-08",
        "lab_dt",
        _("Inflammatory marker missing on %(day)s: %(tests)s."),
        _without_inflammation,
        "LAB.lab_test",
        "LAB.lab_value",
        "LAB.lab_dt",
        "INF.inf_start_dt",
    ),
    soft(
        "X-HLH-01",
        "lab_value",
        _("Consider IEC-HS: open the HLH form."),
        should_be_considered,
        *RESULTS,
        "CRS",
        "HLH.hlh_dt",
        "INF.inf_start_dt",
    ),
)
_RESULT = ("lab_value", "lab_status")
_REVERSED = _("Normal range is reversed.")
_RANGE_HINT = _("left empty, the range of the laboratory on the day of the sample applies")
# What a range is made from, beside the sex and birth date of the subject.
_RANGE = ("lab_test", "lab_unit", "lab_lln", "lab_uln", "lab_name", "lab_dt", "DM.sex", "DM.birth_date")


class Laboratory(GradedRow):
    """One result of one sample."""

    form = FormDeclaration(
        code="LAB",
        title=_("Laboratory results"),
        enters=_("coordinator or import"),
        signs="-",
        sdtm="LB, MB",
        repeat=Repeat.ROWS,
        dated_by="lab_dt",
        checks=_CHECKS,
        bears_on=_bears_on,
    )

    lab_dt = DateTimeItem(
        _("Sample date/time"),
        hard=(
            NOT_AFTER_DEATH,
            NOT_LATER_THAN_NOW,
            must(_("at most 28 d before consent"), _not_long_before_consent, "ELIG.icf_main_dt"),
        ),
        cdisc="LB.LBDTC",
    )
    lab_test = ChoiceItem(
        _("Test"),
        TEST_CODES,
        hard=numbered(
            must(
                _("one result of a test at a moment"),
                _only_result,
                "LAB.lab_value",
                "LAB.lab_status",
                "lab_dt",
            ),
            "X-LAB-09",
            _("Duplicate result."),
        ),
        cdisc="LB.LBTESTCD (C65047)",
    )
    lab_value = DecimalItem(
        _("Result"),
        17,
        4,
        req="C",
        when=when("lab_status", *WITH_RESULT),
        cdisc="LB.LBORRES",
    )
    lab_cmp = ChoiceItem(
        _("Comparator"),
        CodeList("lab_cmp", tuple(Code(sign, sign) for sign in ("=", "<", ">", "<=", ">="))),
        cdisc="LB.LBORRES prefix",
    )
    lab_unit = ChoiceItem(
        _("Unit"),
        UNIT_CODES,
        cdisc="LB.LBORRESU (C71620)",
    )
    lab_lln = DecimalItem(
        _("Lower limit"),
        12,
        4,
        req="O",
        hint=_RANGE_HINT,
        hard=numbered(
            must(
                _("below the upper limit"),
                lambda value, answers: answers["lab_uln"] is None or value < answers["lab_uln"],
                "lab_uln",
            ),
            "X-LAB-03",
            _REVERSED,
        ),
        cdisc="LB.LBORNRLO",
    )
    lab_uln = DecimalItem(_("Upper limit"), 12, 4, req="O", hint=_RANGE_HINT, cdisc="LB.LBORNRHI")
    lab_status = ChoiceItem(
        _("Status"),
        CodeList(
            "lab_status",
            choices("", _("done"), _("not done"), _("haemolysed/clotted"), _("below detection")).codes,
        ),
        cdisc="LB.LBSTAT",
    )
    lab_name = ReferenceItem(
        _("Laboratory"),
        target="LABORATORY.code",
        waits_for="",
        hard=must(_("a laboratory accredited on the day of the sample"), _accredited, "lab_dt"),
        cdisc="LB.LBNAM",
    )
    lab_si = DecimalItem(
        _("SI value"),
        18,
        5,
        derived=Derivation(
            _("value * factor of the unit"),
            _si_value,
            (*_RESULT, "lab_unit", "lab_name", "lab_dt"),
        ),
        unit="SI",
        cdisc="LB.LBSTRESN",
    )
    lab_ind = ChoiceItem(
        _("Range flag"),
        CodeList(
            "NRIND", (Code("LOW", _("low")), Code("NORMAL", _("normal")), Code("HIGH", _("high"))), "C78736"
        ),
        when=judged(_("lln/uln known"), _has_range, *_RANGE),
        derived=Derivation(_("value against its normal range"), _range_flag, (*_RESULT, *_RANGE)),
        cdisc="LB.LBNRIND (C78736)",
    )
    lab_bl_fl = BooleanItem(
        _("Baseline flag"),
        derived=Derivation(
            _("last value before the first lymphodepletion dose"),
            _is_baseline,
            ("lab_dt", *_RESULT, "LAB", "LD"),
        ),
        cdisc="LB.LBBLFL/LBLOBXFL",
    )
    lab_grade = IntegerItem(
        _("CTCAE grade"),
        when=judged(_("gradable test"), _gradable, "lab_test"),
        derived=Derivation(
            _("engine of section 3.5, configured CTCAE version"),
            _grade,
            (*_RESULT, *_RANGE, "LAB", "LD"),
        ),
        hard=between("0", "4"),
        soft=must(_("a rise by less than 2 grades, unless judged"), _rises_slowly, "LAB.lab_grade", "lab_cs"),
        cdisc="LB.LBTOXGR",
    )
    lab_cs = ChoiceItem(
        _("Clinically significant"),
        CodeList(
            "lab_cs",
            (
                Code(YES, _("Yes")),
                Code(NO, _("No")),
                Code(PENDING, _("pending investigator")),
            ),
        ),
        when=judged(_("grade 3 or more, or beyond the usual"), _needs_judgement, "lab_grade", "lab_ind"),
        cdisc="SUPPLB.LBCLSIG",
    )
