"""The adverse events of a subject, one row each (dataset ADAE).

A row of AE is an event. A row of INFX is none: an infection of grade 3 or worse stands in AE as well
(X-INFX-03), and no reference says which of the two are one.

A partial date counts by its earliest day, an end never before the start; ASTDTF and AENDTF say what was
filled in (D the day, M the month and the day), ASTDTC and AENDTC what was entered. ASTDY and HSCTDY are whole
days from T0 and H0, which are day 0; a partial date has neither. APERIODC: the period in which it began (LD
from the first dose, CART for 90 days from T0, HSCT for 100 from H0; section 4.1 of the specification).
TRTEMFL: it began in one of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from typing import Any

import polars as pl
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from analytics.datasets.dose_limiting import SOURCES, toxicity_derived
from analytics.datasets.metadata import PLACE, SUBJECT, Dataset, PolarsType, Variable
from analytics.datasets.sourced import Sourced, sourced, sourced_day
from analytics.datasets.story import Story
from analytics.locks.codes import Code
from analytics.locks.cut import AFTER_CUTOFF
from patients.casebook.answers import Record
from patients.casebook.form import form_model
from patients.items.codelists import Code as Choice
from patients.items.codelists import CodeList
from patients.items.partial_date import PartialDate
from patients.items.problems import Text

FORM = "AE"
FATAL_GRADE, FATAL = 5, "FATAL"
# Which variable is which item, as it was entered or derived.
_ITEMS = {
    "AETERM": "ae_term",
    "AETOX": "ae_ctcae_term",
    "AESCAT": "ae_special",
    "ASTDY": "ae_day_car",
    "HSCTDY": "ae_day_hsct",
    "AESER": "ae_serious",
    "AEREL": "ae_rel_cart",
    "AERELLD": "ae_rel_ld",
    "AERELGR": "ae_rel_hsct",
    "DLTFL": "ae_dlt",
}
# What the codes beside the snapshot say of an event; of no item, since codes stand beside the text.
_CODED: dict[str, Callable[[Code], str]] = {
    "AELLT": lambda code: code.term,
    "AELLTCD": lambda code: code.code,
    "AEDECOD": lambda code: code.concept,
    "AEPTCD": lambda code: code.concept_code,
    "AEBODSYS": lambda code: code.primary_class[1],
    "AEBDSYCD": lambda code: code.primary_class[0],
    "AEDICT": lambda code: code.dictionary,
    "AEDICTV": lambda code: code.version,
}
_FILLED_IN = CodeList("DATEFL", (Choice("D", _("day")), Choice("M", _("month and day"))), "C81223")


@dataclass(frozen=True, slots=True)
class AdverseEvent:
    """One event. `number` counts those of the subject in the order of the casebook; `facts` are its variables
    that were read from an item; `emergent` is None where its start is not known, `dose_limiting` where it
    cannot be told yet."""

    subject: str
    number: int
    place: tuple[str, str, str]
    facts: dict[str, Sourced[Any] | None]
    start_entered: str | None
    start_filled_in: str | None
    end_entered: str | None
    end_filled_in: str | None
    emergent: bool | None
    dose_limiting: bool | None

    @property
    def form(self) -> str:
        return self.place[0]

    @property
    def visit(self) -> str:
        return self.place[1]

    @property
    def row_key(self) -> str:
        return self.place[2]


def adverse_events_of(story: Story) -> list[AdverseEvent]:
    """The events that began on or before the cut-off."""
    return [_event(story, number, record) for number, record in _numbered(story)]


def events_as_known(story: Story) -> list[tuple[int, Record]]:
    """The rows of these events in the order of the casebook, without the grade of a death after the
    cut-off."""
    return [(number, _as_known(story, record)) for number, record in _numbered(story)]


def _numbered(story: Story) -> list[tuple[int, Record]]:
    entered = (record for record in story.casebook.records(FORM) if _is_entered(record))
    return list(enumerate(entered, 1))


def _as_known(story: Story, record: Record) -> Record:
    if record.values["ae_grade"] == str(FATAL_GRADE) and _ends_later(story, record):
        return replace(record, values={**record.values, "ae_grade": None})
    return record


def _is_entered(record: Record) -> bool:
    """A page without events is in the cut with an empty row."""
    return any(
        record.values.get(item.name) is not None for item in form_model(FORM).items() if not item.is_derived
    )


def _event(story: Story, number: int, record: Record) -> AdverseEvent:
    facts = _facts(story, record)
    start, end = record.values["ae_start"], record.values["ae_end"] if facts["AENDT"] else None
    return AdverseEvent(
        story.subject,
        number,
        record.place,
        facts,
        start_entered=None if start is None else str(start),
        start_filled_in=_filled_in(start),
        end_entered=None if end is None else str(end),
        end_filled_in=_filled_in(end),
        emergent=None if start is None else facts["APERIODC"] is not None,
        dose_limiting=toxicity_derived(story, _as_known(story, record)),
    )


def _facts(story: Story, record: Record) -> dict[str, Sourced[Any] | None]:
    """The variables that are read from an item; what came after the cut-off has not happened."""
    ends_later = _ends_later(story, record)
    grade = _as(int, sourced(record, "ae_grade"))
    return {
        **{name: sourced(record, item) for name, item in _ITEMS.items()},
        **_coded(story.codes.get(record.place), record),
        "AETOXGR": None if ends_later and grade and grade.value == FATAL_GRADE else grade,
        "APERIODC": _as(" ".join, sourced(record, "ae_trtem")),
        "ASTDT": sourced_day(record, "ae_start"),
        "AENDT": None if ends_later else _end(record),
        "AEOUT": None if ends_later else sourced(record, "ae_outcome"),
    }


def _coded(code: Code | None, record: Record) -> dict[str, Sourced[Any] | None]:
    """What a term was coded as, with the item whose words were coded."""

    def fact(told: str) -> Sourced[Any] | None:
        return Sourced(told, *record.place, "ae_term") if told else None

    return {name: None if code is None else fact(read(code)) for name, read in _CODED.items()}


def _ends_later(story: Story, record: Record) -> bool:
    """Whether the end, and with it the outcome, lies after the cut-off. A death does if its day was cut, or
    if the subject is known to have been alive; the grade until then is not recorded."""
    fatal = record.values["ae_outcome"] == FATAL or record.values["ae_grade"] == str(FATAL_GRADE)
    return record.missing.get("ae_end") == AFTER_CUTOFF or (fatal and story.facts.alive_at_cutoff)


def _end(record: Record) -> Sourced[date] | None:
    """The last day; of a partial one the earliest that is not before the start."""
    found, start, end = sourced_day(record, "ae_end"), record.values["ae_start"], record.values["ae_end"]
    if found is None or start is None or end.is_full or start.earliest > end.latest:
        return found
    return replace(found, value=max(found.value, start.earliest))


def _filled_in(day: PartialDate | None) -> str | None:
    if day is None or day.is_full:
        return None
    return "D" if day.month else "M"


def _as(kind: Any, found: Sourced[Any] | None) -> Sourced[Any] | None:
    """The fact with its value read otherwise; an empty text is none."""
    read = None if found is None else kind(found.value)
    return None if found is None or read == "" else replace(found, value=read)


# --- the dataset ------------------------------------------------------------------------------------------
def _fact(name: str, label: Text, kind: PolarsType, item: str, derivation: Text = "") -> Variable:
    """A variable that is read from one item of the row."""

    def found(event: AdverseEvent) -> Sourced[Any] | None:
        return event.facts[name]

    return Variable(
        name=name, label=label, type=kind, fact=found, source=(f"{FORM}.{item}",), derivation=derivation
    )


def _made(
    name: str,
    label: Text,
    kind: PolarsType,
    read: Callable[[AdverseEvent], Any],
    derivation: Text,
    item: str = "",
    codes: CodeList | None = None,
    length: int | None = None,
) -> Variable:
    """A variable that is made of the row."""
    source = (f"{FORM}.{item}",) if item else ()
    return Variable(
        name=name,
        label=label,
        type=kind,
        read=read,
        source=source,
        derivation=derivation,
        codes=codes,
        length=length,
    )


_BESIDE = _("of the codes sealed beside the snapshot, where the words are coded: {what}")


def _of_code(name: str, label: Text, length: int, what: Text) -> Variable:
    """A variable that the code of a term gives; English where the version was loaded in English."""

    def found(event: AdverseEvent) -> Sourced[Any] | None:
        return event.facts[name]

    return Variable(
        name=name,
        label=label,
        type=pl.String,
        fact=found,
        source=(f"{FORM}.ae_term",),
        derivation=format_lazy(_BESIDE, what=what),
        length=length,
    )


_EARLIEST = _("a partial date counts by its earliest day")
_AS_ENTERED = _("as entered, before anything was filled in")
_WHAT = _("what was filled in of a partial date")

ADAE = Dataset(
    "ADAE",
    _("Adverse Events Analysis Dataset"),
    _("one row for each adverse event that began by the cut-off"),
    (
        SUBJECT,
        _made(
            "AESEQ",
            _("Sequence Number"),
            pl.Int32,
            attrgetter("number"),
            _("number of the event of the subject, in the order of the casebook"),
        ),
        _fact("AETERM", _("Reported Term for the Adverse Event"), pl.String, "ae_term"),
        *(
            _of_code(*one)
            for one in (
                ("AELLT", _("Lowest Level Term"), 200, _("the term that was chosen")),
                ("AELLTCD", _("Lowest Level Term Code"), 12, _("its code")),
                ("AEDECOD", _("Dictionary-Derived Term"), 200, _("its preferred term")),
                ("AEPTCD", _("Preferred Term Code"), 12, _("the code of the preferred term")),
                ("AEBODSYS", _("Body System or Organ Class"), 200, _("primary system organ class")),
                ("AEBDSYCD", _("Body System or Organ Class Code"), 12, _("its code")),
                ("AEDICT", _("Dictionary Name"), 40, _("the dictionary of the code")),
                ("AEDICTV", _("Dictionary Version"), 30, _("its version")),
            )
        ),
        _fact("AETOX", _("CTCAE Term"), pl.String, "ae_ctcae_term"),
        _fact("AESCAT", _("Category of Special Interest"), pl.String, "ae_special"),
        _fact(
            "AETOXGR",
            _("Standard Toxicity Grade"),
            pl.Int8,
            "ae_grade",
            _("empty for a grade 5 of a death after the cut-off"),
        ),
        _fact("ASTDT", _("Analysis Start Date"), pl.Date, "ae_start", _EARLIEST),
        _made(
            "ASTDTF",
            _("Analysis Start Date Imputation Flag"),
            pl.String,
            attrgetter("start_filled_in"),
            _WHAT,
            "ae_start",
            _FILLED_IN,
        ),
        _made(
            "ASTDTC",
            _("Start Date as Entered"),
            pl.String,
            attrgetter("start_entered"),
            _AS_ENTERED,
            "ae_start",
            length=10,
        ),
        _fact(
            "ASTDY",
            _("Day of Start from the Infusion"),
            pl.Int32,
            "ae_day_car",
            _("T0 is day 0; empty for a partial date"),
        ),
        _fact(
            "HSCTDY",
            _("Day of Start from the Graft"),
            pl.Int32,
            "ae_day_hsct",
            _("H0 is day 0; empty for a partial date"),
        ),
        _fact(
            "AENDT",
            _("Analysis End Date"),
            pl.Date,
            "ae_end",
            _("a partial date counts by its earliest day that is not before the start"),
        ),
        _made(
            "AENDTF",
            _("Analysis End Date Imputation Flag"),
            pl.String,
            attrgetter("end_filled_in"),
            _WHAT,
            "ae_end",
            _FILLED_IN,
        ),
        _made(
            "AENDTC",
            _("End Date as Entered"),
            pl.String,
            attrgetter("end_entered"),
            _AS_ENTERED,
            "ae_end",
            length=10,
        ),
        _fact("AESER", _("Serious Event"), pl.Boolean, "ae_serious"),
        _fact("AEREL", _("Causality to the CAR-T Product"), pl.String, "ae_rel_cart"),
        _fact("AERELLD", _("Causality to Lymphodepletion"), pl.String, "ae_rel_ld"),
        _fact("AERELGR", _("Causality to the Graft"), pl.String, "ae_rel_hsct"),
        _fact(
            "AEOUT",
            _("Outcome of Adverse Event"),
            pl.String,
            "ae_outcome",
            _("empty where the event ended after the cut-off"),
        ),
        _made(
            "TRTEMFL",
            _("Treatment Emergent Analysis Flag"),
            pl.Boolean,
            attrgetter("emergent"),
            _("it began in one of the periods of APERIODC; empty where its start is not known"),
            "ae_trtem",
        ),
        _fact(
            "APERIODC",
            _("Period"),
            pl.String,
            "ae_trtem",
            _("in which it began: LD from the first dose, CART for 90 days from T0, HSCT for 100 from H0"),
        ),
        _fact("DLTFL", _("Dose-Limiting Toxicity"), pl.String, "ae_dlt"),
        Variable(
            name="DLTDRV",
            label=_("Derived Dose-Limiting Toxicity Flag"),
            type=pl.Boolean,
            read=attrgetter("dose_limiting"),
            source=SOURCES,
            derivation=_("it meets one of the criteria D1 to D9 in the window; empty where that is open"),
        ),
        *PLACE,
    ),
)
