"""Laboratory grades of CTCAE 5.0 and 6.0 (texts of NCI CTCAE).

A bound belongs to the milder grade: `<LLN - 1.5` is below the lower limit of normal and 1.5 or more, `>ULN -
3.0 x ULN` above the upper limit and up to and including 3.0 times it. Values are in SI units. Where only the
band of grade 1 needs a normal limit that is not known, the grade is unknown, not 0. What needs clinical words
(symptoms, bleeding, transfusion) is left to the adverse event: the number alone is graded here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from patients.grading.result import Graded

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

    `test` is LBTESTCD. Raises ValueError for an unknown version.
    """
    if version not in _RULES:
        raise ValueError(f"CTCAE {version} is not known")
    stamp = f"CTCAE {version}/1"
    rule = _RULES[version].get(test)
    if rule is None or value is None:
        return Graded(None, f"CTC-{test}-EMPTY", stamp)
    grade = rule(LabValue(value, lln, uln, baseline))
    if grade is None:
        return Graded(None, f"CTC-{test}-UNKNOWN", stamp, ("value",))
    return Graded(str(grade), f"CTC-{test}-{grade}", stamp, ("value",))


def _low(*below: str, from_lln: bool = True) -> Rule:
    """Falling counts: `below` are the lower bounds of grades 1, 2, 3 ...; under the last is the last."""
    bounds = [D(bound) for bound in below]

    def rule(lab: LabValue) -> int | None:
        deeper = sum(lab.value < bound for bound in bounds)
        if deeper:
            return deeper + 1
        return _edge(lab.lln, lab.value < lab.lln if lab.lln is not None else None)

    return rule if from_lln else (lambda lab: sum(lab.value < bound for bound in bounds))


def _edge(limit: Decimal | None, beyond: bool | None) -> int | None:
    return None if limit is None else int(bool(beyond))


def _high(*above: str) -> Rule:
    """Rising values: `above` are the upper bounds of grades 1, 2, 3 ..., beyond the last the next grade."""
    bounds = [D(bound) for bound in above]

    def rule(lab: LabValue) -> int | None:
        higher = sum(lab.value > bound for bound in bounds)
        return higher + 1 if higher else _edge(lab.uln, lab.uln is not None and lab.value > lab.uln)

    return rule


def _times_uln(*times: str) -> Rule:
    """Multiples of the upper limit: grade 1 above it, then above each multiple."""
    bounds = [D(bound) for bound in times]

    def rule(lab: LabValue) -> int | None:
        if lab.uln is None:
            return None
        return sum(lab.value > bound * lab.uln for bound in (D(1), *bounds))

    return rule


def _or_baseline(normal: Rule, from_first: str, *times: str) -> Rule:
    """As `normal`, but in multiples of the baseline where that was above the upper limit.

    `from_first` is where grade 1 begins (included).
    """
    first, bounds = D(from_first), [D(bound) for bound in times]

    def rule(lab: LabValue) -> int | None:
        if not lab.baseline_high or lab.baseline is None:
            return normal(lab)
        ratio = lab.value / lab.baseline
        return int(ratio >= first) + sum(ratio > bound for bound in bounds)

    return rule


def _creatinine(lab: LabValue) -> int | None:
    """Above 1.5 or 3 times the baseline, or above 1, 1.5, 3 or 6 times ULN: whichever is worse."""
    known = []
    if lab.uln is not None:
        known.append(sum(lab.value > bound * lab.uln for bound in (D(1), D("1.5"), D(3), D(6))))
    if lab.baseline is not None:
        known.append({0: 0, 1: 2, 2: 3}[sum(lab.value > bound * lab.baseline for bound in (D("1.5"), D(3)))])
    return max(known, default=None)


def _fibrinogen(lab: LabValue) -> int | None:
    """Below LLN, 0.75, 0.5 and 0.25 times it, or a fall of 25, 50, 75 % from an abnormal baseline; below 0.5
    g/L always 4."""
    if lab.value < D("0.5"):
        return 4
    if lab.lln is None:
        return None
    if lab.baseline is not None and lab.baseline < lab.lln:
        fall = (lab.baseline - lab.value) / lab.baseline
        return int(fall > 0) + sum(fall >= share for share in (D("0.25"), D("0.5"), D("0.75")))
    return sum(lab.value < share * lab.lln for share in (D(1), D("0.75"), D("0.5"), D("0.25")))


def _inr(lab: LabValue) -> int:
    return sum(lab.value > bound for bound in (D("1.2"), D("1.5"), D("2.5")))


def _sodium(lab: LabValue) -> int | None:
    """Low: 125-129 without symptoms 2, 120-124 3, below 120 4. High: above ULN 1, 150 2, 155 3, 160 4."""
    if lab.value < D(130):
        return 2 + (lab.value < D(125)) + (lab.value < D(120))
    high = sum(lab.value > bound for bound in (D(150), D(155), D(160)))
    if high:
        return high + 1
    if lab.lln is None or lab.uln is None:
        return None
    return int(lab.value < lab.lln or lab.value > lab.uln)


