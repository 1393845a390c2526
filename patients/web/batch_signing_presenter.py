"""The pages that somebody could sign in one act: what each is, and what changed since it was signed last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from patients.casebook.answers import StoredCasebook
from patients.casebook.form import form_model
from patients.casebook.page import Page, Subject
from patients.entry.signing import obstacles, shown_content
from patients.oversight.signatures import Meaning, meanings_for
from patients.web.signature_presenter import changed_since_signed
from patients.web.signing_presenter import MeaningChoice, choices_of
from patients.web.states import StateMark, mark
from patients.web.trail_presenter import ZONE, EventBlock
from trial.people.models import Account
from trial.people.reauthentication import Proof

MOST_PAGES = 60
"""How many pages are offered at once: somebody has to read them."""


@dataclass(frozen=True, slots=True)
class PageToSign:
    """One page of the list. `seen` names the page and the content that is shown; `why` says what stands in
    the way; `is_approval`: whatever is chosen, a signature on it is its approval."""

    page: Page
    title: str
    state: StateMark
    seen: str
    why: list[str]
    changes: list[EventBlock]
    is_approval: bool
    chosen: bool

    @property
    def was_signed(self) -> bool:
        return bool(getattr(self.page, "was_signed", False))


@dataclass(frozen=True)
class BatchScreen:
    """Everything that the template says."""

    ready: list[PageToSign]
    waiting: list[PageToSign]
    more: int
    meanings: list[MeaningChoice]
    needed: frozenset[Proof]
    subject: str
    refused: Sequence[str]
    zone: str = ZONE

    @property
    def asks_user_name(self) -> bool:
        return Proof.USER_NAME in self.needed

    @property
    def asks_second_factor(self) -> bool:
        return Proof.SECOND_FACTOR in self.needed

    @cached_property
    def chosen(self) -> int:
        return sum(each.chosen for each in self.ready)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was chosen in the form that came back, by number of the page; none of a new one."""

    pages: frozenset[int] = frozenset()
    meaning: str = ""


def batch_screen(
    pages: Sequence[Page],
    more: int,
    person: Account,
    needed: frozenset[Proof],
    *,
    subject: str = "",
    asked: Asked | None = None,
    refused: Sequence[str] = (),
) -> BatchScreen:
    """`more`: how many pages to sign are not among these."""
    asked, casebooks = asked or Asked(), _casebooks(pages)
    lines = [_line(page, casebooks[page.subject_id], person, asked) for page in pages]
    return BatchScreen(
        ready=[line for line in lines if not line.why],
        waiting=[line for line in lines if line.why],
        more=more,
        meanings=choices_of(list(Meaning), asked.meaning),
        needed=needed,
        subject=subject,
        refused=refused,
    )


def _casebooks(pages: Iterable[Page]) -> Mapping[int, StoredCasebook]:
    subjects: dict[int, Subject] = {page.subject_id: page.subject for page in pages}
    return {pk: StoredCasebook(subject) for pk, subject in subjects.items()}


def _line(page: Page, casebook: StoredCasebook, person: Account, asked: Asked) -> PageToSign:
    return PageToSign(
        page=page,
        title=str(form_model(page.form_code).form.title),
        state=mark("complete"),
        seen=f"{page.pk}:{shown_content(page, casebook)}",
        why=[str(found.message) for found in obstacles(page, casebook, person)],
        changes=changed_since_signed(page) if getattr(page, "was_signed", False) else [],
        is_approval=len(meanings_for(page)) == 1,
        chosen=page.pk in asked.pages,
    )
