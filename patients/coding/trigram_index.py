"""An index of texts by their trigrams: which of many are like one, without a look at each of them.

Rows are trigrams, each with the texts that have it; an answer adds up the rows of what is asked for. It says
of two texts what `folding.likeness` says. It is made once and kept as bytes: of 80,000 texts it is read in a
moment, and made in a second.
"""

import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patients.coding.folding import fold, padded

LEAST_LIKE = 0.25  # below it two texts have no more in common than any two
LEAST_HELD = 0.5
_SPACE = ord(" ")
_SHIFT = np.uint64(21)  # bits of a code point
_ARRAYS = ("numbers", "keys", "owners", "bounds", "sizes")


class TrigramIndex:
    """The trigrams of many folded texts, each text with a number."""

    def __init__(self, numbers: Any, keys: Any, owners: Any, bounds: Any, sizes: Any) -> None:
        """Texts stand for their position in `numbers`: those in `owners` from `bounds[n]` on have the trigram
        `keys[n]`, and `sizes` says how many each has."""
        self.numbers, self.keys, self.sizes = numbers, keys, sizes
        self._owners, self._bounds = owners, bounds

    @classmethod
    def of(cls, texts: Iterable[tuple[int, str]]) -> "TrigramIndex":
        """Of folded texts, each with a number."""
        listed = list(texts)
        numbers = np.array([number for number, _text in listed], dtype=np.int64)
        keys, owners = _keys_of([padded(text) for _number, text in listed])
        order = np.argsort(keys, kind="stable")
        keys, owners = keys[order], owners[order]  # of one trigram the texts in their order
        is_new = _differs(keys)
        kept = is_new | _differs(owners)  # a text may have a trigram twice
        owners = owners[kept].astype(np.int32)
        bounds = np.append(np.flatnonzero(is_new[kept]), len(owners))
        return cls(numbers, keys[is_new], owners, bounds, np.bincount(owners, minlength=len(listed)))

    @classmethod
    def read(cls, content: bytes) -> "TrigramIndex":
        """As `written` has written it."""
        with np.load(io.BytesIO(content), allow_pickle=False) as kept:
            return cls(*(kept[name] for name in _ARRAYS))

    def written(self) -> bytes:
        arrays = (self.numbers, self.keys, self._owners, self._bounds, self.sizes)
        content = io.BytesIO()
        np.savez(content, **dict(zip(_ARRAYS, arrays, strict=True)))
        return content.getvalue()

    def like(self, text: str, most: int) -> list[tuple[int, float]]:
        """The numbers of the texts most like this one, with how alike they are (`folding.likeness`)."""
        common, size = self._common(text)
        return self._top(2 * common / np.maximum(1, self.sizes + size), most, LEAST_LIKE)

    def holding(self, text: str, most: int) -> list[tuple[int, float]]:
        """The texts that hold most of it, of these the shortest first."""
        common, size = self._common(text)
        held = common / max(1, size)
        return self._top(held - self.sizes / 1e6, most, LEAST_HELD)

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
