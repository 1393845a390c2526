"""LAB: laboratory results, a page for each sample day with one row for each test and sample.

Entered by the coordinator or imported. A result is kept as it was reported (value, comparator, unit, normal
range), with the value in SI and the CTCAE grade derived beside it.
"""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, FormRow, Repeat
from patients.forms.laboratory_catalogue import BY_CODE, TEST_CODES, UNIT_CODES, LabTest
from patients.forms.rows import other_rows
from patients.grading.ctcae import lab_grade
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

BEFORE_CONSENT_DAYS = 28  # routine results from before consent may be used for screening
JUDGED_WITHIN_DAYS = 3
DIFFERENTIAL_AT_MOST = Decimal("1.05")  # of the leukocytes, for rounding
# Tests that CTCAE grades by a multiple of the baseline, or by a fall from it.
GRADED_BY_BASELINE = frozenset({"ALT", "AST", "ALP", "GGT", "BILI", "CREAT", "FIBRINO"})
PENDING = "pending_investigator"
_NUMERIC_STATUS = ("done", "below_detection")


def _test(answers: Answers) -> LabTest | None:
    return BY_CODE.get(answers["lab_test"])


def _in_si(answers: Answers, item: str) -> Decimal | None:
    test, value, unit = _test(answers), answers[item], answers["lab_unit"]
    if test is None or value is None or unit is None:
        return None
    converted = test.to_si(value, unit)
    return None if converted is None else converted.quantize(Decimal("0.00001"), ROUND_HALF_UP)


def _range_flag(answers: Answers) -> str | None:
    value, low, high = answers["lab_value"], answers["lab_lln"], answers["lab_uln"]
    if value is None or (low is None and high is None):
        return None
    if low is not None and value < low:
        return "LOW"
    return "HIGH" if high is not None and value > high else "NORMAL"


def _first_dose(answers: Answers) -> Any:
    doses = [row["ld_date"] for row in answers.rows("LD") if row["ld_date"]]
    return min(doses, default=None)


def _is_baseline(answers: Answers) -> bool | None:
    """The last value of the test before the first dose of lymphodepletion."""
    first, sampled = _first_dose(answers), answers["lab_dt"]
    if first is None or sampled is None or answers["lab_value"] is None:
        return None
    return _before(sampled, first) and not any(
        row["lab_test"] == answers["lab_test"]
        and row["lab_value"] is not None
        and row["lab_dt"] is not None
        and _before(row["lab_dt"], first)
        and row["lab_dt"] > sampled
        for row in other_rows(answers, "LAB")
    )


def _before(moment: datetime, first: Any) -> bool:
    day = local_day(moment)
    return day is not None and day < first


def _baseline(answers: Answers) -> Decimal | None:
    """The last value of the test before the first dose; of a result from before it, none."""
    first = _first_dose(answers)
    if answers["lab_test"] not in GRADED_BY_BASELINE or first is None or answers["lab_dt"] is None:
        return None
    if _before(answers["lab_dt"], first):
        return None
    earlier = [
        row
        for row in other_rows(answers, "LAB")
        if row["lab_test"] == answers["lab_test"]
        and row["lab_si"] is not None
        and row["lab_dt"]
        and _before(row["lab_dt"], first)
    ]
    return max(earlier, key=lambda row: row["lab_dt"])["lab_si"] if earlier else None


def _corrected(answers: Answers) -> Decimal | None:
    """Calcium corrected for the albumin of the sample; None without it."""
    calcium, albumin = _in_si(answers, "lab_value"), _in_sample(answers).get("ALB")
    return None if calcium is None or albumin is None else calcium + Decimal("0.02") * (40 - albumin)


def _grade(answers: Answers) -> int | None:
    """By the value, its normal range and, where the criteria say so, the baseline."""
    test = _test(answers)
    if test is None or not test.ctcae:
        return None
    return lab_grade(
        test.code,
        _corrected(answers) if test.code == "CA" else _in_si(answers, "lab_value"),
        lln=_in_si(answers, "lab_lln"),
        uln=_in_si(answers, "lab_uln"),
        baseline=_baseline(answers),
        version=setting_as(str, "ctcae_version"),
    ).number


