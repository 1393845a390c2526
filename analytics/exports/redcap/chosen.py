"""Which fields of which instruments somebody asked for: by forms, by fields, or all of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from analytics.exports.redcap.asked import Asked, Refused
from analytics.exports.redcap.layout import GROUP, RECORD, Event, Field, Instrument


@dataclass(frozen=True, slots=True)
class Part:
    """What is chosen of an instrument; `place` is which it is of all, from 1. `complete`: with the field of
    how complete it is."""

    place: int
    instrument: Instrument
    fields: tuple[Field, ...]
    complete: bool

    @property
    def columns(self) -> Iterator[str]:
        """Its columns in a flat export."""
        for field in self.fields:
            yield from field.boxes.values() if field.is_checkbox else (field.name,)
        if self.complete:
            yield self.instrument.complete


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is chosen of all instruments. Where that is the record id alone, every row there is."""

    parts: tuple[Part, ...]

    @property
    def labels(self) -> Mapping[str, str]:
        """The label of each column."""
        told = {RECORD: "Subject", GROUP: "Data Access Group"}
        told |= {"redcap_event_name": "Event Name", "redcap_repeat_instrument": "Repeat Instrument"}
        told |= {"redcap_repeat_instance": "Repeat Instance"}
        for part in self.parts:
            told[part.instrument.complete] = "Complete?"
            for field in part.fields:
                told[field.name] = str(field.column.label)
                for code, name in field.boxes.items():
                    told[name] = f"{field.column.label} (choice={field.choices[code]})"
        return told


def choose(instruments: Sequence[Instrument], events: Collection[Event], asked: Asked) -> Chosen:
    """What is asked for. Raises Refused for a name that there is not, as REDCap does."""
    fields = {field.name for each in instruments for field in each.fields}
    completes = {each.complete for each in instruments}
    _known("forms", asked.forms, {each.name for each in instruments})
    _known("fields", asked.fields, fields | completes | {RECORD})
    _known("events", asked.events, {event.name for event in events})
    parts = [_part(place, each, asked) for place, each in enumerate(instruments, start=1)]
    used = [part for part in parts if part.fields or part.complete]
    return Chosen(tuple(used or parts))


def _part(place: int, instrument: Instrument, asked: Asked) -> Part:
    whole = instrument.name in asked.forms or not (asked.forms or asked.fields)
    fields = (field for field in instrument.fields if whole or field.name in asked.fields)
    return Part(place, instrument, tuple(fields), whole or instrument.complete in asked.fields)


def _known(name: str, told: Sequence[str], known: Collection[str]) -> None:
    wrong = [each for each in told if each not in known]
    if wrong:
        listed = ", ".join(f"'{each[:100]}'" for each in wrong[:20])
        raise Refused(f'The following values in the parameter "{name}" are not valid: {listed}')
