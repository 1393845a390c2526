"""Text for a spreadsheet, in which no cell becomes a formula (CP-04; OWASP, CSV injection).

A text that a spreadsheet would read as a formula gets an apostrophe before it, and so does a text that has
one already: to take one apostrophe away gives the text back. Numbers stay numbers.
"""

import re

_FORMULA = "=+-@\t\r＝＋－＠"
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
AS_FORMULA = r"^['=+\-@\t\r＝＋－＠]"
"""What begins a text that gets an apostrophe, for who judges whole columns of texts: a number that stands
among texts is one of them."""


def cell(text: str) -> str:
    """The text as a spreadsheet may have it."""
    if text[:1] == "'" or (text[:1] in _FORMULA and text and not _NUMBER.fullmatch(text)):
        return f"'{text}"
    return text


def text_of(cell: str) -> str:
    """The text of which `cell` was made."""
    return cell[1:] if cell[:1] == "'" else cell