def _potassium(lab: LabValue) -> int | None:
    """Low: 3.0 to LLN 1 (2 with symptoms), from 2.5 3, below 4. High: above ULN 1, 5.5 2, 6 3, 7 4."""
    if lab.value < D("3.0"):
        return 3 + (lab.value < D("2.5"))
    high = sum(lab.value > bound for bound in (D("5.5"), D("6.0"), D("7.0")))
    if high:
        return high + 1
    if lab.lln is None or lab.uln is None:
        return None
    return int(lab.value < lab.lln or lab.value > lab.uln)


def _calcium(lab: LabValue) -> int | None:
    """Corrected. Low: below LLN 1, 2.0 2, 1.75 3, 1.5 4. High: above ULN 1, 2.9 2, 3.1 3, 3.4 4."""
    low = sum(lab.value < bound for bound in (D("2.0"), D("1.75"), D("1.5")))
    return _both_ways(lab, low, sum(lab.value > bound for bound in (D("2.9"), D("3.1"), D("3.4"))))


def _magnesium(lab: LabValue) -> int | None:
    """Low: below LLN 1, 0.5 2, 0.4 3, 0.3 4. High: above ULN 1, 1.23 3, 3.30 4; there is no 2."""
    low = sum(lab.value < bound for bound in (D("0.5"), D("0.4"), D("0.3")))
    high = sum(lab.value > bound for bound in (D("1.23"), D("3.30")))
    return _both_ways(lab, low, high + 1 if high else 0)


def _both_ways(lab: LabValue, low: int, high: int) -> int | None:
    """Grade 2 and more by bounds passed on either side, else 1 beyond a normal limit, if both are known."""
    if low or high:
        return max(low, high) + 1
    if lab.lln is None or lab.uln is None:
        return None
    return int(lab.value < lab.lln or lab.value > lab.uln)


def _haemoglobin(lab: LabValue) -> int | None:
    """Below 80 g/L is 3; grade 4 is a clinical judgement."""
    if lab.value < D(80):
        return 3
    return 2 if lab.value < D(100) else _edge(lab.lln, lab.lln is not None and lab.value < lab.lln)


def _albumin(lab: LabValue) -> int | None:
    """Below 20 g/L is 3; grade 4 is a clinical judgement."""
    if lab.value < D(20):
        return 3
    return 2 if lab.value < D(30) else _edge(lab.lln, lab.lln is not None and lab.value < lab.lln)


def _triglycerides(lab: LabValue) -> int:
    return int(lab.value >= D("1.71")) + sum(lab.value > bound for bound in (D("3.42"), D("5.7"), D("11.4")))


_TRANSAMINASE_5 = _or_baseline(_times_uln("3", "5", "20"), "1.5", "3", "5", "20")
_TRANSAMINASE_6 = _or_baseline(_times_uln("3", "5", "20"), "1.0", "1.5", "2", "4")
_CHOLESTASIS = _or_baseline(_times_uln("2.5", "5", "20"), "2", "2.5", "5", "20")

_V5: dict[str, Rule] = {
    "NEUT": _low("1.5", "1.0", "0.5"),
    "PLAT": _low("75", "50", "25"),
    "HGB": _haemoglobin,
    "WBC": _low("3", "2", "1"),
    "LYM": _low("0.8", "0.5", "0.2"),
    "ALT": _TRANSAMINASE_5,
    "AST": _TRANSAMINASE_5,
    "BILI": _or_baseline(_times_uln("1.5", "3", "10"), "1.0", "1.5", "3", "10"),
    "ALP": _CHOLESTASIS,
    "GGT": _CHOLESTASIS,
    "CREAT": _creatinine,
    "FIBRINO": _fibrinogen,
    "INR": _inr,
    "K": _potassium,
    "SODIUM": _sodium,
    "ALB": _albumin,
    "TRIG": _triglycerides,
    "APTT": _times_uln("1.5", "2.5"),
    "CA": _calcium,
    "MG": _magnesium,
    "LDH": _times_uln(),
}
_V6: dict[str, Rule] = _V5 | {
    "NEUT": _low("1.5", "1.0", "0.5", "0.1", from_lln=False),
    "PLAT": _low("75", "50", "10"),
    "ALT": _TRANSAMINASE_6,
    "AST": _TRANSAMINASE_6,
    "BILI": _or_baseline(_times_uln("1.5", "3", "10"), "1.5", "2.5", "10"),
}
del _V6["LYM"]  # the term is no longer in version 6.0
_RULES = {"5.0": _V5, "6.0": _V6}