def _possible(value: Decimal, answers: Answers) -> bool:
    return _within(answers, "hard")


def _usual(value: Decimal, answers: Answers) -> bool:
    if answers["lab_test"] == "BLASTLE" and value > 0:
        infused, day = local_day(answers["INF.inf_start_dt"]), local_day(answers["lab_dt"])
        return infused is None or day is None or day <= infused  # none after the infusion
    return _within(answers, "soft")


def _within(answers: Answers, which: str) -> bool:
    test, value = _test(answers), _in_si(answers, "lab_value")
    if test is None or value is None:
        return True
    low, high = getattr(test, which)
    return (low is None or value >= low) and (high is None or value <= high)


def _unit_of_test(unit: str, answers: Answers) -> bool:
    test = _test(answers)
    return test is None or unit in test.units()


def _only_result(test: str, answers: Answers) -> bool:
    """No other result of the test at the same moment, but for the same one twice."""
    return all(
        row["lab_value"] == answers["lab_value"]
        for row in other_rows(answers, "LAB")
        if row["lab_test"] == test and row["lab_dt"] == answers["lab_dt"] is not None
    )


def _in_sample(answers: Answers) -> dict[str, Decimal]:
    """The results of the sample in SI, by test."""
    return {
        row["lab_test"]: row["lab_si"]
        for row in answers.rows("LAB")
        if row["lab_dt"] == answers["lab_dt"] and row["lab_si"] is not None
    }


def _differential_fits(value: Decimal, answers: Answers) -> bool:
    """Asked at the leukocytes: neutrophils, lymphocytes and monocytes are part of them."""
    if answers["lab_test"] != "WBC" or (total := _in_si(answers, "lab_value")) is None:
        return True
    found = _in_sample(answers)
    parts = [found[test] for test in ("NEUT", "LYM", "MONO") if test in found]
    return sum(parts, Decimal(0)) <= total * DIFFERENTIAL_AT_MOST


def _direct_fits(value: Decimal, answers: Answers) -> bool:
    if answers["lab_test"] != "BILDIR" or (direct := _in_si(answers, "lab_value")) is None:
        return True
    total = _in_sample(answers).get("BILI")
    return total is None or direct <= total


def _rises_slowly(grade: int, answers: Answers) -> bool:
    """Against the result before it of the same test; an investigator's judgement settles it."""
    if grade < 2 or answers["lab_cs"] in (YES, NO) or answers["lab_dt"] is None:
        return True
    earlier = [
        row
        for row in other_rows(answers, "LAB")
        if row["lab_test"] == answers["lab_test"] and row["lab_dt"] and row["lab_dt"] < answers["lab_dt"]
    ]
    before = max(earlier, key=lambda row: row["lab_dt"])["lab_grade"] if earlier else None
    return before is None or grade - before < 2


def _judged_in_time(answer: str, answers: Answers) -> bool:
    grade, moment = answers["lab_grade"], answers["lab_dt"]
    if answer != PENDING or grade is None or grade < 3 or moment is None:
        return True
    return bool(timezone.now() - moment <= timedelta(days=JUDGED_WITHIN_DAYS))


def _not_long_before_consent(moment: datetime, answers: Answers) -> bool:
    consent = answers["ELIG.icf_main_dt"]
    return consent is None or moment >= consent - timedelta(days=BEFORE_CONSENT_DAYS)


def _needs_judgement(answers: Answers) -> bool:
    """Grade 3 or more, or out of range beyond what is usual."""
    grade = answers["lab_grade"]
    unusual = answers["lab_ind"] in ("LOW", "HIGH") and not _within(answers, "soft")
    return (grade is not None and grade >= 3) or unusual


def _has_range(answers: Answers) -> bool:
    return answers["lab_lln"] is not None or answers["lab_uln"] is not None


def _gradable(answers: Answers) -> bool:
    test = _test(answers)
    return test is not None and test.ctcae


_NOT_POSSIBLE = _("%(value)s is not possible for this test.")
_REVERSED = _("Normal range is reversed.")


