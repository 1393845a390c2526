"""Terms of the same words together: one decision codes all of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from patients.coding.codes import Coding
from patients.coding.dictionaries import Term, in_force
from patients.coding.schemes import CodedItem
from patients.coding.standing import CodedTerm, State, entered_at, terms_at
from patients.coding.suggesting import exact_terms


@dataclass(frozen=True, slots=True)
class Group:
    """Terms of one item whose words are the same but for case, width and spacing, that stand the same and
    have the same code. `since`: when the first of their texts was last saved."""

    terms: tuple[CodedTerm, ...]
    since: datetime | None

    @property
    def coded(self) -> CodedItem:
        return self.terms[0].coded

    @property
    def verbatim(self) -> str:
        return self.terms[0].verbatim

    @property
    def state(self) -> State:
        return self.terms[0].state

    @property
    def coding(self) -> Coding | None:
        return self.terms[0].coding

    @property
    def term(self) -> Term | None:
        """The term that they are coded as."""
        return self.coding.term if self.coding else None


def grouped(terms: Iterable[CodedTerm]) -> list[Group]:
    """The groups, those that wait longest first, and then by their words."""
    found: dict[tuple[str, str, str, str, int], list[CodedTerm]] = {}
    for term in terms:
        chosen = term.coding.term_id if term.coding else 0
        key = (term.coded.form, term.coded.item, term.folded, term.state.value, chosen)
        found.setdefault(key, []).append(term)
    saved = entered_at([term for several in found.values() for term in several])
    groups = [
        Group(tuple(several), min((saved[term.key] for term in several if term.key in saved), default=None))
        for several in found.values()
    ]
    return sorted(groups, key=lambda group: (_instant(group.since), group.verbatim, group.coded.item))


def _instant(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


# --- what can be done for many at once ----------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Proposal:
    """A group and the term that it may be coded as."""

    group: Group
    term: Term


def exact_proposals(sites: Collection[str]) -> list[Proposal]:
    """What waits for its first code or has another text, and is word for word one term of a dictionary."""
    groups = grouped(terms_at(sites, (State.UNCODED, State.CHANGED)))
    return [
        Proposal(group, terms[group.verbatim])
        for scheme in {group.coded.scheme: None for group in groups}
        for of_scheme in [[group for group in groups if group.coded.scheme == scheme]]
        for terms in [exact_terms(scheme, (group.verbatim for group in of_scheme))]
        for group in of_scheme
        if group.verbatim in terms
    ]


def carried_proposals(sites: Collection[str]) -> list[Proposal]:
    """What was coded in an older version of which the version in force says the same."""
    groups = grouped(terms_at(sites, (State.CODED,)))
    found: list[Proposal] = []
    for scheme in {group.coded.scheme: None for group in groups}:
        force = set(in_force(scheme).values_list("pk", flat=True))
        older = [
            (group, group.term)
            for group in groups
            if group.coded.scheme == scheme and group.term and group.term.dictionary_id not in force
        ]
        now = terms_now(scheme, (term for _group, term in older))
        found += [Proposal(group, now[term.code]) for group, term in older if term.code in now]
    return found


def terms_now(scheme: str, terms: Iterable[Term]) -> dict[str, Term]:
    """What the version in force has under the codes of these terms; in the language of the term where there
    are several."""
    asked = {term.code: term for term in terms}
    if not asked:
        return {}
    found: dict[str, Term] = {}
    now = Term.objects.filter(dictionary__in=in_force(scheme), code__in=asked)
    for term in now.select_related("concept", "dictionary").order_by("id"):
        same_language = term.dictionary.language == asked[term.code].dictionary.language
        if same_language or term.code not in found:
            found[term.code] = term
    return found
