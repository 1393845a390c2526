"""CRS: cytokine release syndrome, a page for each day, entered by the coordinator; the investigator closes
the episode.

Components are entered and the grade is derived from them (ASTCT 2019). The investigator may grade otherwise,
with a reason.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.grading.crs import LOW_FLOW_UP_TO_L_PER_MIN, CrsDay, crs_grade
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
)


def _grade(answers: Answers) -> int | None:
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
            fatal=answers["crs_outcome"] == "FATAL",
        )
    ).number


def _episode(answers: Answers) -> list[Answers]:
    """The days of this episode in order."""
    days = [
        row for row in answers.rows("CRS") if row["crs_episode"] == answers["crs_episode"] and row["crs_date"]
    ]
    return sorted(days, key=lambda row: row["crs_date"])


def _grade_of(row: Answers) -> int:
    return _grade(row) or 0


def _onset_day(answers: Answers) -> date | None:
    return next((row["crs_date"] for row in _episode(answers) if _grade_of(row) >= 1), None)


def _onset(answers: Answers) -> datetime | None:
    """The first day with a grade as a moment: the beginning of that day, or the infusion if that day."""
    day = _onset_day(answers)
    if day is None:
        return None
    infused = answers["INF.inf_start_dt"]
    if infused is not None and local_day(infused) == day:
        return infused  # type: ignore[no-any-return]
    return datetime(day.year, day.month, day.day, tzinfo=SITE_ZONE)


def _end(answers: Answers) -> date | None:
    """The first day of grade 0 after the onset with grade 0 on the next day too."""
    days, onset = _episode(answers), _onset_day(answers)
    if onset is None:
        return None
    graded = [(row["crs_date"], _grade_of(row)) for row in days if row["crs_date"] > onset]
    for (day, grade), (next_day, next_grade) in pairwise(graded):
        if grade == 0 and next_grade == 0 and next_day - day == timedelta(days=1):
            return day  # type: ignore[no-any-return]
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


def _is_reported(outcome: str, answers: Answers) -> bool:
    """An adverse event says CRS with the grade of the episode."""
    return any(
        row["ae_special"] == "crs" and row["ae_grade"] == str(answers["crs_max"])
        for row in answers.rows("AE")
    )


def _car_day(day: date, answers: Answers) -> int | None:
    infused = local_day(answers["INF.inf_start_dt"])
    return (day - infused).days if infused else None


def _within_days(last: int) -> Any:
    def kept(day: date, answers: Answers) -> bool:
        car_day = _car_day(day, answers)
        return car_day is None or 0 <= car_day <= last

    return kept


def _hot_enough(fever: bool, answers: Answers) -> bool:
    return not fever or answers["crs_tmax"] is None or answers["crs_tmax"] >= FEVER_FROM_C


def _fever_before(masked: bool, answers: Answers) -> bool:
    day = answers["crs_date"] or date.max
    return not masked or any(row["crs_fever"] for row in _episode(answers) if row["crs_date"] < day)


def _with_fever(present: bool, answers: Answers) -> bool:
    return not present or bool(answers["crs_fever"] or answers["crs_fever_masked"])


def _no_gap(day: date, answers: Answers) -> bool:
    """Until an episode has ended every day after its onset has a row."""
    onset, end = _onset_day(answers), _end(answers)
    before = max((row["crs_date"] for row in _episode(answers) if row["crs_date"] < day), default=None)
    if onset is None or before is None or before < onset or (end is not None and before >= end):
        return True
    return bool(day - before == timedelta(days=1))


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


_NEEDS_FEVER = numbered(
    must(_("with fever, or fever masked by treatment"), _with_fever, "crs_fever", "crs_fever_masked"),
    "X-CRS-02",
    _("CRS needs fever, or fever masked by treatment."),
)


class CytokineRelease(FormRow):
    """One day: fever, hypotension, hypoxia and what was given."""

    form = FormDeclaration(
        code="CRS",
        title=_("CRS daily record and episode"),
        enters="coordinator",
        signs="investigator closes episode",
        sdtm="AE, FA, CM",
        dated_by="crs_date",
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
        hard=(
            must(_("CAR-T day 0 to 42"), _within_days(LAST_CAR_DAY), "INF.inf_start_dt"),
            numbered(
                must(_("the day after the one before, in an open episode"), _no_gap, "CRS.crs_date"),
                "X-CRS-10",
                _("Daily row missing before %(value)s."),
            ),
        ),
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
        hard=numbered(
            must(_("an earlier day of fever in the episode"), _fever_before, "CRS.crs_fever"),
            "X-CRS-03",
            _("Masked fever needs earlier fever and a treatment."),
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
        derived=Derivation("engine of section 3.1 (ASTCT 2019)", _grade, _COMPONENTS),
        hard=between("0", "5"),
        cdisc="FA.FATESTCD=CRSGR; AE.AETOXGR",
    )
    crs_grade_inv = IntegerItem(
        _("Investigator grade"),
        req="O",
        hard=between("0", "5"),
        soft=numbered(
            must(_("as derived"), lambda value, answers: not _differs(answers), "crs_grade"),
            "X-CRS-04",
            _("Investigator grade %(value)s differs from the derived one: give a reason."),
        ),
        cdisc="FA (FAEVAL=INVESTIGATOR)",
    )
    crs_override_reason = TextItem(
        _("Override reason"),
        200,
        req="C",
        when=judged("crs_grade_inv differs from crs_grade", _differs, "crs_grade", "crs_grade_inv"),
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
        derived=Derivation("first day of a derived grade >= 1", _onset, ("CRS", "INF.inf_start_dt")),
        hard=not_before("INF.inf_start_dt"),
        cdisc="AE.AESTDTC",
    )
    crs_end_dt = DateItem(
        _("Episode end"),
        derived=Derivation("first day of grade 0 with grade 0 on the next day too", _end, ("CRS",)),
        hard=not_before("crs_onset_dt"),
        cdisc="AE.AEENDTC",
    )
    crs_max = IntegerItem(
        _("Maximum grade"),
        derived=Derivation("maximum over the days of the episode", _maximum, ("CRS",)),
        hard=between("0", "5"),
        soft=below("3"),
        cdisc="AE.AETOXGR",
    )
    crs_outcome = ChoiceItem(
        _("Outcome"),
        OUTCOME,
        when=judged("last day of a closed episode", _is_last_day, "CRS.crs_date", "crs_end_dt", "DTH.dth_dt"),
        hard=(
            must(_("fatal only with a death form"), _fatal_agrees, "DTH.dth_dt"),
            numbered(
                must(_("with an adverse event of the episode"), _is_reported, "AE.ae_special", "crs_max"),
                "X-CRS-07",
                _("The CRS episode must be in AE with its grade."),
            ),
        ),
        cdisc="AE.AEOUT",
    )
