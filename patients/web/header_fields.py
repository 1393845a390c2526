"""The common header of a page as it is shown: the same kind of fields as those of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from patients.casebook.header import HEADER, header_values, header_versions
from patients.casebook.page import Page
from patients.items.item import Item
from patients.items.problems import Finding
from patients.web.binding import Draft
from patients.web.fields import Field, entry_field, given_reason, message_of, open_reason
from patients.web.widgets import Entered, labels_of, shown_value, typed_text


@dataclass(frozen=True, slots=True)
class HeaderContext:
    """What the fields of the header of one page are made from."""

    page: Page
    findings: tuple[Finding, ...] = ()
    draft: Draft | None = None
    locked: bool = False
    trail_url: str = ""
    today: str = ""
    verified: Mapping[str, str] = field(default_factory=dict)


def header_fields(header: HeaderContext) -> list[Field]:
    """The fields of the header in their order; the reason of a form not done is hidden until it is."""
    values, versions = header_values(header.page), header_versions(header.page)
    fields = {name: _field(item, values[name], versions, header) for name, item in HEADER.items()}
    _hide_reason(fields["not_done_reason"], is_not_done=fields["not_done"].entered.value == "Y")
    return list(fields.values())


def _field(item: Item, value: Any, versions: Mapping[str, int], header: HeaderContext) -> Field:
    name, labels, kept = item.name, labels_of(item), typed_text(item, value)
    place = ("", name)
    typed = header.draft.entered.get(place) if header.draft else None
    made = entry_field(item, name, typed or Entered(kept), labels)
    made.base, made.is_changed = kept, made.entered.value != kept
    made.is_saved = versions.get(name, 0) > 0
    made.was = made.shown = shown_value(item, value, labels)
    made.missing_choices = ()
    made.is_locked = header.locked
    made.day = header.today if made.size == "w-date" else ""
    made.trail_url = f"{header.trail_url}&item={name}" if header.trail_url and made.is_saved else ""
    made.messages = [message_of(found) for found in header.findings if (found.row_key, found.item) == place]
    made.verified = header.verified.get(name, "")
    made.reason = given_reason(made, header.draft, place) or open_reason(made)
    return made


def _hide_reason(reason: Field, *, is_not_done: bool) -> None:
    reason.is_conditional = True
    reason.reveal = '{"item": "not_done", "codes": ["Y"], "negated": false}'
    reason.is_hidden = not is_not_done and not reason.entered.value
