"""The analysis sets of section 4.2, and for each subject outside a set the one reason.

A set is a part of the one before it (`within`): who is outside that one is outside this one for the same
reason. Of several reasons of a set the first in its rule is told.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter

import polars as pl
from django.utils.translation import gettext_lazy as _

from analytics.datasets.ends.ending import EVENT
from analytics.datasets.ends.survival import NO_TRANSPLANTATION, NOT_EVALUABLE
from analytics.datasets.metadata import SUBJECT, Dataset, Variable
from analytics.datasets.story import Story
from analytics.datasets.time_to_event import TimeToEvent
from analytics.datasets.toxicity import FIRST_MONTH_HSCT_DAYS
from patients.grading.engraftment import EVALUABLE_FROM_DAY
from patients.items.codelists import YES, Code, CodeList
from patients.items.problems import Text
from trial.protocol.study import DAYS_PER_MONTH

THREE_MONTHS_DAYS = 3 * DAYS_PER_MONTH
RESPONSE_FROM_DAY, RESPONSE_TO_DAY = 7, 35
CHRONIC_FROM_HSCT_DAY = 100

REASONS = CodeList(
    "EXCLRES",
    (
        Code("not_enrolled", _("not enrolled by the cut-off")),
        Code("not_infused", _("not infused by the cut-off")),
        Code("not_adjudicated", _("dose-limiting toxicity not adjudicated by the cut-off")),
        Code("under_dosed", _("under-dosed, without dose-limiting toxicity")),
        Code("left_before_day_28", _("left before day 28, without dose-limiting toxicity")),
        Code("progressed_before_day_28", _("progression before day 28, without dose-limiting toxicity")),
        Code("window_open", _("the window had not closed by the cut-off")),
        Code("not_assessed", _("no response assessment in the window")),
        Code("not_evaluable", _("no response assessment of the window could be evaluated")),
        Code("died_before_graft", _("died before transplantation")),
        Code("graft_not_done", _("transplantation said not to be done")),
        Code("not_grafted", _("not transplanted by the cut-off")),
        Code("died_before_hsct_day_28", _("died before transplant day 28 without engraftment")),
        Code("not_followed_to_hsct_day_28", _("not engrafted, and not followed to transplant day 28")),
        Code("died_before_window", _("died before the window")),
        Code("no_sample", _("no chimerism sample in the window")),
        Code("no_usable_fraction", _("no sample with whole cells, or both CD3 and CD33, in the window")),
        Code("relapsed_by_hsct_day_100", _("relapse or progression by transplant day 100")),
        Code("died_by_hsct_day_100", _("died by transplant day 100")),
        Code("not_followed_to_hsct_day_100", _("not followed to transplant day 100")),
        Code("died_within_3_months", _("died within 3 months of the infusion")),
        Code("followed_less_than_3_months", _("followed for less than 3 months after the infusion")),
    ),
)
_ADJUDICATED = {
    "N_not_infused": "not_infused",
    "N_under_dosed": "under_dosed",
    "N_left_before_d28_without_dlt": "left_before_day_28",
    "N_progression_before_d28": "progressed_before_day_28",
}
Ends = Mapping[str, TimeToEvent]
Rule = Callable[[Story, Ends], str]


@dataclass(frozen=True, slots=True)
class AnalysisSet:
    """A set, its flag in ADSL, and the rule that gives the code of the reason to be outside it, or ""."""

    name: str
    flag: str
    label: Text
    words: Text
    reason: Rule
    within: str = ""


# --- rules ------------------------------------------------------------------------------------------------
def _not_enrolled(story: Story, ends: Ends) -> str:
    return "not_enrolled" if story.enrolled is None else ""


def _not_infused(story: Story, ends: Ends) -> str:
    return "not_infused" if story.infused is None else ""


def _not_adjudicated(story: Story, ends: Ends) -> str:
    """As the investigator and the safety committee say."""
    pages = story.casebook.records("DLT")
    answer = pages[-1].values["dlt_evaluable"] if pages else None
    return "" if answer == YES else _ADJUDICATED.get(str(answer), "not_adjudicated")


def _without_response(story: Story, ends: Ends) -> str:
    """Death or progression by the end of the window counts as no response: the subject is in the set."""
    first, last = _response_window(story)
    if any(end is not None and end.value <= last for end in (story.died, story.relapse)):
        return ""
    answers = [
        record.values["resp_protocol"]
        for record in story.casebook.records("RESP")
        if record.values["resp_dt"] and first <= record.values["resp_dt"] <= last
    ]
    if any(answer not in NOT_EVALUABLE for answer in answers):
        return ""
    return "window_open" if story.cutoff < last else "not_evaluable" if answers else "not_assessed"


def _response_window(story: Story) -> tuple[date, date]:
    """Day 7 to min(H0, day 35)."""
    assert story.infused is not None
    infused = story.infused.value
    last = infused + timedelta(RESPONSE_TO_DAY)
    if story.grafted is not None:
        last = min(last, story.grafted.value)
    return infused + timedelta(RESPONSE_FROM_DAY), last


def _not_grafted(story: Story, ends: Ends) -> str:
    if story.grafted is not None:
        return ""
    if story.died is not None:
        return "died_before_graft"
    assert story.infused is not None
    return "graft_not_done" if NO_TRANSPLANTATION.first(story, story.infused.value) else "not_grafted"


def _not_engrafted(story: Story, ends: Ends) -> str:
    """Alive to transplant day 28, or engrafted."""
    if ends["NEUTENG"].status == EVENT or ends["OSHSCT"].days >= EVALUABLE_FROM_DAY:
        return ""
    return "not_followed_to_hsct_day_28" if story.died is None else "died_before_hsct_day_28"


def _without_chimerism(story: Story, ends: Ends) -> str:
    if story.toxicity.donor_share is not None:
        return ""
    first, last = (_hsct_day(story, number) for number in FIRST_MONTH_HSCT_DAYS)
    if story.died is not None and story.died.value < first:
        return "died_before_window"
    days = (record.values["chim_dt"] for record in story.casebook.records("CHIM"))
    if any(day and first <= day <= last for day in days):
        return "no_usable_fraction"
    return "window_open" if story.cutoff < last else "no_sample"


def _not_at_risk_of_chronic(story: Story, ends: Ends) -> str:
    """Followed to transplant day 100 or beyond, without relapse or death on or before it."""
    last = _hsct_day(story, CHRONIC_FROM_HSCT_DAY)
    if story.relapse is not None and story.relapse.value <= last:
        return "relapsed_by_hsct_day_100"
    if story.died is not None and story.died.value <= last:
        return "died_by_hsct_day_100"
    return "not_followed_to_hsct_day_100" if ends["OSHSCT"].end < last else ""


def _hsct_day(story: Story, number: int) -> date:
    assert story.grafted is not None
    return story.grafted.value + timedelta(number)


def _followed_briefly(story: Story, ends: Ends) -> str:
    """Observed for 3 months, to the last day known alive or to death."""
    if ends["OS"].days >= THREE_MONTHS_DAYS:
        return ""
    return "followed_less_than_3_months" if story.died is None else "died_within_3_months"


SETS = (
    AnalysisSet("ENR", "ENRLFL", _("Enrolled Population Flag"), _("enrolled by the cut-off"), _not_enrolled),
    AnalysisSet(
        "SAF", "SAFFL", _("Safety Population Flag"), _("ENR and infused by the cut-off"), _not_infused, "ENR"
    ),
    AnalysisSet(
        "DLTEV",
        "DLTEVLFL",
        _("Evaluable for DLT Flag"),
        _("SAF and evaluable as the adjudication says"),
        _not_adjudicated,
        "SAF",
    ),
    AnalysisSet(
        "RESPEV",
        "RESPFL",
        _("Evaluable for Response Flag"),
        _(
            "SAF with an evaluable response assessment on day 7 to min(H0, day 35), or with death or "
            "progression by then"
        ),
        _without_response,
        "SAF",
    ),
    AnalysisSet(
        "HSCTSET",
        "HSCTFL",
        _("Transplanted Population Flag"),
        _("SAF and transplanted by the cut-off"),
        _not_grafted,
        "SAF",
    ),
    AnalysisSet(
        "ENGEV",
        "ENGFL",
        _("Evaluable for Engraftment Flag"),
        _("HSCTSET, alive on transplant day 28 or engrafted"),
        _not_engrafted,
        "HSCTSET",
    ),
    AnalysisSet(
        "CHIMEV",
        "CHIMFL",
        _("Evaluable for Month 1 Chimerism Flag"),
        _("HSCTSET with a usable sample on transplant day 27 to 35"),
        _without_chimerism,
        "HSCTSET",
    ),
    AnalysisSet(
        "AGEV",
        "AGFL",
        _("Evaluable for Acute GVHD Flag"),
        _("as HSCTSET"),
        lambda story, ends: "",
        "HSCTSET",
    ),
    AnalysisSet(
        "CGEV",
        "CGFL",
        _("Evaluable for Chronic GVHD Flag"),
        _("HSCTSET, alive, followed and free of relapse on transplant day 100"),
        _not_at_risk_of_chronic,
        "HSCTSET",
    ),
    AnalysisSet(
        "FU3M",
        "FU3FL",
        _("Followed for 3 Months Flag"),
        _("SAF and observed for 91.3125 days or more, to death or the last day known alive"),
        _followed_briefly,
        "SAF",
    ),
)


def reasons_of(story: Story, ends: Iterable[TimeToEvent]) -> dict[str, str]:
    """The sets that a subject is outside of, each with the code of the reason."""
    by_code = {row.paramcd: row for row in ends}
    outside: dict[str, str] = {}
    for one in SETS:
        reason = outside.get(one.within, "") or one.reason(story, by_code)
        if reason:
            outside[one.name] = reason
    return outside


# --- the table of exclusions ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Exclusion:
    """A subject outside a set."""

    subject: str
    set: str
    reason: str


EXCLUSIONS = Dataset(
    "EXCLUSIONS",
    _("Exclusions from Analysis Sets"),
    _("one row for each subject and set that it is outside of"),
    (
        SUBJECT,
        Variable(
            name="SET",
            label=_("Analysis Set"),
            type=pl.String,
            read=attrgetter("set"),
            derivation=_("the sets of section 4.2"),
            codes=CodeList("SET", tuple(Code(one.name, one.words) for one in SETS)),
        ),
        Variable(
            name="REASON",
            label=_("Reason for Exclusion"),
            type=pl.String,
            read=attrgetter("reason"),
            derivation=_("the first reason of the rule of the set, or that of the set it is a part of"),
            codes=REASONS,
        ),
    ),
)
