"""The pages of a visit with what is left to verify on each."""

from dataclasses import dataclass

from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Visit
from patients.entry.verifying import entered_on
from patients.web.clocks import local_now
from patients.web.states import StateMark, state_of
from trial.people.models import Account
from trial.protocol.visits import visit_type


@dataclass(frozen=True, slots=True)
class PageLine:
    """One page: how many of its values are verified, and whether the person may verify the rest."""

    page: Page
    title: str
    state: StateMark
    verified: int
    values: int
    own: bool

    @property
    def left(self) -> int:
        return self.values - self.verified

    @property
    def is_offered(self) -> bool:
        return self.left > 0 and not self.own and self.page.state != PageState.LOCKED


@dataclass(frozen=True, slots=True)
class VisitScreen:
    """Everything that the template says of a visit."""

    visit: Visit
    label: str
    pages: list[PageLine]
    problems: list[str]

    @property
    def offered(self) -> list[PageLine]:
        return [line for line in self.pages if line.is_offered]

    @property
    def left(self) -> int:
        return sum(line.left for line in self.offered)


def visit_screen(visit: Visit, pages: list[Page], person: Account, problems: list[str]) -> VisitScreen:
    today = local_now().date()
    lines = [
        PageLine(
            page=page,
            title=str(form_model(page.form_code).form.title),
            state=state_of(page, today),
            verified=page.critical_verified + page.other_verified,
            values=page.critical_items + page.other_items,
            own=entered_on(page, person),
        )
        for page in pages
        if page.version
    ]
    return VisitScreen(visit, str(visit_type(visit.code).label), lines, problems)
