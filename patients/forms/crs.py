"""CRS: cytokine release syndrome, a page for each day, entered by the coordinator; the investigator closes
the episode.

Components are entered and the grade is derived from them (ASTCT 2019). The investigator may grade otherwise,
with a reason.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, GradedRow, Section
from patients.forms.anchors import NOT_AFTER_DEATH, infusion_day
from patients.forms.drugs import Group
from patients.forms.medicines_given import drug_of, is_of, may_be_given, systemic_steroids, was_given
from patients.grading.crs import LOW_FLOW_UP_TO_L_PER_MIN, CrsDay, crs_grade
from patients.grading.result import Graded
from patients.items.checks import Check, Sight, hard, soft
from patients.items.codelists import OUTCOME, OXYGEN, YES, choices
from patients.items.conditions import Answers, judged, when, when_not
from patients.items.item import Derivation
from patients.items.limits import (
    at_least_characters,
    at_most,
    below,
    between,
    must,
    not_before,
    numbered,
    other_than,
)
from patients.items.problems import Text
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    DateItem,
    DateTimeItem,
    DecimalItem,
    IntegerItem,
    MultiItem,
    TextItem,
)
from trial.protocol.study import SITE_ZONE

FEVER_FROM_C = Decimal("38.0")
LAST_CAR_DAY, LATE_CAR_DAY = 42, 21
LATE_ONSET_AFTER_CAR_DAY = 14
DOSES_IN_AN_EPISODE = 4  # of tocilizumab
_COMPONENTS = (
    "crs_fever",
    "crs_fever_masked",
    "crs_hypot",
    "crs_pressor_n",
    "crs_vasopressin",
    "crs_hypox",
    "crs_o2",
    "crs_o2_flow",
    "crs_ppv_airway",
    "crs_outcome",
    "CRS.crs_date",
    "CRS.crs_episode",
)


def _grade(answers: Answers) -> Graded:
    return crs_grade(
        CrsDay(
            fever=answers["crs_fever"],
            fever_masked=answers["crs_fever_masked"],
            hypotension=answers["crs_hypot"],
            vasopressors=answers["crs_pressor_n"],
            vasopressin=answers["crs_vasopressin"],
            hypoxia=answers["crs_hypox"],
            oxygen=answers["crs_o2"],
            oxygen_l_per_min=answers["crs_o2_flow"],
            airway_protection_only=answers["crs_ppv_airway"],
            fatal=answers["crs_outcome"] == "FATAL" and not _is_followed(answers),
        )
    )


def _is_followed(answers: Answers) -> bool:
    """By a later day of its episode: an outcome kept from when this was the last day counts no more."""
    day = answers["crs_date"]
    return day is not None and any(row["crs_date"] > day for row in _episode(answers))


def _episode(answers: Answers) -> list[Answers]:
    """The days of this episode in order."""
    return answers.gathered("CRS", _episodes).get(answers["crs_episode"], [])


def _episodes(rows: Sequence[Answers]) -> dict[int | None, list[Answers]]:
    """The days of each episode in order."""
    found: dict[int | None, list[Answers]] = defaultdict(list)
    for row in sorted((row for row in rows if row["crs_date"]), key=lambda row: row["crs_date"]):
        found[row["crs_episode"]].append(row)
    return found


def _grade_of(row: Answers) -> int:
    return row.gathered("CRS", _grades)[row.visit, row.row_key]


def _grades(rows: Sequence[Answers]) -> dict[tuple[str, str], int]:
    """The grade of each day, by its place."""
    return {(row.visit, row.row_key): _grade(row).number or 0 for row in rows}


def _onset_day(answers: Answers) -> date | None:
    return next((row["crs_date"] for row in _episode(answers) if _grade_of(row) >= 1), None)


def _onset(answers: Answers) -> datetime | None:
    """The first day with a grade as a moment: the beginning of that day, or the infusion if that day."""
    day = _onset_day(answers)
    if day is None:
        return None
    infused: datetime | None = answers["INF.inf_start_dt"]
    if local_day(infused) == day:
        return infused
    return datetime(day.year, day.month, day.day, tzinfo=SITE_ZONE)


def _end(answers: Answers) -> date | None:
    """The first day of grade 0 after the onset with grade 0 on the next day too."""
    days, onset = _episode(answers), _onset_day(answers)
    if onset is None:
        return None
    graded: list[tuple[date, int]] = [
        (row["crs_date"], _grade_of(row)) for row in days if row["crs_date"] > onset
    ]
    for (day, grade), (next_day, next_grade) in pairwise(graded):
        if grade == 0 and next_grade == 0 and next_day - day == timedelta(days=1):
            return day
    return None


def _maximum(answers: Answers) -> int | None:
    return max((_grade_of(row) for row in _episode(answers)), default=None)


def _is_last_day(answers: Answers) -> bool:
    """The outcome is entered on the last day of an episode that has an end, or that death ended."""
    days = _episode(answers)
    if not days or answers["crs_date"] != days[-1]["crs_date"]:
        return False
    return _end(answers) is not None or _died_in_it(answers, days[-1])


def _died_in_it(answers: Answers, last: Answers) -> bool:
    """Whether death followed on the last day of the episode, or the day after it."""
    died = answers["DTH.dth_dt"]
    return died is not None and _grade_of(last) >= 1 and (died - last["crs_date"]).days <= 1


def _fatal_agrees(outcome: str, answers: Answers) -> bool:
    return outcome != "FATAL" or answers["DTH.dth_dt"] is not None


def _is_not_reported(answers: Answers) -> Sight:
    """No adverse event says CRS with the grade of the episode, once its outcome is known."""
    grade = answers["crs_max"]
    if answers["crs_outcome"] is None or not grade:
        return False
    reported = {row["ae_grade"] for row in answers.rows("AE") if row["ae_special"] == "crs"}
    return str(grade) not in reported and {"grade": grade}


def _car_day(day: date, answers: Answers) -> int | None:
    infused = infusion_day(answers)
    return (day - infused).days if infused else None


def _within_days(last: int) -> Callable[[date, Answers], bool]:
    def kept(day: date, answers: Answers) -> bool:
        car_day = _car_day(day, answers)
        return car_day is None or 0 <= car_day <= last

    return kept


def _hot_enough(fever: bool, answers: Answers) -> bool:
    return not fever or answers["crs_tmax"] is None or answers["crs_tmax"] >= FEVER_FROM_C


def _fever_before(masked: bool, answers: Answers) -> bool:
    day = answers["crs_date"] or date.max
    return not masked or any(row["crs_fever"] for row in _episode(answers) if row["crs_date"] < day)


def _masks_fever(row: Answers) -> bool:
    by_class = row["cm_class"] in ("anti_cytokine", "steroid")
    return by_class or is_of(row, Group.ANTIPYRETIC, Group.ANTI_CYTOKINE, Group.STEROID)


def _treatment_before(masked: bool, answers: Answers) -> bool:
    """In concomitant medication, from the first day of the episode to this one."""
    day = answers["crs_date"]
    if not masked or day is None:
        return True
    began = min((row["crs_date"] for row in _episode(answers)), default=day)
    return any(_masks_fever(row) and may_be_given(row, began, day) for row in answers.rows("CM"))


# --- treatments here and in concomitant medication -------------------------------------------------------
def _tocilizumab(answers: Answers) -> list[Answers]:
    named = ((row, drug_of(row)) for row in answers.rows("CM"))
    return [row for row, drug in named if drug is not None and drug.name == "tocilizumab"]


def _differs_from(rows: list[Answers], here: bool, day: date) -> bool:
    """Given here and on no row there, or there for certain and not here."""
    there = may_be_given if here else was_given
    return any(there(row, day, day) for row in rows) != here


def _tocilizumab_differs(answers: Answers) -> Sight:
    doses, day = answers["crs_toci"], answers["crs_date"]
    if doses is None or day is None:
        return False
    return _differs_from(_tocilizumab(answers), doses > 0, day) and {"day": day}


def _steroid_differs(answers: Answers) -> Sight:
    steroid, day = answers["crs_steroid"], answers["crs_date"]
    if steroid is None or day is None:
        return False
    return _differs_from(list(systemic_steroids(answers)), steroid != "none", day) and {"day": day}


def _as_in_medication(item: str, message: Text, sees: Callable[[Answers], Sight]) -> Check:
    return soft("X-CRS-06", item, message, sees, "crs_date", "CM")


def _with_fever(present: bool, answers: Answers) -> bool:
    return not present or bool(answers["crs_fever"] or answers["crs_fever_masked"])


def _gap(answers: Answers) -> Sight:
    """Until an episode has ended every day after its onset has a row."""
    day, onset, end = answers["crs_date"], _onset_day(answers), _end(answers)
    if day is None or onset is None:
        return False
    before = max((row["crs_date"] for row in _episode(answers) if row["crs_date"] < day), default=None)
    if before is None or before < onset or (end is not None and before >= end):
        return False
    return day - before > timedelta(days=1) and {"day": before + timedelta(days=1)}


def _not_late(fever: bool, answers: Answers) -> bool:
    """The first day of fever; later ones follow from it."""
    day = answers["crs_date"]
    car_day = None if day is None else _car_day(day, answers)
    if not fever or car_day is None or car_day <= LATE_ONSET_AFTER_CAR_DAY:
        return True
    return any(row["crs_fever"] and row["crs_date"] and row["crs_date"] < day for row in answers.rows("CRS"))


def _low_flow(litres: Decimal, answers: Answers) -> bool:
    return answers["crs_o2"] != "nasal_cannula" or litres <= LOW_FLOW_UP_TO_L_PER_MIN


def _doses_in_all(doses: int, answers: Answers) -> bool:
    others = sum(row["crs_toci"] or 0 for row in _episode(answers) if row["crs_date"] != answers["crs_date"])
    return doses + others <= DOSES_IN_AN_EPISODE


def _not_without_crs(doses: int, answers: Answers) -> bool:
    return not doses or answers["crs_grade"] != 0


def _differs(answers: Answers) -> bool:
    derived, investigator = answers["crs_grade"], answers["crs_grade_inv"]
    return derived is not None and investigator is not None and derived != investigator


def _graded_otherwise(answers: Answers) -> Sight:
    derived, entered = answers["crs_grade"], answers["crs_grade_inv"]
    return _differs(answers) and {"derived": derived, "entered": entered}


def _other_oxygen(answers: Answers) -> Sight:
    """The vital signs of the day say another support."""
    support, day = answers["crs_o2"], answers["crs_date"]
    measured = [row["vs_o2"] for row in answers.rows("VS") if row["vs_o2"] and local_day(row["vs_dt"]) == day]
    if support is None or day is None or not measured or support in measured:
        return False
    return {"crs": OXYGEN.labels.get(support, support), "vs": OXYGEN.labels.get(measured[-1], measured[-1])}


_CHECKS = (
    soft(
        "X-CRS-04",
        "crs_grade_inv",
        _("Grade %(derived)s derived, %(entered)s entered: give a reason."),
        _graded_otherwise,
        "crs_grade",
    ),
    hard(
        "X-CRS-07",
        "crs_outcome",
        _("CRS episode grade %(grade)s must equal the AE grade."),
        _is_not_reported,
        "AE.ae_special",
        "AE.ae_grade",
        "crs_max",
    ),
    hard("X-CRS-10", "crs_date", _("Daily row missing for %(day)s."), _gap, "CRS.crs_date"),
    _as_in_medication(
        "crs_toci",
        _("Tocilizumab on %(day)s differs between CRS and concomitant medication."),
        _tocilizumab_differs,
    ),
    _as_in_medication(
        "crs_steroid",
        _("Systemic steroid on %(day)s differs between CRS and concomitant medication."),
        _steroid_differs,
    ),
    soft(
        "X-CRS-09",
        "crs_o2",
        _("Oxygen support differs between VS (%(vs)s) and CRS (%(crs)s)."),
        _other_oxygen,
        "crs_date",
        "VS.vs_o2",
        "VS.vs_dt",
    ),
)


_MASKED = _("Masked fever needs earlier fever and a treatment.")
_NEEDS_FEVER = numbered(
    must(_("with fever, or fever masked by treatment"), _with_fever, "crs_fever", "crs_fever_masked"),
    "X-CRS-02",
    _("CRS needs fever, or fever masked by treatment."),
)


class CytokineRelease(GradedRow):
    """One day: fever, hypotension, hypoxia and what was given."""

    form = FormDeclaration(
        code="CRS",
        title=_("CRS daily record and episode"),
        enters=_("coordinator"),
        signs=_("investigator closes episode"),
        sdtm="AE, FA, CM",
        dated_by="crs_date",
        recalls=("INF.inf_dose_kg",),
        checks=_CHECKS,
        sections=(
            Section(_("Components"), "crs_episode"),
            Section(_("Grade"), "crs_grade"),
            Section(_("Treatment this day"), "crs_toci"),
            Section(_("Episode"), "crs_onset_dt"),
        ),
    )

    crs_episode = IntegerItem(
        _("Episode no."),
        hint=_("a new episode after 72 h or more without fever and treatment"),
        hard=between("1", "5"),
        soft=at_most("2"),
        cdisc="FA.FAGRPID",
    )
    crs_date = DateItem(
        _("Day assessed"),
        hard=(must(_("CAR-T day 0 to 42"), _within_days(LAST_CAR_DAY), "INF.inf_start_dt"), NOT_AFTER_DEATH),
        soft=must(_("CAR-T day 0 to 21"), _within_days(LATE_CAR_DAY), "INF.inf_start_dt"),
        cdisc="FA.FADTC",
    )
    crs_fever = BooleanItem(
        _("Temperature >=38.0 without other cause"),
        hard=numbered(
            must(_("38.0 or more"), _hot_enough, "crs_tmax"), "X-CRS-01", _("Fever needs at least 38.0 C.")
        ),
        soft=numbered(
            must(_("begun by CAR-T day 14"), _not_late, "CRS.crs_fever", "INF.inf_start_dt"),
            "X-CRS-08",
            _("Late onset CRS: exclude infection first."),
        ),
        cdisc="FA",
    )
    crs_tmax = DecimalItem(
        _("Maximum temperature"), 3, 1, hard=between("33", "43"), unit="C", cdisc="VS.TEMP"
    )
    crs_fever_masked = BooleanItem(
        _("Antipyretic or anti-cytokine treatment has masked fever"),
        hard=(
            numbered(
                must(_("an earlier day of fever in the episode"), _fever_before, "CRS.crs_fever"),
                "X-CRS-03",
                _MASKED,
            ),
            numbered(
                must(
                    _("with a treatment that masks fever in concomitant medication"),
                    _treatment_before,
                    "CRS.crs_date",
                    "CRS.crs_episode",
                    "CM",
                ),
                "X-CRS-03",
                _MASKED,
            ),
        ),
        cdisc="FA",
    )
    crs_hypot = BooleanItem(_("Hypotension without other cause"), hard=_NEEDS_FEVER, cdisc="FA")
    crs_pressor_n = IntegerItem(
        _("Vasopressors in use (vasopressin not counted)"),
        req="C",
        when=when("crs_hypot", YES),
        hard=between("0", "5"),
        soft=below("2"),
        cdisc="FA",
    )
    crs_vasopressin = BooleanItem(_("Vasopressin in use"), req="C", when=when("crs_hypot", YES), cdisc="FA")
    crs_hypox = BooleanItem(_("Hypoxia without other cause"), hard=_NEEDS_FEVER, cdisc="FA")
    crs_o2 = ChoiceItem(
        _("Oxygen support for hypoxia"),
        OXYGEN,
        req="C",
        when=when("crs_hypox", YES),
        hard=other_than("none"),
        cdisc="FA",
    )
    crs_o2_flow = DecimalItem(
        _("Flow"),
        4,
        1,
        req="C",
        when=when("crs_hypox", YES) & when("crs_o2", "nasal_cannula", "high_flow"),
        hard=between("0.5", "80"),
        soft=must(_("at most 6 through a nasal cannula"), _low_flow, "crs_o2"),
        unit="L/min",
        cdisc="FA",
    )
    crs_ppv_airway = BooleanItem(
        _("Positive pressure only for airway protection"),
        req="C",
        when=when("crs_hypox", YES) & when("crs_o2", "positive_pressure"),
        cdisc="FA",
    )

    crs_grade = IntegerItem(
        _("CRS grade of the day"),
        derived=Derivation(_("engine of section 3.1 (ASTCT 2019)"), _grade, _COMPONENTS),
        hard=between("0", "5"),
        cdisc="FA.FATESTCD=CRSGR; AE.AETOXGR",
    )
    crs_grade_inv = IntegerItem(
        _("Investigator grade"),
        req="O",
        hard=between("0", "5"),
        cdisc="FA (FAEVAL=INVESTIGATOR)",
    )
    crs_override_reason = TextItem(
        _("Override reason"),
        200,
        req="C",
        when=judged(_("crs_grade_inv differs from crs_grade"), _differs, "crs_grade", "crs_grade_inv"),
        hard=at_least_characters(10),
        cdisc="SUPPFA",
    )

    crs_toci = IntegerItem(
        _("Tocilizumab doses this day"),
        hard=between("0", "4"),
        soft=(
            must(_("at most 4 in the episode"), _doses_in_all, "CRS.crs_toci"),
            numbered(
                must(_("none without CRS"), _not_without_crs, "crs_grade"),
                "X-CRS-05",
                _("Tocilizumab without CRS."),
            ),
        ),
        unit="doses",
        cdisc="CM/EC",
    )
    crs_steroid = ChoiceItem(
        _("Systemic steroid this day"),
        choices("crs_steroid", _("none"), _("dexamethasone"), _("methylprednisolone"), _("other")),
        cdisc="CM",
    )
    crs_steroid_mg = DecimalItem(
        _("Steroid dose (dexamethasone equivalent)"),
        6,
        1,
        req="C",
        when=when_not("crs_steroid", "none"),
        hard=between("0.1", "400"),
        soft=at_most("40"),
        unit="mg",
        cdisc="CM",
    )
    crs_other_tx = MultiItem(
        _("Other CRS treatment"),
        choices(
            "crs_other_tx",
            _("siltuximab"),
            _("anakinra"),
            _("ruxolitinib"),
            _("etoposide"),
            _("plasma exchange/CRRT"),
            _("JAKi other"),
            _("none"),
        ),
        exclusive=("none",),
        cdisc="CM",
    )
    crs_icu = BooleanItem(_("ICU this day"), cdisc="HO")

    crs_onset_dt = DateTimeItem(
        _("Episode onset"),
        derived=Derivation(_("first day of a derived grade >= 1"), _onset, ("CRS", "INF.inf_start_dt")),
        hard=not_before("INF.inf_start_dt"),
        cdisc="AE.AESTDTC",
    )
    crs_end_dt = DateItem(
        _("Episode end"),
        derived=Derivation(_("first day of grade 0 with grade 0 on the next day too"), _end, ("CRS",)),
        hard=not_before("crs_onset_dt"),
        cdisc="AE.AEENDTC",
    )
    crs_max = IntegerItem(
        _("Maximum grade"),
        derived=Derivation(_("maximum over the days of the episode"), _maximum, ("CRS",)),
        hard=between("0", "5"),
        soft=below("3"),
        cdisc="AE.AETOXGR",
    )
    crs_outcome = ChoiceItem(
        _("Outcome"),
        OUTCOME,
        when=judged(
            _("last day of a closed episode"), _is_last_day, "CRS.crs_date", "crs_end_dt", "DTH.dth_dt"
        ),
        hard=must(_("fatal only with a death form"), _fatal_agrees, "DTH.dth_dt"),
        cdisc="AE.AEOUT",
    )
