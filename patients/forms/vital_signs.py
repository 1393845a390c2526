"""VS: vital signs and performance, a page for each visit, entered by the coordinator."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, FormRow
from patients.forms.lab_results import COUNTED_WITHIN_DAYS, NEUTROPENIC_BELOW_10E9_PER_L, lowest_near, plain
from patients.forms.screening import SCREENING
from patients.items.checks import Sight, soft
from patients.items.codelists import OXYGEN, codes
from patients.items.conditions import Answers, judged
from patients.items.limits import Limit, at_least, at_most, before, below, between, must
from patients.items.types import ChoiceItem, DateTimeItem, DecimalItem, IntegerItem
from trial.protocol.visits import DAILY_COUNTS, VISITS, Clock, visit_type

OF_THE_VISIT_DAYS = 1
WEIGHED_EVERY_DAYS = 7
WEIGHT_CHANGE_ASKED_ABOVE = Decimal("0.1")
ECOG_CHANGE_ASKED_FROM = 2
FEVER_IN_NEUTROPENIA_FROM_C = Decimal("38.3")
_WEIGHED_AT = {visit.code for visit in VISITS if visit.clock is Clock.HSCT and visit not in DAILY_COUNTS}


def _on_the_visit(moment: datetime, answers: Answers) -> bool:
    day, visit = local_day(moment), answers.page_date
    return day is None or visit is None or abs(day - visit) <= timedelta(days=OF_THE_VISIT_DAYS)


def _before(answers: Answers, item: str) -> Answers | None:
    """The last page before this one that answers the item."""
    now = answers["vs_dt"]
    earlier = [
        row
        for row in answers.rows("VS")
        if now and row["vs_dt"] and row["vs_dt"] < now and row[item] is not None
    ]
    return max(earlier, key=lambda row: row["vs_dt"], default=None)


def _weight_due(answers: Answers) -> bool:
    """At the visits of the transplant clock, else once a week; a weight that is there stays shown."""
    if answers["vs_weight"] is not None or answers.visit in _WEIGHED_AT:
        return True
    last, today = _before(answers, "vs_weight"), local_day(answers["vs_dt"])
    weighed = local_day(last["vs_dt"]) if last else None
    return weighed is None or today is None or (today - weighed).days >= WEIGHED_EVERY_DAYS


def _is_follow_up(visit: str) -> bool:
    """Whether survival follow-up is due at a visit."""
    return bool(visit) and any(due.form == "FU" for due in visit_type(visit).forms)


def performance_is_asked_at(visit: str) -> bool:
    return visit in (SCREENING, "PRE") or _is_follow_up(visit)


def _follow_up(answers: Answers) -> bool:
    return _is_follow_up(answers.visit)


def _performance_due(answers: Answers) -> bool:
    return performance_is_asked_at(answers.visit)


def _near_last_weight(weight: Decimal, answers: Answers) -> bool:
    last = _before(answers, "vs_weight")
    if last is None:
        return True
    before: Decimal = last["vs_weight"]
    return abs(weight - before) <= WEIGHT_CHANGE_ASKED_ABOVE * before


def _near_last_performance(ecog: str, answers: Answers) -> bool:
    last = _before(answers, "ecog")
    return last is None or abs(int(ecog) - int(last["ecog"])) < ECOG_CHANGE_ASKED_FROM


def _dead_if_five(ecog: str, answers: Answers) -> bool:
    return ecog != "5" or answers["DTH.dth_dt"] is not None


def _unclassified_fever(answers: Answers) -> Sight:
    """Fever with few neutrophils, and neither an infection nor CRS recorded for the day."""
    day, temperature = local_day(answers["vs_dt"]), answers["vs_temp"]
    if day is None or temperature is None or temperature < FEVER_IN_NEUTROPENIA_FROM_C:
        return False
    count = lowest_near(answers, "NEUT", day, COUNTED_WITHIN_DAYS)
    if count is None or count >= NEUTROPENIC_BELOW_10E9_PER_L:
        return False
    classified = any(row["crs_date"] == day for row in answers.rows("CRS")) or any(
        row["inf_onset"]
        and (row["inf_onset"] - day).days <= COUNTED_WITHIN_DAYS
        and (row["inf_end"] is None or row["inf_end"] >= day)
        for row in answers.rows("INFX")
    )
    return not classified and {"temperature": temperature, "count": plain(count)}


def _measured(label: Any, low: str, high: str, usual: Limit, unit: str, cdisc: str) -> IntegerItem:
    return IntegerItem(label, hard=between(low, high), soft=usual, unit=unit, cdisc=cdisc)


class VitalSigns(FormRow):
    """The worst of a day: temperature, pressure, pulse, breathing, oxygen; weight and performance."""

    form = FormDeclaration(
        code="VS",
        title=_("Vital signs and performance"),
        enters=_("coordinator"),
        signs="-",
        sdtm="VS, RS",
        dated_by="vs_dt",
        checks=(
            soft(
                "X-INFX-02",
                "vs_temp",
                _("Fever in neutropenia is not classified: %(temperature)s C with neutrophils %(count)s."),
                _unclassified_fever,
                "vs_dt",
                "LAB",
                "INFX.inf_onset",
                "INFX.inf_end",
                "CRS.crs_date",
            ),
        ),
    )

    vs_dt = DateTimeItem(
        _("Date/time"),
        hard=must(_("on the date of the visit, or a day beside it"), _on_the_visit),
        cdisc="VS.VSDTC",
    )
    vs_temp = DecimalItem(
        _("Highest temperature in 24 h"),
        3,
        1,
        hard=between("33.0", "43.0"),
        soft=below("38.0"),
        unit="C",
        cdisc="VS.TEMP",
    )
    vs_sbp = _measured(_("Systolic BP (lowest of day)"), "40", "260", at_least("90"), "mmHg", "VS.SYSBP")
    vs_dbp = IntegerItem(
        _("Diastolic BP"),
        hard=(between("20", "160"), before("vs_sbp")),
        soft=at_least("50"),
        unit="mmHg",
        cdisc="VS.DIABP",
    )
    vs_hr = _measured(_("Heart rate"), "20", "250", at_most("120"), "/min", "VS.HR")
    vs_rr = _measured(_("Respiratory rate"), "4", "70", at_most("24"), "/min", "VS.RESP")
    vs_spo2 = _measured("SpO2", "40", "100", at_least("92"), "%", "VS.OXYSAT")
    vs_o2 = ChoiceItem(_("Oxygen support"), OXYGEN, cdisc="VS/PR")
    vs_weight = DecimalItem(
        _("Weight"),
        4,
        1,
        req="C",
        when=judged(_("weekly and at each HSCT visit"), _weight_due, "vs_dt", "VS.vs_weight", "VS.vs_dt"),
        hard=between("30", "180"),
        # xgettext:no-python-format
        soft=must(
            _("within 10 % of the last weight"), _near_last_weight, "VS.vs_weight", "VS.vs_dt", "vs_dt"
        ),
        unit="kg",
        cdisc="VS.WEIGHT",
    )
    ecog = ChoiceItem(
        "ECOG",
        codes("ecog", "0", "1", "2", "3", "4", "5"),
        when=judged(_("SCR, PRE and follow-up visits"), _performance_due),
        hard=must(_("5 only with a death form"), _dead_if_five, "DTH.dth_dt"),
        soft=must(_("less than 2 from the last"), _near_last_performance, "VS.ecog", "VS.vs_dt", "vs_dt"),
        cdisc="RS.ECOG101 (C179943)",
    )
    kps = ChoiceItem(
        _("Karnofsky"),
        codes("kps", *(str(score) for score in range(0, 101, 10))),
        req="O",
        when=judged(_("follow-up"), _follow_up),
        cdisc="RS.KPSS0101 (C182469)",
    )
