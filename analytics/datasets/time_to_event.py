"""Times from an origin to an event, a competing event or the end of observation (dataset ADTTE).

AVAL is in whole days and the day of origin is day 0, as transplant registries count. STATUS is 0 censored, 1
event, 2 competing; CNSR the CDISC flag. Each row names the item that gave its date.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

import polars as pl
from django.utils.translation import gettext_lazy as _

from analytics.datasets.ends.ending import CENSORED, COMPETING, EVENT, End, Parameter
from analytics.datasets.ends.survival import RELAPSED
from analytics.datasets.metadata import SUBJECT, Dataset, Variable
from analytics.datasets.parameters import PARAMETERS
from analytics.datasets.sourced import Sourced
from analytics.datasets.story import Story
from patients.items.codelists import Code, CodeList

__all__ = ["ADTTE", "CENSORED", "EVENT", "RELAPSED", "ImpossibleDates", "TimeToEvent", "endpoints_of"]


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


@dataclass(frozen=True, slots=True)
class Observation:
    """An endpoint of a subject from its origin to its end."""

    story: Story
    parameter: Parameter
    origin: Sourced[date]
    end: End

    @property
    def is_impossible(self) -> bool:
        """Whether it ends before it begins."""
        return self.end.day < self.origin.value

    def __str__(self) -> str:
        return f"{self.end.why} on {self.end.day}, before its origin on {self.origin.value}"


def endpoints_of(story: Story) -> list[TimeToEvent]:
    """The endpoints of a subject whose sets they are of. Raises ImpossibleDates."""
    return [_row(one) for one in observations_of(story)]


def observations_of(story: Story) -> Iterator[Observation]:
    """The endpoints whose sets a subject is of, those that are impossible among them."""
    for parameter in PARAMETERS:
        origin = parameter.origin.day(story)
        if origin is not None:
            yield Observation(story, parameter, origin, parameter.end(story, origin.value))


def _row(observed: Observation) -> TimeToEvent:
    if observed.is_impossible:
        raise ImpossibleDates(f"{observed.story.subject}: {observed}")
    end = observed.end
    censored = end.status == CENSORED
    return TimeToEvent(
        observed.story.subject,
        observed.parameter.code,
        start=observed.origin.value,
        end=end.day,
        status=end.status,
        event="" if censored else end.why,
        censoring=end.why if censored else "",
        source=end.source,
    )
