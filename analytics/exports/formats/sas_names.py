"""Names that SAS transport files have room for: eight letters, digits and underscores, once in a table."""

from collections.abc import Iterable

LONGEST = 8
_VOWELS = "AEIOU"


def sas_names(names: Iterable[str]) -> dict[str, str]:
    """A short name for each name, in their order: the name itself where it fits, else what is left of it
    without underscores and then without vowels, cut; one that is taken already gets a number."""
    found: dict[str, str] = {}
    for name in names:
        found[name] = _free(_shortened(name.upper()), set(found.values()))
    return found


def _shortened(name: str) -> str:
    """The first letter of each word stays, also where it is a vowel."""
    if len(name) <= LONGEST:
        return name
    words = name.split("_")
    joined = "".join(words)
    if len(joined) <= LONGEST:
        return joined
    bare = "".join(
        word[:1] + "".join(letter for letter in word[1:] if letter not in _VOWELS) for word in words
    )
    return bare[:LONGEST]


def _free(name: str, taken: set[str]) -> str:
    number, tried = 1, name
    while tried in taken:
        number += 1
        tried = f"{name[: LONGEST - len(str(number))]}{number}"
    return tried
