"""Each `content` that may be asked for, and how it is answered from the newest cut that a token sees."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from analytics.exports.about import naming_of
from analytics.exports.disclosure import Disclosure
from analytics.exports.files import tables_for
from analytics.exports.naming import Naming
from analytics.exports.redcap import describing
from analytics.exports.redcap.answers import Answer, of_frame, of_one, of_rows, of_text
from analytics.exports.redcap.asked import Asked, Refused
from analytics.exports.redcap.chosen import choose
from analytics.exports.redcap.layout import (
    Instrument,
    Mapped,
    events_of,
    instruments_of,
    mapped,
)
from analytics.exports.redcap.records import Cut, flat, headings, one_by_one
from analytics.locks.models import Lock
from trial import __version__
from trial.people.tokens import ExportToken


@dataclass(frozen=True)
class Source:
    """A lock as a token sees it; what an answer does not need is not read."""

    lock: Lock
    token: ExportToken

    @cached_property
    def instruments(self) -> tuple[Instrument, ...]:
        return instruments_of(tables_for(self.lock, Disclosure.to(self.token)))

    @cached_property
    def naming(self) -> Naming:
        return naming_of(self.lock, Disclosure.to(self.token))

    @cached_property
    def mapped(self) -> list[Mapped]:
        return mapped(self.instruments)


def answer_to(asked: Asked, source: Source) -> Answer:
    """The answer. Raises Refused, SnapshotDamaged and ImpossibleDates."""
    if asked.content not in CONTENTS:
        raise Refused(
            f'The value of the parameter "content" is not supported here; it may be: {", ".join(CONTENTS)}'
        )
    return CONTENTS[asked.content](asked, source)


def _record(asked: Asked, source: Source) -> Answer:
    events = events_of(source.mapped)
    chosen = choose(source.instruments, events, asked)
    seen = tuple(events) if _is_of(source.lock.made_at, asked) else ()
    cut = Cut(source.lock.decision_id is not None, seen, describing.site_names(source.lock, source.naming))
    if asked.type == "eav":
        frame = one_by_one(chosen, cut, asked)
        return of_frame(frame, asked.format, frame.columns)
    return of_frame(flat(chosen, cut, asked), asked.format, headings(chosen, asked))


def _is_of(made: datetime, asked: Asked) -> bool:
    """Whether the cut was made in the range of dates: all of its rows came to be with it, so that a script
    that asks for what is new gets the whole of a new cut, and misses nothing that was entered late."""
    return (asked.begin is None or asked.begin <= made) and (asked.end is None or made <= asked.end)


CONTENTS: dict[str, Callable[[Asked, Source], Answer]] = {
    "record": _record,
    "metadata": lambda asked, of: of_rows(
        describing.metadata(of.instruments, asked.fields, asked.forms), asked.format
    ),
    "exportFieldNames": lambda asked, of: of_rows(
        describing.export_field_names(of.instruments, asked.field), asked.format
    ),
    "event": lambda asked, of: of_rows(describing.events(events_of(of.mapped)), asked.format),
    "arm": lambda asked, of: of_rows(describing.arms(), asked.format),
    "formEventMapping": lambda asked, of: of_rows(describing.form_event_mapping(of.mapped), asked.format),
    "instrument": lambda asked, of: of_rows(describing.instrument_names(of.instruments), asked.format),
    "repeatingFormsEvents": lambda asked, of: of_rows(describing.repeating(of.mapped), asked.format),
    "project": lambda asked, of: of_one(describing.project(of.lock, of.token), asked.format),
    "user": lambda asked, of: of_rows(describing.user(of.token, of.instruments), asked.format),
    "dag": lambda asked, of: of_rows(describing.groups(of.lock, of.naming), asked.format),
    "log": lambda asked, of: of_rows(describing.log(of.token), asked.format),
    "version": lambda asked, of: of_text(__version__),
}
