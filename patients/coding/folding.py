"""When two texts are the same term, and how alike they are. Pure functions.

Case, width and spacing tell no terms apart. Likeness is that of the trigrams of the words (Dice): the order
of the words does not matter, a slip of the keyboard little; a name in Han characters is one word.
"""

import unicodedata

WORD_BEGINS, WORD_ENDS = "  ", " "


def fold(text: str) -> str:
    """The text without case, width and superfluous spaces (NFKC case folding, Unicode Standard 3.13)."""
    plain = unicodedata.normalize("NFD", text)
    for _again in range(2):
        plain = unicodedata.normalize("NFKC", plain.casefold())
    return " ".join(plain.split())


def padded(text: str) -> str:
    """A folded text with the beginnings and ends of its words marked, as trigrams are cut from it."""
    return "".join(f"{WORD_BEGINS}{word}{WORD_ENDS}" for word in text.split(" ") if word)


def trigrams(text: str) -> frozenset[str]:
    """The trigrams of a folded text; none runs over the end of a word."""
    marked = padded(text)
    found = (marked[at : at + 3] for at in range(len(marked) - 2))
    return frozenset(gram for gram in found if gram[1:] != "  ")


def likeness(one: str, other: str) -> float:
    """How alike two texts are, from 0 to 1; 1 for texts of the same words."""
    here, there = trigrams(fold(one)), trigrams(fold(other))
    return 2 * len(here & there) / (len(here) + len(there)) if here and there else 0.0
