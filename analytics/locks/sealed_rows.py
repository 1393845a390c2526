"""The rows of a subject as they are sealed, for whoever writes many values on.

Of a value only what is asked for becomes text: where its row stands is the same in each of its lines, and
what follows can be looked up whole. One expression finds the rows, so that no line is looked at by itself.
"""

import re
from operator import itemgetter

import orjson

_TEXT = rb'[^"\\]*+(?:\\.[^"\\]*+)*+'
"""Between quotation marks: a quotation mark inside of it has a backslash before it."""
_ROW = re.compile(rb'(\n\["%b","(%b","%b)","(%b)",)(.*+(?:\1.*+)*+)' % ((_TEXT,) * 4))

SealedRow = tuple[bytes, bytes, bytes, bytes]
"""A row: what stands before each of its values, its page (visit and form) and its key as they stand between
quotation marks, and its values with what stands before them between one and the next."""
page_of = itemgetter(1)


def rows_of(block: bytes) -> list[SealedRow]:
    """The rows of a subject, by the line of its facts and those of its values."""
    return _ROW.findall(block)


def texts_of(sealed: bytes) -> list[str]:
    """The texts that stand between quotation marks."""
    texts: list[str] = orjson.loads(b'["%b"]' % sealed)
    return texts


def cells_of(value: bytes) -> tuple[str, str, str, str]:
    """Item, value, unit and the reason for having none, of what follows the place of a row."""
    item, text, unit, missing = orjson.loads(b"[" + value)
    return item, text, unit, missing
