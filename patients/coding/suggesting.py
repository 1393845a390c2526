"""Which terms of the dictionaries in force are like a text, by the index that was made when they were loaded.

An index is read when somebody first asks and kept as long as the process lives (`benchmarks/coding.py` says
how long that takes).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from patients.coding.dictionaries import Dictionary, Term, TermIndex, in_force
from patients.coding.folding import fold
from patients.coding.trigram_index import TrigramIndex

SUGGESTIONS = 6
KEPT = 6  # indexes: two schemes in two languages, and room for a change of version


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A term with how alike it is, from 0 to 1; at 1 the words are the same."""

    term: Term
    likeness: float

    @property
    def percent(self) -> int:
        return int(self.likeness * 100)


def suggest(scheme: str, text: str, most: int = SUGGESTIONS) -> list[Suggestion]:
    """The current terms of a scheme that are most like a text, the likest first."""
    return suggest_each(scheme, [text], most)[text]


def suggest_each(scheme: str, texts: Iterable[str], most: int = SUGGESTIONS) -> dict[str, list[Suggestion]]:
    """The same for several texts, in one number of statements."""
    indexes = [_index_of(each) for each in in_force(scheme)]
    found = {text: _best([index.like(text, most) for index in indexes], most) for text in texts}
    terms = _terms_of(number for ranked in found.values() for number, _score in ranked)
    return {
        text: [Suggestion(terms[number], score) for number, score in ranked] for text, ranked in found.items()
    }


def search(scheme: str, words: str, most: int) -> list[Suggestion]:
    """The current terms that hold most of the words that somebody typed, or have this code."""
    dictionaries = list(in_force(scheme))
    coded = Term.objects.filter(dictionary__in=dictionaries, code=words.strip(), is_current=True)
    exact = [Suggestion(term, 1.0) for term in coded.select_related("concept", "dictionary")]
    ranked = _best([_index_of(each).holding(words, most) for each in dictionaries], most)
    terms = _terms_of(number for number, _score in ranked)
    return [*exact, *(Suggestion(terms[number], score) for number, score in ranked)][:most]


def exact_terms(scheme: str, texts: Iterable[str]) -> dict[str, Term]:
    """The one term whose name is the text, but for case, width and spacing. A text that names terms of
    several concepts has none: somebody has to choose."""
    folded = {text: fold(text) for text in texts}
    wanted = Term.objects.filter(
        dictionary__in=in_force(scheme), folded__in=set(folded.values()), is_current=True
    )
    by_name: dict[str, list[Term]] = {}
    for term in wanted.select_related("concept", "dictionary").order_by("id"):
        by_name.setdefault(term.folded, []).append(term)
    alone = {name: terms[0] for name, terms in by_name.items() if len({t.concept.code for t in terms}) == 1}
    return {text: alone[name] for text, name in folded.items() if name in alone}


def _best(ranked: Iterable[Sequence[tuple[int, float]]], most: int) -> list[tuple[int, float]]:
    together = [each for several in ranked for each in several]
    return sorted(together, key=lambda each: (-each[1], each[0]))[:most]


def _terms_of(numbers: Iterable[int]) -> dict[int, Term]:
    return Term.objects.select_related("concept", "dictionary").in_bulk(set(numbers))


def _index_of(dictionary: Dictionary) -> TrigramIndex:
    return _read(dictionary.pk, dictionary.digest, dictionary.loaded_at.isoformat())


@lru_cache(maxsize=KEPT)
def _read(dictionary: int, digest: str, loaded_at: str) -> TrigramIndex:
    """A dictionary never changes; its digest and time tell it from one of another registry."""
    return TrigramIndex.read(bytes(TermIndex.objects.get(dictionary=dictionary).content))
