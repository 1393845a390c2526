"""The rows of a cut as REDCap exports records: flat, or one row for each value.

A subject has one row for each event, which holds all instruments that do not repeat; each row of an
instrument that repeats is a row of its own. A cell is empty where its row has no such instrument, and every
cell is a text.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from analytics.exports.redcap.asked import Asked, Refused
from analytics.exports.redcap.chosen import Chosen, Part
from analytics.exports.redcap.layout import (
    EVENT,
    GROUP,
    RECORD,
    REPEAT_INSTANCE,
    REPEAT_INSTRUMENT,
    Event,
    Field,
    Instrument,
    plain,
)
from analytics.exports.tables import Kind
from trial.spreadsheets import AS_FORMULA

MOST_CELLS = 12_000_000
"""So many cells are made at once, the empty ones counted: about 250 MB of JSON."""
COMPLETE = {"0": "Incomplete", "1": "Unverified", "2": "Complete"}
"""In the words of REDCap. 0: the form was said not to be done. 1: it was entered, and the cut closed no page.
2: it stands in a lock that two people made, for which every page was closed."""
CHECKED = {"0": "Unchecked", "1": "Checked"}
_MOMENT, _INSTANCE = "%Y-%m-%d %H:%M:%S", r"^[1-9]\d{0,8}$"
_EVENT, _FORM, _NUMBER, _FIELD = "_event", "_form", "_number", "_field"
_ROW = [RECORD, _EVENT, _FORM, _NUMBER]
"""What tells rows apart, and their order: the subject, the places of event and instrument, the instance."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What of a lock its records need beside its tables: whether its pages are closed, its events in order
    and the names of its sites."""

    closed: bool
    events: tuple[Event, ...]
    sites: dict[str, str]


def flat(chosen: Chosen, cut: Cut, asked: Asked) -> pl.DataFrame:
    """A row for each event and each repeated row, a column for each field. Raises Refused."""
    names = _columns(chosen)
    room = _Room(MOST_CELLS // (len(names) + len(_ROW)))
    single: pl.DataFrame | None = None
    rows = []
    for part in chosen.parts:
        frame = _wide(part, _placed(part, cut, asked, room), cut, asked)
        if part.instrument.repeats:
            rows.append(frame)
        else:
            keys = [*_ROW, "site"]
            single = frame if single is None else single.join(frame, on=keys, how="full", coalesce=True)
    found = pl.concat([*([] if single is None else [single]), *rows], how="diagonal")
    absent = [pl.lit("").alias(name) for name in names if name not in found.columns]
    return _led(found.with_columns(absent).sort(_ROW), chosen, cut, asked).select(*_leading(asked), *names)


def one_by_one(chosen: Chosen, cut: Cut, asked: Asked) -> pl.DataFrame:
    """A row for each value that is not empty, `field_name` and `value`. Raises Refused."""
    frames = list(_values(chosen, cut, asked))
    found = pl.concat([*_records_alone(frames), *frames], how="diagonal").sort([*_ROW, _FIELD])
    led = _led(found, chosen, cut, asked)
    return led.select(pl.col(RECORD).alias("record"), *_leading(asked)[1:], "field_name", "value")


# --- the rows ---------------------------------------------------------------------------------------------
class _Room:
    """How many rows may still be made."""

    def __init__(self, rows: int) -> None:
        self.rows = self.left = rows

    def take(self, rows: int) -> None:
        self.left -= rows
        if self.left < 0:
            raise Refused(
                f"This would be more than {self.rows} rows at once: name forms, fields or records, or take "
                "the archive at /api/v1/locks/latest/bundle.zip"
            )


def _placed(part: Part, cut: Cut, asked: Asked, room: _Room) -> pl.DataFrame:
    """The rows of an instrument that are asked for, in place of visit and key the numbers of their places."""
    codes = [event.code for event in cut.events if not asked.events or event.name in asked.events]
    wanted = pl.col("visit_code").is_in(codes)
    if asked.records:
        wanted &= pl.col(RECORD).is_in(asked.records)
    kept = []
    for frame in part.instrument.table.parts():
        kept.append(frame.filter(wanted))
        room.take(kept[-1].height)
    table = part.instrument.table
    found = pl.concat(kept) if kept else pl.DataFrame(schema=table.schema)
    places = {event.code: place for place, event in enumerate(cut.events)}
    return found.with_columns(
        pl.col("visit_code").replace_strict(places, default=None, return_dtype=pl.Int64).alias(_EVENT),
        pl.lit(part.place if part.instrument.repeats else 0, pl.Int64).alias(_FORM),
        (_instance() if part.instrument.repeats else pl.lit(0, pl.Int64)).alias(_NUMBER),
    )


def _instance() -> pl.Expr:
    """The key of a row where the keys of its page are all numbers, so that it stays what it was when another
    row is said to be void; else which of the page it is, by its key."""
    key, page = pl.col("repeat"), ["subject_id", "visit_code"]
    number = pl.when(key.str.contains(_INSTANCE)).then(key).cast(pl.Int64)
    order = pl.struct(number, key.alias("_key")).rank("ordinal").over(page).cast(pl.Int64)
    return pl.when(number.is_not_null().all().over(page)).then(number).otherwise(order)


def _led(found: pl.DataFrame, chosen: Chosen, cut: Cut, asked: Asked) -> pl.DataFrame:
    """With the columns that lead a row, and no cell without a text."""
    events = {place: e.label if asked.labels else e.name for place, e in enumerate(cut.events)}
    forms = {part.place: _form(part.instrument, asked) for part in chosen.parts if part.instrument.repeats}
    groups = {site: name if asked.labels else plain(site) for site, name in cut.sites.items()}
    return found.with_columns(
        _told(_EVENT, events).alias(EVENT),
        _told(_FORM, forms).alias(REPEAT_INSTRUMENT),
        pl.when(pl.col(_NUMBER) > 0).then(pl.col(_NUMBER).cast(pl.String)).alias(REPEAT_INSTANCE),
        _told("site", groups).alias(GROUP),
    ).with_columns(pl.col(pl.String).fill_null(""))


def _form(instrument: Instrument, asked: Asked) -> str:
    return instrument.label if asked.labels else instrument.name


def _told(column: str, words: dict[int, str] | dict[str, str]) -> pl.Expr:
    return pl.col(column).replace_strict(words, default="", return_dtype=pl.String)


def _leading(asked: Asked) -> list[str]:
    return [RECORD, EVENT, REPEAT_INSTRUMENT, REPEAT_INSTANCE, *([GROUP] if asked.groups else [])]


# --- flat -------------------------------------------------------------------------------------------------
def _columns(chosen: Chosen) -> list[str]:
    """The columns of the fields, in their order."""
    return [name for part in chosen.parts for name in part.columns]


def headings(chosen: Chosen, asked: Asked) -> list[str]:
    """What stands above the columns of a CSV."""
    names = [*_leading(asked), *_columns(chosen)]
    return [chosen.labels.get(name, name) for name in names] if asked.label_headers else names


def _wide(part: Part, rows: pl.DataFrame, cut: Cut, asked: Asked) -> pl.DataFrame:
    cells = [cell for field in part.fields for cell in _cells(field, asked)]
    if part.complete:
        cells.append(_complete(cut, asked).alias(part.instrument.complete))
    return rows.select(*_ROW, "site", *cells)


def _cells(field: Field, asked: Asked) -> Iterator[pl.Expr]:
    """The cell of a field; of a checkbox one for each of its codes."""
    if not field.is_checkbox:
        yield _as_told(field, _text(field), asked).alias(field.name)
        return
    told = pl.concat_str(pl.lit("|"), pl.col(field.column.name).fill_null(""), pl.lit("|"))
    for code, name in field.boxes.items():
        is_checked = told.str.contains(f"|{code}|", literal=True)
        yes, no = _marks(str(field.choices[code]), asked)
        yield pl.when(is_checked).then(pl.lit(yes)).otherwise(pl.lit(no)).alias(name)


def _marks(label: str, asked: Asked) -> tuple[str, str]:
    if not asked.labels:
        return "1", "0"
    return (label, "") if asked.checkbox_labels else (CHECKED["1"], CHECKED["0"])


def _complete(cut: Cut, asked: Asked) -> pl.Expr:
    done = "2" if cut.closed else "1"
    told = COMPLETE if asked.labels else {key: key for key in COMPLETE}
    return pl.when(pl.col("not_done").is_null()).then(pl.lit(told[done])).otherwise(pl.lit(told["0"]))


def _text(field: Field) -> pl.Expr:
    value = pl.col(field.column.name)
    if field.column.kind is Kind.DATE:
        return value.dt.to_string("%Y-%m-%d")
    return value.dt.to_string(_MOMENT) if field.column.kind is Kind.DATETIME else value.cast(pl.String)


def _as_told(field: Field, value: pl.Expr, asked: Asked) -> pl.Expr:
    """As a code or its label; in a CSV no text is a formula."""
    if asked.labels and field.choices:
        value = value.replace({code: str(label) for code, label in field.choices.items()})
    if asked.format != "csv" or field.column.kind is not Kind.TEXT:
        return value
    return pl.when(value.str.contains(AS_FORMULA)).then(pl.lit("'") + value).otherwise(value)


# --- one by one -------------------------------------------------------------------------------------------
def _values(chosen: Chosen, cut: Cut, asked: Asked) -> Iterator[pl.DataFrame]:
    cells = _Room(MOST_CELLS)
    for part in chosen.parts:
        fields = max(1, len(part.fields) + part.complete)
        rows = _placed(part, cut, asked, _Room(MOST_CELLS // fields))
        frame = _long(part, rows, cut, asked)
        cells.take(frame.height)
        yield frame


def _long(part: Part, rows: pl.DataFrame, cut: Cut, asked: Asked) -> pl.DataFrame:
    """The values of an instrument; a checkbox has one for each code that is checked."""
    boxes = [field.name for field in part.fields if field.is_checkbox]
    names = [field.name for field in part.fields] + [part.instrument.complete] * part.complete
    cells = [_text(field).alias(field.name) for field in part.fields]
    if part.complete:
        cells.append(_complete(cut, asked).alias(part.instrument.complete))
    order = {name: part.place * 1000 + place for place, name in enumerate(names, start=1)}
    long = (
        rows.select(*_ROW, "site", *cells)
        .unpivot(names, index=[*_ROW, "site"], variable_name="field_name", value_name="value")
        .with_columns(pl.col("value").cast(pl.String))
        .filter(pl.col("value").fill_null("") != "")
    )
    several = pl.col("field_name").is_in(pl.Series(boxes, dtype=pl.String).implode())
    single = pl.concat_list("value")
    split = pl.when(several).then(pl.col("value").str.split("|")).otherwise(single)
    exploded = long.with_columns(split.alias("value")).explode("value")
    return exploded.with_columns(
        _all_as_told(part.fields, asked),
        pl.col("field_name").replace_strict(order, default=0, return_dtype=pl.Int64).alias(_FIELD),
    )


def _all_as_told(fields: Iterable[Field], asked: Asked) -> pl.Expr:
    """Each value as its field has it told."""
    told = pl.col("value")
    for field in fields:
        own = _as_told(field, pl.col("value"), asked)
        if (asked.labels and field.choices) or (asked.format == "csv" and field.column.kind is Kind.TEXT):
            told = pl.when(pl.col("field_name") == field.name).then(own).otherwise(told)
    return told.alias("value")


def _records_alone(frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """The record id is a value of each row as well."""
    if not frames:
        return []
    rows = pl.concat(frame.select(*_ROW, "site") for frame in frames).unique()
    return [
        rows.with_columns(
            pl.lit(RECORD).alias("field_name"),
            pl.col(RECORD).alias("value"),
            pl.lit(0, pl.Int64).alias(_FIELD),
        )
    ]
