"""What a look at an open page says, under the names that the controls of the page have."""

from collections.abc import Iterator
from typing import Any

from django.template.loader import render_to_string

from patients.casebook.answers import Record
from patients.casebook.header import HEADER
from patients.entry.looking import Look
from patients.items.item import Item
from patients.web.binding import Draft, Place
from patients.web.coded_words import shows_a_code
from patients.web.fields import message_of, rule_in_words
from patients.web.page_presenter import PagePresenter, as_seen

Said = dict[str, Any]


class LivePresenter:
    """Makes the answer for one person. Of an identifying item it says nothing unless the person has typed it:
    what is stored is shown with a record of who looked, and this leaves none."""

    def __init__(self, presenter: PagePresenter, draft: Draft, look: Look) -> None:
        self.model, self.identify = presenter.model, presenter.rights.identify
        self.draft, self.look = draft, look

    def said(self) -> Said:
        """The messages of each item of the page, also where there are none, and its derived values."""
        return {
            "messages": {name: self._messages(name, place) for name, place in self._places()},
            "derived": dict(self._derived()),
        }

    def _places(self) -> Iterator[tuple[str, Place]]:
        """Each control by its name, with the place of its item."""
        yield from ((name, ("", name)) for name in HEADER)
        for slot in self.draft.slots:
            for item in self.model.items():
                if self._may_be_told(slot.key, item):
                    yield f"{slot.prefix}{item.name}", (slot.key, item.name)

    def _may_be_told(self, key: str, item: Item) -> bool:
        is_typed = (key, item.name) in self.draft.entered
        return not item.declared.identity or (self.identify and is_typed)

    def _messages(self, name: str, place: Place) -> list[Said]:
        here = [
            found
            for found in (*self.look.refusals, *self.look.findings)
            if (found.row_key, found.item) == place
        ]
        messages = [message_of(as_seen(found, self.model, identify=self.identify)) for found in here]
        return [
            {
                "severity": message.kind,
                "text": message.text,
                "html": render_to_string(
                    "components/message.html", {"message": message, "id": f"m-{name}-{number}"}
                ),
            }
            for number, message in enumerate(messages, 1)
        ]

    def _derived(self) -> Iterator[tuple[str, Said]]:
        """The derived values of the rows, as the page shows them, with the rule that gave a grade."""
        for slot in self.draft.slots:
            if (record := self.look.rows.get(slot.key)) is not None:
                for item in self.model.items():
                    if item.is_derived and not shows_a_code(item) and self._may_be_told(slot.key, item):
                        yield f"{slot.prefix}{item.name}", _shown(item, record)


def _shown(item: Item, record: Record) -> Said:
    rule = rule_in_words(record.grades.get(item.name))
    return {"shown": item.shown(record.values.get(item.name)), "rule": rule}