class Laboratory(FormRow):
    """One result of one sample."""

    form = FormDeclaration(
        code="LAB",
        title=_("Laboratory results"),
        enters="coordinator or import",
        signs="-",
        sdtm="LB, MB",
        repeat=Repeat.ROWS,
        dated_by="lab_dt",
    )

    lab_dt = DateTimeItem(
        _("Sample date/time"),
        hard=(
            NOT_LATER_THAN_NOW,
            must(_("at most 28 d before consent"), _not_long_before_consent, "ELIG.icf_main_dt"),
        ),
        cdisc="LB.LBDTC",
    )
    lab_test = ChoiceItem(
        _("Test"),
        TEST_CODES,
        hard=numbered(
            must(_("one result of a test at a moment"), _only_result, "LAB.lab_value", "lab_dt"),
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
        when=when("lab_status", *_NUMERIC_STATUS),
        hard=numbered(
            must(_("possible for the test"), _possible, "lab_test", "lab_unit"), "X-LAB-01", _NOT_POSSIBLE
        ),
        soft=(
            numbered(
                must(_("usual for the test"), _usual, "lab_test", "lab_unit"),
                "X-LAB-02",
                _("Please verify the result %(value)s."),
            ),
            numbered(
                must(
                    _("differential within the leukocytes"), _differential_fits, "LAB.lab_value", "lab_test"
                ),
                "X-LAB-06",
                _("Differential exceeds WBC."),
            ),
            numbered(
                must(_("direct bilirubin within the total"), _direct_fits, "LAB.lab_value", "lab_test"),
                "X-LAB-07",
                _("Direct bilirubin exceeds total."),
            ),
        ),
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
        hard=numbered(must(_("a unit of the test"), _unit_of_test, "lab_test"), "X-LAB-01", _NOT_POSSIBLE),
        cdisc="LB.LBORRESU (C71620)",
    )
    lab_lln = DecimalItem(
        _("Lower limit"),
        12,
        4,
        req="O",
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
    lab_uln = DecimalItem(_("Upper limit"), 12, 4, req="O", cdisc="LB.LBORNRHI")
    lab_status = ChoiceItem(
        _("Status"),
        CodeList(
            "lab_status",
            choices("", _("done"), _("not done"), _("haemolysed/clotted"), _("below detection")).codes,
        ),
        cdisc="LB.LBSTAT",
    )
    lab_name = ReferenceItem(_("Laboratory"), target="LABORATORY.code", cdisc="LB.LBNAM")
    lab_si = DecimalItem(
        _("SI value"),
        18,
        5,
        derived=Derivation(
            "value * factor of the unit",
            lambda answers: _in_si(answers, "lab_value"),
            ("lab_value", "lab_unit"),
        ),
        unit="SI",
        cdisc="LB.LBSTRESN",
    )
    lab_ind = ChoiceItem(
        _("Range flag"),
        CodeList(
            "NRIND", (Code("LOW", _("low")), Code("NORMAL", _("normal")), Code("HIGH", _("high"))), "C78736"
        ),
        when=judged("lln/uln known", _has_range, "lab_lln", "lab_uln"),
        derived=Derivation(
            "value against its normal range", _range_flag, ("lab_value", "lab_lln", "lab_uln")
        ),
        cdisc="LB.LBNRIND (C78736)",
    )
    lab_bl_fl = BooleanItem(
        _("Baseline flag"),
        derived=Derivation(
            "last value before the first lymphodepletion dose", _is_baseline, ("lab_dt", "lab_value", "LD")
        ),
        cdisc="LB.LBBLFL/LBLOBXFL",
    )
    lab_grade = IntegerItem(
        _("CTCAE grade"),
        when=judged("gradable test", _gradable, "lab_test"),
        derived=Derivation(
            "engine of section 3.5, configured CTCAE version",
            _grade,
            ("lab_test", "lab_value", "lab_unit", "lab_lln", "lab_uln", "lab_dt", "LD"),
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
        when=judged("grade 3 or more, or beyond the usual", _needs_judgement, "lab_grade", "lab_ind"),
        soft=numbered(
            must(_("judged within 3 d"), _judged_in_time, "lab_grade", "lab_dt"),
            "X-LAB-04",
            _("Clinical significance needed."),
        ),
        cdisc="SUPPLB.LBCLSIG",
    )
