"""What the list of terms is narrowed to, read from the address and written back into it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from patients.coding.folding import fold
from patients.coding.groups import Group
from patients.coding.standing import LATE_AFTER_DAYS, TO_CODE_AGAIN, WAITING, State
from patients.web.trail_filters import LONGEST

TO_CODE, AGAIN = "waiting", "again"
STATES: dict[str, Promise] = {
    TO_CODE: _("all that waits"),
    State.UNCODED: _("to be coded"),
    AGAIN: _("to be coded again"),
    State.CODED: _("coded"),
}


@dataclass(frozen=True, slots=True)
class CodingFilters:
    """The filters by the names that the address has for them; an empty one lets everything through."""

    site: str = ""
    form: str = ""
    state: str = ""
    dictionary: str = ""
    words: str = ""
    late: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "CodingFilters":
        """As they stand in an address."""
        texts = {each.name: given.get(each.name, "").replace("\0", "").strip() for each in fields(cls)}
        return cls(**{name: text[:LONGEST] for name, text in texts.items()})

    @property
    def named(self) -> dict[str, str]:
        """Those in use, for the address."""
        texts = {each.name: str(getattr(self, each.name)) for each in fields(self)}
        return {name: text for name, text in texts.items() if text}

    @property
    def is_filtered(self) -> bool:
        return bool(self.named)

    @property
    def states(self) -> tuple[State, ...]:
        """Those that were asked for: what waits, if nobody says otherwise."""
        if self.state == AGAIN:
            return TO_CODE_AGAIN
        return (State(self.state),) if self.state in list(State) else WAITING

    def address(self, **more: str | int) -> str:
        """The part of the address behind the question mark, with some of them replaced."""
        return urlencode({name: value for name, value in {**self.named, **more}.items() if value != ""})

    def lets_through(self, group: Group, days: int) -> bool:
        """Whether a group of the right site, form and state is one that was asked for."""
        if self.late and days <= LATE_AFTER_DAYS:
            return False
        if self.dictionary and (group.term is None or str(group.term.dictionary) != self.dictionary):
            return False
        return fold(self.words) in fold(group.verbatim)
