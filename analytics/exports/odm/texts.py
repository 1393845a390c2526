"""ODM-XML as text: what a file is put together of."""

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

from patients.casebook.odm import NAMESPACE

_SPECIAL = re.compile('[&<>"\\x00-\\x1f\ufffe\uffff]')
_REFUSED = dict.fromkeys([*range(0x20), 0xFFFE, 0xFFFF], "\ufffd")
"""Characters that no XML can hold, written as the sign for one that is lost."""
_ENTITIES = _REFUSED | {
    ord(sign): text
    for sign, text in {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "\t": "&#9;",
        "\n": "&#10;",
        "\r": "&#13;",
    }.items()
}


def escaped(text: str) -> str:
    """A text as it stands in an attribute, its line ends kept."""
    return text.translate(_ENTITIES) if _SPECIAL.search(text) else text


def opening_tag(attributes: Mapping[str, str]) -> str:
    """The beginning of a document."""
    told = " ".join(f'{name}="{escaped(text)}"' for name, text in attributes.items())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<ODM xmlns="{NAMESPACE}" {told}>\n'


def as_text(found: Any) -> str:
    """An element as text inside a document of the namespace."""
    text: str = etree.tostring(found, encoding="unicode", pretty_print=True)
    return text.replace(f' xmlns="{NAMESPACE}"', "", 1)
