"""Which terms of the dictionaries in force are like a text: from an index of trigrams in memory.

The index of a dictionary is built when somebody first asks and kept as long as the process lives. Rows are
trigrams, each with the terms that have it; an answer adds up the rows of the text (`make bench-coding` in
`docs/performance.md` says how long that takes).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patients.coding.dictionaries import Dictionary, Term, in_force
from patients.coding.folding import fold, padded

SUGGESTIONS = 6
LEAST_LIKE = 0.25  # below it two texts have no more in common than any two
KEPT = 6  # indexes: two schemes in two languages, and room for a change of version
_SPACE = ord(" ")
_SHIFT = np.uint64(21)  # bits of a code point


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


# --- the index -------------------------------------------------------------------------------------------
class TrigramIndex:
    """The trigrams of many folded texts, each text with a number."""

    def __init__(self, texts: Iterable[tuple[int, str]]) -> None:
        listed = list(texts)
        self.numbers: NDArray[np.int64] = np.array([number for number, _text in listed], dtype=np.int64)
        keys, owners = _keys_of([padded(text) for _number, text in listed])
        order = np.argsort(keys, kind="stable")
        keys, owners = keys[order], owners[order]  # of one trigram the texts in their order
        is_new = _differs(keys)
        kept = is_new | _differs(owners)  # a text may have a trigram twice
        self.keys, self._owners = keys[is_new], owners[kept].astype(np.int32)
        self._bounds: NDArray[Any] = np.append(np.flatnonzero(is_new[kept]), len(self._owners))
        self.sizes = np.bincount(self._owners, minlength=len(listed))

    def like(self, text: str, most: int) -> list[tuple[int, float]]:
        """The numbers of the texts most like this one, with how alike they are (`folding.likeness`)."""
        common, size = self._common(text)
        return self._top(2 * common / np.maximum(1, self.sizes + size), most, LEAST_LIKE)

    def holding(self, text: str, most: int) -> list[tuple[int, float]]:
        """The texts that hold most of it, of these the shortest first."""
        common, size = self._common(text)
        held = common / max(1, size)
        return self._top(held - self.sizes / 1e6, most, 0.5)

    def _common(self, text: str) -> tuple[NDArray[Any], int]:
        """How many of the trigrams of a text each of ours has, and how many it has itself."""
        keys = np.unique(_keys_of([padded(fold(text))])[0])
        at = np.searchsorted(self.keys, keys)
        known = [place for place, key in zip(at, keys, strict=True) if self._is_at(place, key)]
        rows = [self._owners[self._bounds[place] : self._bounds[place + 1]] for place in known]
        joined = np.concatenate(rows) if rows else np.empty(0, dtype=np.int32)
        return np.bincount(joined, minlength=len(self.numbers)), len(keys)

    def _is_at(self, place: int, key: Any) -> bool:
        return bool(place < len(self.keys) and self.keys[place] == key)

    def _top(self, scores: NDArray[Any], most: int, least: float) -> list[tuple[int, float]]:
        chosen = np.argpartition(-scores, most)[:most] if len(scores) > most else np.arange(len(scores))
        found = [(int(self.numbers[each]), min(1.0, float(scores[each]))) for each in chosen]
        return sorted((each for each in found if each[1] >= least), key=lambda each: (-each[1], each[0]))


def _differs(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a value is not the one before it."""
    first = np.ones(min(1, len(values)), dtype=np.bool_)
    return np.concatenate([first, values[1:] != values[:-1]])


def _keys_of(marked: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Each trigram of padded texts as a number, and which text it is from. One that begins at the end of a
    word is none: what follows it is the beginning of another."""
    points = np.frombuffer("".join(marked).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    if len(points) < 3:
        return np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
    first, second, third = points[:-2], points[1:-1], points[2:]
    within = ~((second == _SPACE) & (third == _SPACE))
    owners = np.repeat(np.arange(len(marked)), [len(each) for each in marked])[:-2]
    keys = (first << (_SHIFT + _SHIFT)) | (second << _SHIFT) | third
    return keys[within], owners[within]


def _index_of(dictionary: Dictionary) -> TrigramIndex:
    return _built(dictionary.pk, dictionary.digest, dictionary.loaded_at.isoformat())


@lru_cache(maxsize=KEPT)
def _built(dictionary: int, digest: str, loaded_at: str) -> TrigramIndex:
    """A dictionary never changes; its digest and time tell it from one of another registry."""
    current = Term.objects.filter(dictionary=dictionary, is_current=True).order_by("id")
    return TrigramIndex(current.values_list("id", "folded").iterator(chunk_size=10_000))
