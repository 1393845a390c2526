"""What the list of terms is narrowed to, read from the address and written back into it."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.coding.folding import fold
from patients.coding.groups import Group
from patients.coding.standing import LATE_AFTER_DAYS, TO_CODE_AGAIN, WAITING, State
from patients.web.address_filters import AddressFilters

TO_CODE, AGAIN = "waiting", "again"
STATES: dict[str, Promise] = {
    TO_CODE: _("all that waits"),
    State.UNCODED: _("to be coded"),
    AGAIN: _("to be coded again"),
    State.CODED: _("coded"),
}


@dataclass(frozen=True, slots=True)
class CodingFilters(AddressFilters):
    """Which terms are asked for."""

    site: str = ""
    form: str = ""
    state: str = ""
    dictionary: str = ""
    words: str = ""
    late: str = ""

    @property
    def states(self) -> tuple[State, ...]:
        """Those that were asked for: what waits, if nobody says otherwise."""
        if self.state == AGAIN:
            return TO_CODE_AGAIN
        return (State(self.state),) if self.state in list(State) else WAITING

    def lets_through(self, group: Group, days: int) -> bool:
        """Whether a group of the right site, form and state is one that was asked for."""
        if self.late and days <= LATE_AFTER_DAYS:
            return False
        if self.dictionary and (group.term is None or str(group.term.dictionary) != self.dictionary):
            return False
        return fold(self.words) in fold(group.verbatim)
