"""Elements of ODM-XML, and texts in the languages of the registry."""

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any

from django.utils import translation
from lxml import etree

from analytics.exports.about import About
from patients.casebook.odm import NAMESPACE
from patients.items.problems import Text
from trial.protocol.study import SITE_ZONE

XML = "http://www.w3.org/XML/1998/namespace"
_LAST = time(23, 59, 59)
LANGUAGES = {"en": "en", "zh-hans": "zh-Hans"}
"""Language of the registry: as XML names it. The first is that in which everything is declared."""


def odm(tag: str) -> str:
    return f"{{{NAMESPACE}}}{tag}"


def element(tag: str, attributes: Mapping[str, Any] = {}, children: Iterable[Any] = ()) -> Any:
    """An element; attributes that are empty are left out."""
    told = {name: str(value) for name, value in attributes.items() if value not in ("", None)}
    found = etree.Element(odm(tag), told, nsmap={None: NAMESPACE})
    found.extend(children)
    return found


def worded(tag: str, text: str) -> Any:
    """An element that holds plain text."""
    found = element(tag)
    found.text = text
    return found


def translated(tag: str, text: Text) -> Any:
    """An element with a text in each language; once where they say the same."""
    return element(tag, children=_translations(text))


def _translations(text: Text) -> Iterable[Any]:
    said: set[str] = set()
    for language, named in LANGUAGES.items():
        with translation.override(language):
            words = str(text)
        if words not in said:
            said.add(words)
            found = element("TranslatedText", {f"{{{XML}}}lang": named})
            found.text = words
            yield found


def alias(context: str, name: str) -> Any:
    return element("Alias", {"Context": context, "Name": name})


def root_attributes(about: About, *, kind: str, description: str) -> dict[str, str]:
    """What a file says of itself. The moment is that of the lock: the same lock gives the same bytes."""
    to = about.disclosure
    genetic = "held" if to.filing else "withheld"
    subjects = "pseudonyms" if to.hides_sites else "codes"
    return {
        "ODMVersion": "1.3.2",
        "FileType": kind,
        "FileOID": about.file_oid(description),
        **({"PriorFileOID": about.previous} if about.previous else {}),
        "Description": f"{description}; dates: {to.dates}; genetic data: {genetic}; subjects: {subjects}",
        "CreationDateTime": about.at.isoformat(timespec="seconds"),
        "AsOfDateTime": datetime.combine(about.cutoff, _LAST, SITE_ZONE).isoformat(),
        "Originator": "Chimera",
        "SourceSystem": "Chimera",
        "SourceSystemVersion": about.version,
    }
