"""Laboratory grades of CTCAE 5.0 and 6.0 (texts of NCI CTCAE, as pharmaverse/admiral quotes them).

A bound belongs to the milder grade: `<LLN - 1.5` is below the lower limit of normal and 1.5 or more, `>ULN -
3.0 x ULN` above the upper limit and up to and including 3.0 times it. Values are in SI units. Where only the
band of grade 1 needs a normal limit that is not known, the grade is unknown, not 0. What needs clinical words
(symptoms, bleeding, transfusion) is left to the adverse event: the number alone is graded here, and flagged
where such words could make it worse.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from patients.grading.result import Flag, Graded

D = Decimal


@dataclass(frozen=True, slots=True)
class LabValue:
    """A result in SI units with the normal limits and the baseline, where known."""

    value: Decimal
    lln: Decimal | None = None
    uln: Decimal | None = None
    baseline: Decimal | None = None

    @property
    def baseline_high(self) -> bool:
        return self.baseline is not None and self.uln is not None and self.baseline > self.uln

    @property
    def baseline_low(self) -> bool:
        return self.baseline is not None and self.lln is not None and self.baseline < self.lln

    @property
    def is_low(self) -> bool:
        return self.lln is not None and self.value < self.lln


Rule = Callable[[LabValue], int | None]


def lab_grade(
    test: str,
    value: Decimal | None,
    *,
    lln: Decimal | None = None,
    uln: Decimal | None = None,
    baseline: Decimal | None = None,
    version: str = "5.0",
) -> Graded:
    """The grade of a result; None for a test that CTCAE does not grade, or where too little is known.

    `test` is LBTESTCD; calcium is given corrected for albumin. The flag `needs_clinical` says that symptoms,
    bleeding or a transfusion could make the grade worse. Raises ValueError for an unknown version.
    """
    if version not in _RULES:
        raise ValueError(f"CTCAE {version} is not known")
    stamp = f"CTCAE {version}/2"
    if value is not None and test in _BY_THE_CLINICIAN:
        return Graded(None, f"CTC-{test}-CLINICAL", stamp, flags=(Flag.NEEDS_CLINICAL,))
    rule = _RULES[version].get(test)
    if rule is None or value is None:
        return Graded(None, f"CTC-{test}-EMPTY", stamp)
    lab = LabValue(value, lln, uln, baseline)
    grade = rule(lab)
    if grade is None:
        return Graded(None, f"CTC-{test}-UNKNOWN", stamp, ("value",))
    flags = (Flag.NEEDS_CLINICAL,) if _could_be_worse(test, version, lab, grade) else ()
    return Graded(str(grade), f"CTC-{test}-{grade}", stamp, ("value",), flags)


# ---- shapes of a rule --------------------------------------------------------------------------------------


def _low(*below: str, first: int = 2) -> Rule:
    """Falling values: under the bounds are grade `first` and up, else grade 1 is under the lower limit of
    normal. With `first` 1 no normal limit is needed."""
    bounds = [D(bound) for bound in below]

    def rule(lab: LabValue) -> int | None:
        passed = sum(lab.value < bound for bound in bounds)
        if passed or first == 1:
            return first - 1 + passed if passed else 0
        return None if lab.lln is None else int(lab.value < lab.lln)

    return rule


def _high(*above: str, first: int = 2) -> Rule:
    """Rising values, in the same way."""
    bounds = [D(bound) for bound in above]

    def rule(lab: LabValue) -> int | None:
        passed = sum(lab.value > bound for bound in bounds)
        if passed or first == 1:
            return first - 1 + passed if passed else 0
        return None if lab.uln is None else int(lab.value > lab.uln)

    return rule


def _either(low: Rule, high: Rule) -> Rule:
    """A test that is graded in both directions: normal only if it is known not to be beyond either limit."""

    def rule(lab: LabValue) -> int | None:
        both = (low(lab), high(lab))
        return max((grade for grade in both if grade), default=None if None in both else 0)

    return rule


def _times_uln(*times: str) -> Rule:
    """Multiples of the upper limit: grade 1 above it, then above each multiple."""
    bounds = [D(bound) for bound in ("1", *times)]

    def rule(lab: LabValue) -> int | None:
        return None if lab.uln is None else sum(lab.value > bound * lab.uln for bound in bounds)

    return rule


def _or_baseline(normal: Rule, *times: str, least: str = "") -> Rule:
    """As `normal`, but above multiples of the baseline where that was above the upper limit.

    `least` is the multiple at which grade 1 begins, included; without it grade 1 is above the first of
    `times`.
    """
    bounds = [D(bound) for bound in times]

    def rule(lab: LabValue) -> int | None:
        if not lab.baseline_high or lab.baseline is None:
            return normal(lab)
        passed = sum(lab.value > bound * lab.baseline for bound in bounds)
        return passed + int(lab.value >= D(least) * lab.baseline) if least else passed

    return rule


# ---- rules of their own ------------------------------------------------------------------------------------


def _creatinine(by_baseline: Callable[[LabValue], bool]) -> Rule:
    """Above 1, 1.5, 3 or 6 times ULN, or above 1.5 or 3 times the baseline where that counts: the worse."""
    by_limit = _times_uln("1.5", "3", "6")

    def rule(lab: LabValue) -> int | None:
        risen = 0
        if by_baseline(lab) and lab.baseline is not None:
            risen = (0, 2, 3)[sum(lab.value > bound * lab.baseline for bound in (D("1.5"), D(3)))]
        limited = by_limit(lab)
        return risen or None if limited is None else max(risen, limited)

    return rule


def _creatinine_clearance(lab: LabValue) -> int | None:
    """26 to 49 mL/min is 2, 10 to 25 is 3; below 10 the criteria say nothing, and there is no grade 1."""
    if lab.value < 10:
        return None
    return 3 if lab.value <= 25 else 2 * int(lab.value <= 49)


def _fibrinogen(lab: LabValue) -> int | None:
    """Below LLN, 0.75, 0.5 and 0.25 times it, or a fall of 25, 50, 75 % from an abnormal baseline; below 0.5
    g/L always 4."""
    if lab.value < D("0.5"):
        return 4
    if lab.lln is None:
        return None
    if lab.baseline_low and lab.baseline is not None:
        fall = (lab.baseline - lab.value) / lab.baseline
        return int(fall > 0) + sum(fall >= share for share in (D("0.25"), D("0.5"), D("0.75")))
    return sum(lab.value < share * lab.lln for share in (D(1), D("0.75"), D("0.5"), D("0.25")))


def _triglycerides(lab: LabValue) -> int:
    return int(lab.value >= D("1.71")) + sum(lab.value > bound for bound in (D("3.42"), D("5.7"), D("11.4")))


def _alkaline_phosphatase_6(lab: LabValue) -> int | None:
    """Version 6.0: above the baseline and ULN is 1, and there is no more."""
    known = [limit for limit in (lab.baseline, lab.uln) if limit is not None]
    if any(lab.value <= limit for limit in known):
        return 0
    return 1 if len(known) == 2 else None


# ---- the terms ---------------------------------------------------------------------------------------------

_TIMES_3_5_20, _TIMES_1_5_3_10 = _times_uln("3", "5", "20"), _times_uln("1.5", "3", "10")
_TIMES_2_5_5_20 = _times_uln("2.5", "5", "20")
_TRANSAMINASE_5 = _or_baseline(_TIMES_3_5_20, "3", "5", "20", least="1.5")
_TRANSAMINASE_6 = _or_baseline(_TIMES_3_5_20, "1.5", "2", "4", least="1")
_CHOLESTASIS_5 = _or_baseline(_TIMES_2_5_5_20, "2.5", "5", "20", least="2")

_V5: dict[str, Rule] = {
    "NEUT": _low("1.5", "1.0", "0.5"),
    "PLAT": _low("75", "50", "25"),
    "HGB": _low("100", "80"),
    "WBC": _low("3", "2", "1"),
    "LYM": _low("0.8", "0.5", "0.2"),
    "ALT": _TRANSAMINASE_5,
    "AST": _TRANSAMINASE_5,
    "BILI": _or_baseline(_TIMES_1_5_3_10, "1", "1.5", "3", "10"),
    "ALP": _CHOLESTASIS_5,
    "GGT": _CHOLESTASIS_5,
    "CREAT": _creatinine(lambda lab: True),
    "FIBRINO": _fibrinogen,
    "INR": _high("1.2", "1.5", "2.5", first=1),
    "APTT": _times_uln("1.5", "2.5"),
    "K": _either(_low("3.0", "2.5", first=3), _high("5.5", "6.0", "7.0")),
    "SODIUM": _either(_low("130", "125", "120"), _high("150", "155", "160")),
    "ALB": _low("30", "20"),
    "TRIG": _triglycerides,
    "CA": _either(_low("2.0", "1.75", "1.5"), _high("2.9", "3.1", "3.4")),
    "MG": _either(_low("0.5", "0.4", "0.3"), _high("1.23", "3.30", first=3)),
    "LDH": _times_uln(),
}
_V6: dict[str, Rule] = _V5 | {
    "NEUT": _low("1.5", "1.0", "0.5", "0.1", first=1),
    "PLAT": _low("75", "50", "10"),
    "ALT": _TRANSAMINASE_6,
    "AST": _TRANSAMINASE_6,
    "BILI": _or_baseline(_TIMES_1_5_3_10, "1.5", "2.5", "10", least="1"),
    "ALP": _alkaline_phosphatase_6,
    "GGT": _or_baseline(_TIMES_2_5_5_20, "1.5", "3", "10", least="1"),
    "CREAT": _creatinine(lambda lab: lab.baseline_low),
    "CREATCLR": _creatinine_clearance,
}
del _V6["LYM"]  # the term is no longer in version 6.0
_RULES = {"5.0": _V5, "6.0": _V6}

# Graded by what the result does to the patient (hyperuricaemia, glucose), never by its number alone.
_BY_THE_CLINICIAN = frozenset({"URATE", "GLUC"})

Words = Callable[[LabValue, int], bool]
# Where the words of a term could make the grade of its number worse.
_WORDS_5: dict[str, Words] = {
    "HGB": lambda lab, grade: grade > 0,  # a transfusion makes 3, danger to life 4
    "ALB": lambda lab, grade: grade == 3,  # danger to life 4
    "APTT": lambda lab, grade: grade in (1, 2),  # bleeding 3
    "K": lambda lab, grade: grade == 1 and lab.is_low,  # symptoms 2
    "SODIUM": lambda lab, grade: grade == 2 and lab.value < D(130),  # symptoms 3
}
_WORDS_6: dict[str, Words] = _WORDS_5 | {
    "PLAT": lambda lab, grade: grade in (1, 2),  # a transfusion 3
    "INR": lambda lab, grade: grade in (1, 2),  # bleeding 3
}
_WORDS = {"5.0": _WORDS_5, "6.0": _WORDS_6}


def _could_be_worse(test: str, version: str, lab: LabValue, grade: int) -> bool:
    words = _WORDS[version].get(test)
    return words is not None and words(lab, grade)
