"""One term on screen: the rows with the same words, and what they may be coded as."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from patients.casebook.page import PageState
from patients.coding.codes import TO_BE_SAID, Coding, CodingWithdrawal, NoCode, Why
from patients.coding.coding_act import Seen
from patients.coding.dictionaries import Dictionary, Term
from patients.coding.standing import CodedTerm, State
from patients.coding.suggesting import Suggestion
from patients.web.clocks import moment
from patients.web.coding_presenter import TermLine, suggestion_line, term_line, who_coded
from patients.web.trail_presenter import Option


@dataclass(frozen=True, slots=True)
class RowLine:
    """One row with the term. `is_locked`: nothing of its page can be coded."""

    token: str
    subject: str
    place: str
    verbatim: str
    state: str
    code: str
    page_url: str
    query_url: str
    is_locked: bool
    is_chosen: bool


@dataclass(frozen=True)
class TermScreen:
    """Everything that the template of one term says. `before`: what the same words are coded as elsewhere."""

    verbatim: str
    item: str
    form: str
    rows: list[RowLine]
    before: list[TermLine]
    suggestions: list[TermLine]
    found: list[TermLine]
    words: str
    reasons: list[Option]
    withdrawals: list[Option]
    history: list[str]
    dictionary: str
    can_code: bool
    chosen: int = 0
    problems: tuple[str, ...] = ()

    @property
    def needs_reason(self) -> bool:
        return bool(self.reasons)


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed in a form that was refused: the rows that were ticked, the term, and why; or why their
    codes were to be withdrawn."""

    rows: frozenset[str] = frozenset()
    term: int = 0
    why: str = ""
    why_withdrawn: str = ""


@dataclass(frozen=True, slots=True)
class TermPresenter:
    """Makes the screen of a term for somebody who codes at the sites `codes_at`; `alike` are all terms of the
    same words, `force` the dictionaries that are coded against."""

    asked: CodedTerm
    alike: Sequence[CodedTerm]
    force: Sequence[Dictionary]
    codes_at: Collection[str]
    can_ask: bool
    typed: Typed

    def screen(
        self, suggested: Iterable[Suggestion], found: Iterable[Term], words: str, history: Iterable[Coding]
    ) -> TermScreen:
        """`found` are the terms that hold the words which somebody searched for."""
        here = [term for term in self.alike if stands_alike(term, self.asked)]
        return TermScreen(
            verbatim=self.asked.verbatim,
            item=self.asked.coded.label,
            form=self.asked.coded.form,
            rows=[self._row(term) for term in here],
            before=coded_before(term for term in self.alike if term not in here),
            suggestions=[suggestion_line(each) for each in suggested],
            found=[term_line(term) for term in found],
            words=words,
            reasons=reasons_for(here, {each.pk for each in self.force}, self.typed.why),
            withdrawals=reasons_to_withdraw(here, self.typed.why_withdrawn),
            history=history_in_words(history),
            dictionary=str(self.force[-1]) if self.force else "",
            can_code=bool(self.force) and any(term.site in self.codes_at for term in here),
            chosen=self.typed.term,
        )

    def _row(self, term: CodedTerm) -> RowLine:
        is_chosen = not self.typed.rows or str(Seen.of(term)) in self.typed.rows
        can_code = term.site in self.codes_at
        return row_line(term, can_code=can_code, can_ask=self.can_ask, is_chosen=is_chosen)


def stands_alike(term: CodedTerm, asked: CodedTerm) -> bool:
    """Whether one decision is for both: they wait, or have the same code."""
    if asked.state is State.CODED or term.state is State.CODED:
        return asked.state is term.state and _number_of(asked) == _number_of(term)
    return True


def _number_of(term: CodedTerm) -> int:
    return term.coding.term_id if term.coding else 0


def row_line(term: CodedTerm, *, can_code: bool, can_ask: bool, is_chosen: bool) -> RowLine:
    query = f"{reverse('query-on-page', args=[term.page])}?item={term.coded.item}&row={term.row_key}"
    return RowLine(
        token=str(Seen.of(term)) if can_code else "",
        subject=term.subject,
        place=" ".join(part for part in (term.coded.form, term.visit, term.row_key) if part),
        verbatim=term.verbatim,
        state=str(term.state.label),
        code=str(term.coding.term) if term.coding else "",
        page_url=reverse("page", args=[term.page]),
        query_url=query if can_ask else "",
        is_locked=term.page_state == PageState.LOCKED,
        is_chosen=is_chosen,
    )


def reasons_for(terms: Iterable[CodedTerm], force: Collection[int], chosen: str) -> list[Option]:
    """The reasons to choose from, where a code that stands is replaced."""
    stand = any(
        term.state is State.CODED and term.coding and term.coding.term.dictionary_id in force
        for term in terms
    )
    return [Option(why.value, str(why.label), why.value == chosen) for why in TO_BE_SAID] if stand else []


def reasons_to_withdraw(terms: Iterable[CodedTerm], chosen: str) -> list[Option]:
    """The reasons to choose from, where one of the terms has a code."""
    coded = any(term.coding is not None for term in terms)
    return [Option(why.value, str(why.label), why.value == chosen) for why in NoCode] if coded else []


def coded_before(terms: Iterable[CodedTerm]) -> list[TermLine]:
    """What rows with the same words are coded as, and how many are."""
    found: dict[int, tuple[Term, int]] = {}
    for term in terms:
        if term.coding is not None and term.state is State.CODED:
            to = term.coding.term
            found[to.pk] = (to, found.get(to.pk, (to, 0))[1] + 1)
    told = _("coded so: %(count)s")
    return [term_line(term, told % {"count": count}) for term, count in found.values() if term.is_current]


def history_in_words(codings: Iterable[Coding]) -> list[str]:
    """The codes that one term had, the newest first."""
    return [_was_coded(each) for each in codings]


def _was_coded(coding: Coding) -> str:
    term = coding.term
    told = {"term": term, "concept": term.concept.name, "dictionary": term.dictionary}
    said = _("%(term)s, reported as %(concept)s, %(dictionary)s") % told + f" · {who_coded(coding)}"
    if coding.why:
        said = f"{said} · {Why(coding.why).label}"
    return f"{said} · {_was_withdrawn(coding.withdrawal)}" if hasattr(coding, "withdrawal") else said


def _was_withdrawn(withdrawal: CodingWithdrawal) -> str:
    why = withdrawal.get_why_display()
    told = {"who": withdrawal.printed_name, "at": moment(withdrawal.at), "why": why}
    return _("withdrawn by %(who)s, %(at)s: %(why)s") % told
