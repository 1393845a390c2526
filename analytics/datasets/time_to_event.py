"""Times from an origin to an event, a competing event or the end of observation (dataset ADTTE).

The endpoints of section 4.4 of the specification, in its order. AVAL is in whole days and the day of origin
is day 0, as transplant registries count. STATUS is 0 censored, 1 event, 2 competing; CNSR the CDISC flag.
Each row names the item that gave its date.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

import polars as pl
from django.utils.translation import gettext_lazy as _

from analytics.datasets.ends import engraftment, gvhd, infection, survival
from analytics.datasets.ends.ending import CENSORED, COMPETING, EVENT, Origin, Parameter, competing
from analytics.datasets.ends.survival import RELAPSED
from analytics.datasets.metadata import SUBJECT, Dataset, Variable
from analytics.datasets.sourced import Sourced
from analytics.datasets.story import Day, Story
from patients.items.codelists import Code, CodeList

__all__ = ["CENSORED", "COMPETING", "EVENT", "PARAMETERS", "RELAPSED", "ImpossibleDates", "endpoints_of"]


# --- origins ----------------------------------------------------------------------------------------------
def _responded(story: Story) -> Day:
    """The first remission of a subject of SAF; one that is dated after death is none."""
    found = story.remission if story.infused_in_set else None
    return None if found and story.died and found.value > story.died.value else found


def _infused_and_low(story: Story) -> Day:
    return story.infused_in_set if engraftment.first_low(story) else None


T0 = Origin("T0", "SAF", lambda story: story.infused_in_set)
H0 = Origin("H0", "HSCTSET", lambda story: story.grafted_in_set)
ENROLMENT = Origin("ENROLMENT", "ENR", lambda story: story.enrolled)
REMISSION = Origin("REMISSION", _("SAF with CR, CRh or CRi"), _responded)
T0_LOW = Origin("T0", _("SAF with neutrophils at or below 0.5 after T0"), _infused_and_low)

# --- endpoints --------------------------------------------------------------------------------------------
_DEATH, _RELAPSE = survival.DEATH, survival.RELAPSE
_DIED = competing(_DEATH)
_PROGRESSED, _RELAPSED_AFTER_GRAFT = competing(_RELAPSE), competing(survival.RELAPSE_AFTER_GRAFT)
_DIED_WITHOUT_RELAPSE = competing(_DEATH, "DEATH WITHOUT RELAPSE")
_DIED_WITHOUT_ACUTE = competing(_DEATH, "DEATH WITHOUT ACUTE GVHD")
_SECOND_GRAFT, _GRAFT = competing(survival.SECOND_TRANSPLANTATION), competing(survival.TRANSPLANTATION)
_alive, _free = survival.last_known_alive, survival.last_assessment

PARAMETERS = (
    Parameter("OS", _("Overall survival"), T0, (_DEATH,), _alive),
    Parameter("OSENR", _("Overall survival from enrolment"), ENROLMENT, (_DEATH,), _alive),
    Parameter("OSHSCT", _("Overall survival from transplantation"), H0, (_DEATH,), _alive),
    Parameter("PFS", _("Progression-free survival"), T0, (_RELAPSE, _DEATH), _free),
    Parameter(
        "PFSS",
        _("Progression-free survival, censored at therapy for another reason than relapse"),
        T0,
        (_RELAPSE, _DEATH),
        _free,
        cut_short_by=survival.OTHER_THERAPY,
    ),
    Parameter(
        "PFSMRD",
        _("Progression-free survival, MRD relapse included"),
        T0,
        (_RELAPSE, survival.MRD_RELAPSE, _DEATH),
        _free,
    ),
    Parameter("DOR", _("Duration of response"), REMISSION, (_RELAPSE, _DEATH), _free),
    Parameter("EFS", _("Event-free survival"), T0, (_RELAPSE, _DEATH, survival.TREATMENT_FAILURE), _free),
    Parameter("CIR", _("Relapse or progression"), T0, (_RELAPSE, _DIED_WITHOUT_RELAPSE), _free),
    Parameter(
        "CIRH",
        _("Relapse or progression from transplantation"),
        H0,
        (survival.RELAPSE_BY_GRAFT, _DIED_WITHOUT_RELAPSE),
        _free,
    ),
    Parameter(
        "CD7NREL",
        _("CD7-negative relapse"),
        T0,
        (survival.CD7_NEGATIVE_RELAPSE, competing(survival.OTHER_RELAPSE), _DIED_WITHOUT_RELAPSE),
        _free,
    ),
    Parameter("NRM", _("Non-relapse death"), T0, (_PROGRESSED, survival.NON_RELAPSE_DEATH), _alive),
    Parameter(
        "NRMH",
        _("Non-relapse death from transplantation"),
        H0,
        (competing(survival.RELAPSE_BY_GRAFT), survival.NON_RELAPSE_DEATH),
        _alive,
    ),
    Parameter(
        "NEUTENG",
        _("Neutrophil engraftment"),
        H0,
        (engraftment.NEUTROPHILS, _DIED, _RELAPSED_AFTER_GRAFT, _SECOND_GRAFT),
        engraftment.last_neutrophils,
        last_day=engraftment.NEUTROPHIL_LAST_DAY,
    ),
    Parameter(
        "PLTENG",
        _("Platelet engraftment"),
        H0,
        (engraftment.PLATELETS, _DIED, _RELAPSED_AFTER_GRAFT, _SECOND_GRAFT),
        engraftment.last_platelets,
        last_day=engraftment.PLATELET_LAST_DAY,
    ),
    *(
        Parameter(code, label, H0, (onset, _DIED_WITHOUT_ACUTE, _SECOND_GRAFT), _alive)
        for code, label, onset in (
            ("AGV14", _("Acute GVHD grade I to IV"), gvhd.ACUTE_1),
            ("AGV24", _("Acute GVHD grade II to IV"), gvhd.ACUTE_2),
            ("AGV34", _("Acute GVHD grade III to IV"), gvhd.ACUTE_3),
        )
    ),
    Parameter(
        "AGV14R",
        _("Acute GVHD grade I to IV, relapse as competing event"),
        H0,
        (gvhd.ACUTE_1, _RELAPSED_AFTER_GRAFT, _DIED_WITHOUT_ACUTE, _SECOND_GRAFT),
        _alive,
    ),
    Parameter(
        "AGPRE",
        _("Acute GVHD before transplantation"),
        T0,
        (gvhd.BEFORE_GRAFT, _GRAFT, _PROGRESSED, _DIED),
        gvhd.last_acute_check,
    ),
    *(
        Parameter(
            code,
            label,
            H0,
            (onset, _RELAPSED_AFTER_GRAFT, _DIED, _SECOND_GRAFT),
            gvhd.last_chronic_check,
        )
        for code, label, onset in (
            ("CGV", _("Chronic GVHD"), gvhd.CHRONIC),
            ("CGVMS", _("Chronic GVHD, moderate or severe"), gvhd.MODERATE_CHRONIC),
        )
    ),
    Parameter(
        "GRFS",
        _("GVHD-free, relapse-free survival"),
        H0,
        (survival.RELAPSE_BY_GRAFT, gvhd.SEVERE_ACUTE, gvhd.SYSTEMIC_CHRONIC, _DEATH),
        gvhd.last_free_of_all,
    ),
    Parameter(
        "T2HSCT",
        _("Time to transplantation"),
        T0,
        (survival.TRANSPLANTATION, _PROGRESSED, _DIED, competing(survival.NO_TRANSPLANTATION)),
        _alive,
    ),
    *(
        Parameter(code, label, T0, (outcome, _PROGRESSED, _DIED), infection.last_review)
        for code, label, outcome in (
            ("CMVR", _("CMV above the threshold of treatment"), infection.CMV_REACTIVATION),
            ("ANYINF", _("Infection of grade 3 or more"), infection.SEVERE_INFECTION),
        )
    ),
    Parameter(
        "ICAHTR",
        _("Neutrophil recovery after the infusion"),
        T0_LOW,
        (engraftment.RECOVERY, _PROGRESSED, _DIED, _GRAFT),
        engraftment.last_neutrophils,
    ),
    Parameter("FUREV", _("Follow-up, reversed"), T0, (survival.LOST_TO_DEATH,), survival.still_followed),
)


# --- rows -------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class TimeToEvent:
    """One endpoint of one subject. `source` is None where the date is the cut-off, the origin itself or the
    last day of the endpoint."""

    subject: str
    paramcd: str
    start: date
    end: date
    status: int
    event: str
    censoring: str
    source: Sourced[date] | None

    @property
    def days(self) -> int:
        return (self.end - self.start).days


def _of_source(name: str) -> Callable[[TimeToEvent], str | None]:
    return lambda row: None if row.source is None else getattr(row.source, name)


_CNSR = {CENSORED: 1, EVENT: 0, COMPETING: 2}
STATUS_CODES = CodeList(
    "STATUS", (Code("0", _("censored")), Code("1", _("event")), Code("2", _("competing event")))
)
PARAMETER_CODES = CodeList("PARAMCD", tuple(Code(one.code, one.label) for one in PARAMETERS))
ADTTE = Dataset(
    "ADTTE",
    _("Time-to-Event Analysis"),
    _("one row for each subject and endpoint"),
    (
        SUBJECT,
        Variable(
            name="PARAMCD",
            label=_("Parameter Code"),
            type=pl.String,
            read=attrgetter("paramcd"),
            derivation=_("the endpoints of section 4.4, of each subject of their set"),
            codes=PARAMETER_CODES,
        ),
        Variable(
            name="STARTDT",
            label=_("Time-to-Event Origin Date for Subject"),
            type=pl.Date,
            read=attrgetter("start"),
            source=("ELIG.enrol_dt", "INF.inf_start_dt", "HSCT.hsct_start_dt", "RESP.resp_dt"),
            derivation=_("the origin of the endpoint: enrolment, T0, H0 or the first remission"),
        ),
        Variable(
            name="ADT",
            label=_("Analysis Date"),
            type=pl.Date,
            read=attrgetter("end"),
            derivation=_(
                "the first event or competing event by the cut-off, else the end of observation; the item is "
                "named in form, visit, row_key and item"
            ),
        ),
        Variable(
            name="AVAL",
            label=_("Analysis Value"),
            type=pl.Int32,
            read=attrgetter("days"),
            derivation=_("ADT - STARTDT: the day of origin is day 0, no day is added"),
        ),
        Variable(
            name="AVALU",
            label=_("Analysis Value Unit"),
            type=pl.String,
            read=lambda row: "DAYS",
            derivation=_("always days; a month is 30.4375 of them"),
            length=4,
        ),
        Variable(
            name="STATUS",
            label=_("Status at the Analysis Date"),
            type=pl.Int8,
            read=attrgetter("status"),
            derivation=_("what ended the observation"),
            codes=STATUS_CODES,
        ),
        Variable(
            name="CNSR",
            label=_("Censor"),
            type=pl.Int8,
            read=lambda row: _CNSR[row.status],
            derivation=_("0 of STATUS 1, 1 of STATUS 0, 2 of STATUS 2"),
        ),
        Variable(
            name="EVNTDESC",
            label=_("Event Description"),
            type=pl.String,
            read=attrgetter("event"),
            derivation=_("the event or competing event; empty where censored"),
            length=40,
        ),
        Variable(
            name="CNSDTDSC",
            label=_("Censor Date Description"),
            type=pl.String,
            read=attrgetter("censoring"),
            derivation=_("what the date of censoring is; empty where there was an event"),
            length=40,
        ),
        *(
            Variable(
                name=name,
                label=label,
                type=pl.String,
                read=_of_source(name),
                derivation=_(
                    "of the item that gave ADT; empty where it is the cut-off, the origin or a last day"
                ),
                length=length,
            )
            for name, label, length in (
                ("form", _("Form"), 12),
                ("visit", _("Visit"), 12),
                ("row_key", _("Row"), 60),
                ("item", _("Item"), 30),
            )
        ),
    ),
)


class ImpossibleDates(ValueError):
    """An endpoint ends before it begins: a date in the casebook is wrong."""


def endpoints_of(story: Story) -> list[TimeToEvent]:
    """The endpoints of a subject whose sets they are of. Raises ImpossibleDates."""
    return list(_endpoints(story))


def _endpoints(story: Story) -> Iterator[TimeToEvent]:
    for parameter in PARAMETERS:
        origin = parameter.origin.day(story)
        if origin is not None:
            yield _row(story, parameter, origin.value)


def _row(story: Story, parameter: Parameter, origin: date) -> TimeToEvent:
    end = parameter.end(story, origin)
    if end.day < origin:
        raise ImpossibleDates(f"{story.subject}: {end.why} on {end.day}, before its origin on {origin}")
    censored = end.status == CENSORED
    return TimeToEvent(
        story.subject,
        parameter.code,
        start=origin,
        end=end.day,
        status=end.status,
        event="" if censored else end.why,
        censoring=end.why if censored else "",
        source=end.source,
    )
