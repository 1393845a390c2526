"""What a client of REDCap asks for, read from its form; and what is refused, in words that it shows.

Whatever would change data is refused, and so is a parameter that would change the answer and is not known
here: a client never gets something else than it asked for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict

from trial.parameters import NAMED
from trial.protocol.study import SITE_ZONE

FORMATS = ("json", "csv")
_FIXED = {"csvDelimiter": ("", ","), "decimalCharacter": ("", "."), "filterLogic": ("",)}
"""Parameters that have one value here."""
_LABELS = ("raw", "label")


class Refused(Exception):
    """What was asked for is not given; the words are for the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request. Empty lists ask for everything; `type`, and all that follows it, are of records alone."""

    content: str
    format: str = "json"
    type: str = "flat"
    records: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    field: str = ""
    labels: bool = False
    label_headers: bool = False
    checkbox_labels: bool = False
    groups: bool = False
    begin: datetime | None = None
    end: datetime | None = None


def asked(form: QueryDict) -> Asked:
    """What a form asks for. Raises Refused."""
    _refuse_changes(form)
    if form.get("content") == "file":
        raise Refused(
            f'The field "{form.get("field", "")[:NAMED]}" is not a file: no field of this project is'
        )
    for name, values in _FIXED.items():
        if form.get(name, "") not in values:
            raise Refused(f'The parameter "{name}" is not supported here')
    return Asked(
        content=form.get("content", ""),
        format=_one_of(
            form, "format", FORMATS if form.get("content") != "version" else (*FORMATS, "xml", "")
        ),
        type=_one_of(form, "type", ("flat", "eav"), "flat"),
        records=_list(form, "records"),
        fields=_list(form, "fields"),
        forms=_list(form, "forms"),
        events=_list(form, "events"),
        field=form.get("field", ""),
        labels=_one_of(form, "rawOrLabel", _LABELS, "raw") == "label",
        label_headers=_one_of(form, "rawOrLabelHeaders", _LABELS, "raw") == "label",
        checkbox_labels=_is_true(form, "exportCheckboxLabel"),
        groups=_is_true(form, "exportDataAccessGroups"),
        begin=_moment(form, "dateRangeBegin"),
        end=_moment(form, "dateRangeEnd"),
    )


def format_of_errors(form: Mapping[str, str]) -> str:
    """In which format a client reads an error; XML unless it says, as in REDCap."""
    told = form.get("returnFormat") or form.get("format") or "xml"
    return told if told in FORMATS else "xml"


def _refuse_changes(form: QueryDict) -> None:
    if form.get("action", "export") not in ("", "export") or "data" in form:
        raise Refused("This API is for reading: nothing can be imported, changed or deleted")


def _one_of(form: QueryDict, name: str, allowed: tuple[str, ...], otherwise: str = "") -> str:
    told = form.get(name) or otherwise
    if told not in allowed:
        raise Refused(f'The parameter "{name}" must be one of: {", ".join(filter(None, allowed))}')
    return told


def _list(form: QueryDict, name: str) -> tuple[str, ...]:
    """`fields[0]=a`, `fields[]=a` and `fields=a,b` alike."""
    numbered = [value for key in form if re.fullmatch(rf"{name}\[\d*\]", key) for value in form.getlist(key)]
    joined = [value.strip() for value in form.get(name, "").split(",")]
    return tuple(dict.fromkeys(value for value in (*numbered, *joined) if value))


def _is_true(form: QueryDict, name: str) -> bool:
    return form.get(name, "").lower() in ("true", "1")


def _moment(form: QueryDict, name: str) -> datetime | None:
    """A moment in the time of the site."""
    told = form.get(name, "")
    if not told:
        return None
    try:
        return datetime.fromisoformat(told).replace(tzinfo=SITE_ZONE)
    except ValueError as problem:
        raise Refused(f'The parameter "{name}" must be written as YYYY-MM-DD HH:MM:SS') from problem
