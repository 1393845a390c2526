"""ICANS: neurotoxicity, a page for each visit with a row for each test (one or two a day up to day 14),
entered by the coordinator or a nurse, signed by the investigator from grade 1 on.

Components are entered; the ICE score and the grade are derived from them (ASTCT 2019, adults).
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, GradedRow, Repeat, Section
from patients.forms.anchors import infusion_day
from patients.forms.rows import other_rows
from patients.grading.icans import TESTED, UNAROUSABLE, Assessment, icans_grade, ice_score
from patients.grading.result import Graded
from patients.items.checks import Sight, hard, soft
from patients.items.codelists import choices
from patients.items.conditions import Answers, judged, when, when_at_least
from patients.items.item import Derivation
from patients.items.limits import below, between, must
from patients.items.types import BooleanItem, ChoiceItem, DateTimeItem, IntegerItem, MultiItem
from trial.protocol.study import site_today

BEFORE_INFUSION_DAYS = 3
DAILY_UNTIL_CAR_DAY = 14
DAYS_MISSED_ASKED_FROM = 2
FALL_ASKED_FROM_POINTS = 3
FULL_SCORE = 10
FULL_ICE_FROM_GRADE = 3
_ICE = ("ice_orient", "ice_name", "ice_command", "ice_write", "ice_attn")
_AWAKE = ("alert", "awakens_spontaneously")
_AXES = (
    "ice_testable",
    "ice_total",
    "icans_loc",
    "icans_loc_other",
    "icans_seizure",
    "icans_motor",
    "icans_icp",
    "icans_death",
    "ICANS.ice_dt",
)
_TESTED = when("ice_testable", TESTED)


def _score(answers: Answers) -> int | None:
    return ice_score(answers["ice_testable"], [answers[item] for item in _ICE])


def _grade(answers: Answers) -> Graded:
    return icans_grade(
        Assessment(
            testable=answers["ice_testable"],
            ice=answers["ice_total"],
            consciousness=answers["icans_loc"],
            consciousness_other_cause=answers["icans_loc_other"],
            seizure=answers["icans_seizure"],
            deep_weakness=answers["icans_motor"],
            pressure=answers["icans_icp"],
            fatal=bool(answers["icans_death"]) and not _is_followed(answers),
        )
    )


def _is_followed(answers: Answers) -> bool:
    """By a later test: a death that is kept from when this was the last one counts no more."""
    moment = answers["ice_dt"]
    return moment is not None and any(row["ice_dt"] > moment for row in _tests(answers))


def _order(row: Answers) -> tuple[datetime, str, str]:
    return row["ice_dt"], row.visit, row.row_key


def _tests(answers: Answers) -> list[Answers]:
    """The tests of the subject in order."""
    return sorted((row for row in answers.rows("ICANS") if row["ice_dt"]), key=_order)


def _not_long_before_infusion(moment: datetime, answers: Answers) -> bool:
    """But for the baseline, which is tested before lymphodepletion already."""
    infused = answers["INF.inf_start_dt"]
    if infused is None or answers["ice_baseline"]:
        return True
    return bool(moment >= infused - timedelta(days=BEFORE_INFUSION_DAYS))


def _one_before_infusion(baseline: bool, answers: Answers) -> bool:
    infused, tested = answers["INF.inf_start_dt"], answers["ice_dt"]
    if not baseline:
        return True
    in_time = infused is None or tested is None or tested < infused
    return in_time and not any(row["ice_baseline"] for row in other_rows(answers, "ICANS"))


def _last_before_death(answers: Answers) -> bool:
    """Asked at the last test of somebody who died."""
    tests = _tests(answers)
    if answers["DTH.dth_dt"] is None or not tests or answers["ice_dt"] is None:
        return False
    return _order(answers) == _order(tests[-1])


# ---- what a row says as a whole ----------------------------------------------------------------------------


def _awake_yet_unarousable(answers: Answers) -> Sight:
    return answers["ice_testable"] == UNAROUSABLE and answers["icans_loc"] in _AWAKE


def _fall(answers: Answers) -> Sight:
    now, tested = answers["ice_total"], answers["ice_dt"]
    if now is None or tested is None:
        return False
    scores = [row["ice_total"] for row in _tests(answers) if row["ice_dt"] < tested]
    known = [score for score in scores if score is not None]
    return bool(known) and known[-1] - now >= FALL_ASKED_FROM_POINTS and {"points": known[-1] - now}


def _not_reported(answers: Answers) -> Sight:
    grade = answers["icans_grade"]
    if not grade:
        return False
    return not any(row["ae_special"] == "icans" for row in answers.rows("AE")) and {"grade": grade}


def _days_missed(answers: Answers) -> Sight:
    """Two days or more without a test after this one, before CAR-T day 14; the last test of a day tells."""
    tested, infused = local_day(answers["ice_dt"]), infusion_day(answers)
    if tested is None or infused is None:
        return False
    later = [row for row in _tests(answers) if _order(row) > _order(answers)]
    next_day = local_day(later[0]["ice_dt"]) if later else None
    first = max(tested + timedelta(days=1), infused)
    last = min(day for day in (_last_due(answers, infused), _eve(next_day)) if day)
    missed = (last - first).days + 1
    return missed >= DAYS_MISSED_ASKED_FROM and {"first": first, "last": last}


def _last_due(answers: Answers, infused: date) -> date:
    """The last day by which a daily test was due: day 13, yesterday, or the day before death."""
    due = min(infused + timedelta(days=DAILY_UNTIL_CAR_DAY - 1), site_today() - timedelta(days=1))
    died = _eve(answers["DTH.dth_dt"])
    return min(due, died) if died else due


def _eve(day: date | None) -> date | None:
    return day - timedelta(days=1) if day else None


def _baseline_below_full(answers: Answers) -> Sight:
    score = answers["ice_total"]
    return bool(answers["ice_baseline"]) and score is not None and score < FULL_SCORE and {"points": score}


def _severe_without_ice(answers: Answers) -> Sight:
    grade = answers["icans_grade"]
    if grade is None or grade < FULL_ICE_FROM_GRADE or answers["ice_testable"] != TESTED:
        return False
    return any(answers[item] is None for item in _ICE) and {"grade": grade}


_CHECKS = (
    hard(
        "X-ICA-02",
        "ice_testable",
        _("Consciousness contradicts test status: who is awake can be roused."),
        _awake_yet_unarousable,
        "icans_loc",
    ),
    soft(
        "X-ICA-03",
        "ice_total",
        _("Fall of %(points)s points since the last test: notify the investigator."),
        _fall,
        "ICANS.ice_total",
        "ICANS.ice_dt",
        "ice_dt",
    ),
    hard(
        "X-ICA-04",
        "icans_grade",
        _("ICANS of grade %(grade)s must be reported as AE."),
        _not_reported,
        "AE.ae_special",
    ),
    soft(
        "X-ICA-05",
        "ice_dt",
        _("Daily ICE is missing from %(first)s to %(last)s."),
        _days_missed,
        "ICANS.ice_dt",
        "INF.inf_start_dt",
        "DTH.dth_dt",
    ),
    soft(
        "X-ICA-06",
        "ice_total",
        _("Baseline ICE is %(points)s, below 10: note the reason."),
        _baseline_below_full,
        "ice_baseline",
    ),
    hard(
        "X-ICA-07",
        "ice_total",
        _("Full ICE is required at grade %(grade)s."),
        _severe_without_ice,
        "icans_grade",
        *_ICE,
    ),
)


def _points(label: Any, highest: str) -> IntegerItem:
    return IntegerItem(label, req="C", when=_TESTED, hard=between("0", highest), unit="points", cdisc="FA")


class Neurotoxicity(GradedRow):
    """One test: the ICE score, consciousness, seizures, weakness and raised pressure."""

    form = FormDeclaration(
        code="ICANS",
        title=_("ICANS assessment"),
        enters=_("coordinator/nurse"),
        signs=_("investigator if grade>=1"),
        sdtm="FA, NV, AE",
        repeat=Repeat.ROWS,
        dated_by="ice_dt",
        sections=(
            Section(_("ICE score"), "ice_dt"),
            Section(_("Neurology"), "icans_loc"),
            Section(_("Grade and treatment"), "icans_grade"),
        ),
        checks=_CHECKS,
    )

    ice_dt = DateTimeItem(
        _("Date/time"),
        hard=must(
            _("at most 3 d before the infusion, but for the baseline"),
            _not_long_before_infusion,
            "INF.inf_start_dt",
            "ice_baseline",
        ),
        cdisc="FA.FADTC",
    )
    ice_baseline = BooleanItem(
        _("Pre-infusion baseline"),
        hard=must(
            _("one baseline, before the infusion"),
            _one_before_infusion,
            "ICANS.ice_baseline",
            "INF.inf_start_dt",
            "ice_dt",
        ),
        cdisc="FA",
    )
    ice_testable = ChoiceItem(
        _("Patient can be tested"),
        choices("ice_testable", _("yes"), _("no: unarousable"), _("no: language/sedation/other")),
        cdisc="FA",
    )
    ice_orient = _points(_("Orientation (year, month, city, hospital)"), "4")
    ice_name = _points(_("Naming 3 objects"), "3")
    ice_command = _points(_("Following command"), "1")
    ice_write = _points(_("Writing a sentence"), "1")
    ice_attn = _points(_("Counting 100 back by 10"), "1")
    ice_total = IntegerItem(
        _("ICE score"),
        derived=Derivation(
            _("sum of the five items; 0 if unarousable; empty if not tested for another reason"),
            _score,
            ("ice_testable", *_ICE),
        ),
        hard=between("0", "10"),
        unit="/10",
        cdisc="FA",
    )

    icans_loc = ChoiceItem(
        _("Level of consciousness"),
        choices(
            "icans_loc",
            _("alert"),
            _("awakens spontaneously"),
            _("awakens to voice"),
            _("awakens only to touch"),
            _("vigorous stimulus/unarousable/stupor/coma"),
        ),
        cdisc="FA (AVPU01 C161623 nearest)",
    )
    icans_loc_other = BooleanItem(
        _("Other cause of reduced consciousness"), hint=_("sedation, infection, metabolic"), cdisc="FA"
    )
    icans_seizure = ChoiceItem(
        _("Seizure"),
        choices(
            "icans_seizure",
            _("none"),
            _("clinical, resolves rapidly"),
            _("EEG only, resolves with treatment"),
            _("prolonged >5 min"),
            _("repetitive without return to baseline"),
        ),
        cdisc="FA",
    )
    icans_motor = BooleanItem(_("Deep focal weakness (hemi/paraparesis)"), cdisc="FA")
    icans_icp = ChoiceItem(
        _("Raised ICP / oedema"),
        choices(
            "icans_icp",
            _("none"),
            _("focal oedema on imaging"),
            _("diffuse oedema"),
            _("decerebrate/decorticate posture"),
            _("VI nerve palsy"),
            _("papilloedema"),
            _("Cushing triad"),
        ),
        hint=_("intracranial bleeding is not scored"),
        cdisc="FA",
    )

    icans_grade = IntegerItem(
        _("ICANS grade"),
        derived=Derivation(_("engine of section 3.2 (ASTCT 2019, adults)"), _grade, _AXES),
        hard=between("0", "5"),
        soft=below("3"),
        cdisc="FA.ICANSGR; AE.AETOXGR",
    )
    icans_global_aphasia = BooleanItem(
        _("Awake with global aphasia"), req="C", when=when("ice_total", "0") & _TESTED, cdisc="FA"
    )
    icans_tx = MultiItem(
        _("Treatment"),
        choices(
            "icans_tx",
            _("steroid"),
            _("anti-epileptic"),
            _("anakinra"),
            _("siltuximab"),
            _("intubation"),
            _("other"),
            _("none"),
        ),
        exclusive=("none",),
        when=when_at_least("icans_grade", "1"),
        cdisc="CM",
    )
    icans_death = BooleanItem(
        _("Fatal ICANS"),
        req="C",
        when=judged(_("last test of a subject who died"), _last_before_death, "DTH.dth_dt", "ICANS.ice_dt"),
        cdisc="AE",
    )
