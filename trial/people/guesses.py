"""What a guesser makes of a common password, undone: the forms in which a password is looked up in the list.

A list of breached passwords has few of 12 characters and more; people make those of a short one, by capitals,
signs for letters, a year and a sign behind it, or by writing it twice. Tools for guessing apply exactly these
rules (NIST SP 800-63B, 5.1.1.2: common, expected or compromised values). Nothing is asked of a net.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from django.contrib.auth.password_validation import CommonPasswordValidator

LEAST_CHARACTERS = 12  # of a password; a unit that is repeated has to have as many
SHORTEST_RUN = 3  # keys of a walk
OF_THE_HOUSE = frozenset(
    {"chimera", "clinicaltrial", "hospital", "leukaemia", "leukemia", "oncology", "registry", "transplant"}
)
"""Words that are expected here, beside those of the list."""

_SIGNS = str.maketrans("@4830!$5+7|", "aabeoissttl")
_ONE_IS = ("i", "l")
_SHIFTED = str.maketrans('!@#$%^&*()_+{}:"<>?', "1234567890-=[];',./")
_ROWS = ("1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./")
_PLACES = {key: (row, column) for row, keys in enumerate(_ROWS) for column, key in enumerate(keys)}


def is_guessable(password: str) -> bool:
    """Whether a password is one of those that are tried first, or is made of one by a rule."""
    folded = password.casefold()
    if any(form in _common() for form in _forms(folded)):
        return True
    return _period(folded) < LEAST_CHARACTERS or _is_walk(folded) or _is_walk(_without_edges(folded))


def letters_for_signs(text: str) -> Iterator[str]:
    """The text with letters for the signs that stand for them, `P@ssw0rd` as `password`."""
    folded = text.casefold().translate(_SIGNS)
    yield from (folded.replace("1", letter) for letter in _ONE_IS)


def _forms(folded: str) -> Iterator[str]:
    """The password, what is left without digits and signs around or within it, each with letters for signs;
    and of each the unit that it repeats."""
    bare = re.sub(r"[\W_]+", "", folded)
    for text in (folded, bare, *map(_without_edges, (folded, bare)), _without_end(folded)):
        for form in (text, *letters_for_signs(text)):
            yield from (form, form[: _period(form)])


@cache
def _common() -> frozenset[str]:
    listed: set[str] = CommonPasswordValidator().passwords
    return OF_THE_HOUSE | listed


def _without_edges(text: str) -> str:
    return re.sub(r"^[\W\d_]+", "", _without_end(text))


def _without_end(text: str) -> str:
    return re.sub(r"[\W\d_]+$", "", text)


def _period(text: str) -> int:
    """The length of the unit that a text repeats, the last time perhaps not to its end; else its own."""
    for length in range(1, len(text) // 2 + 1):
        if text[length:] == text[:-length]:
            return length
    return len(text)


def _is_walk(folded: str) -> bool:
    """Whether a text is nothing but runs over neighbouring keys, or along the alphabet: `1qaz2wsx3edc`."""
    keys = folded.translate(_SHIFTED)
    if len(keys) < SHORTEST_RUN:
        return False
    runs = [1]
    for one, other in pairwise(keys):
        if _is_step(one, other):
            runs[-1] += 1
        else:
            runs.append(1)
    return min(runs) >= SHORTEST_RUN


def _is_step(one: str, other: str) -> bool:
    """The same key, the next letter or digit, or a key that touches it: in its row, below or to the left."""
    if abs(ord(one) - ord(other)) <= 1:
        return True
    if one not in _PLACES or other not in _PLACES:
        return False
    (row, column), (below, there) = sorted((_PLACES[one], _PLACES[other]))
    return (row == below and there - column == 1) or (below - row == 1 and there - column in (0, -1))
