"""Makes the screen on which a page is signed: what is signed, what changed since, what it means."""

from collections.abc import Sequence
from dataclasses import dataclass

from patients.entry.signing import obstacles, shown_content
from patients.items.problems import Finding
from patients.oversight.signatures import STATEMENTS, Meaning, open_meanings
from patients.web.form_token import new_token
from patients.web.page_presenter import PagePresenter
from patients.web.page_screen import PageScreen, SummaryLine
from patients.web.signature_presenter import changed_since_signed
from patients.web.trail_presenter import ZONE, EventBlock
from trial.people.models import Account
from trial.people.reauthentication import Proof


@dataclass(frozen=True, slots=True)
class MeaningChoice:
    """What a signature may mean, with the sentence that is then signed."""

    value: str
    label: str
    statement: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class SigningScreen:
    """Everything that the template of signing says. `seen` is the hash of the content that is shown."""

    shown: PageScreen
    seen: str
    obstacles: list[SummaryLine]
    changes: list[EventBlock]
    meanings: list[MeaningChoice]
    needed: frozenset[Proof]
    refused: Sequence[str]
    token: str
    zone: str = ZONE

    @property
    def asks_user_name(self) -> bool:
        return Proof.USER_NAME in self.needed

    @property
    def asks_second_factor(self) -> bool:
        return Proof.SECOND_FACTOR in self.needed


def signing_screen(
    presenter: PagePresenter,
    person: Account,
    needed: frozenset[Proof],
    *,
    refused: Sequence[str] = (),
    standing: Sequence[Finding] | None = None,
    chosen: str = "",
) -> SigningScreen:
    """The screen for a person; `refused` says why the last try was not a signature, `standing` what stood in
    its way."""
    page, casebook = presenter.page, presenter.stored.casebook
    shown = presenter.screen()
    found = obstacles(page, casebook, person) if standing is None else standing
    meanings = open_meanings(page, person)
    return SigningScreen(
        shown=shown,
        seen=shown_content(page, casebook),
        obstacles=presenter.summary(found, shown),
        changes=changed_since_signed(page),
        meanings=choices_of(meanings, chosen),
        needed=needed,
        refused=refused,
        token=new_token(page, person),
    )


def choices_of(meanings: Sequence[Meaning], chosen: str) -> list[MeaningChoice]:
    """The meanings to choose from; a single one is chosen already."""
    default = chosen or (meanings[0] if len(meanings) == 1 else "")
    return [_choice(meaning, default) for meaning in meanings]


def _choice(meaning: Meaning, chosen: str) -> MeaningChoice:
    return MeaningChoice(meaning.value, str(meaning.label), str(STATEMENTS[meaning]), meaning == chosen)
