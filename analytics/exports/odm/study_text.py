"""What is declared as text, made once: it is the same in the file of each lock that a process writes.

Of what is declared only lists of codes change while the application runs. The text is made anew when one has.
"""

from functools import cache, lru_cache

from analytics.exports.disclosure import Disclosure
from analytics.exports.odm.code_lists import CodeLists, codes_of
from analytics.exports.odm.metadata import groups, study
from analytics.exports.odm.texts import as_text
from patients.casebook.odm import FLAGS, HELD, MISSING
from patients.items.codelists import CodeList

MOST_KEPT = 4
"""Texts, of 1.2 MB each: as many kinds of readers as there are, of one version."""


def lists_of_data() -> CodeLists:
    """The lists that data draw on beside those of the items."""
    lists = CodeLists()
    for codes in (MISSING, FLAGS):
        lists.oid(codes)
    return lists


def study_text(version: str, to: Disclosure) -> bytes:
    """The Study element of a file with data, for a reader. `version` is the OID of the MetaDataVersion."""
    changing = tuple(tuple(codes.labels) for codes in _changing_lists())
    return _made(version, Disclosure(to.dates, HELD if to.filing else ""), changing)


@lru_cache(MOST_KEPT)
def _made(version: str, to: Disclosure, _changing: tuple[tuple[str, ...], ...]) -> bytes:
    return as_text(study(version, to, lists_of_data())).encode()


@cache
def _changing_lists() -> list[CodeList]:
    items = (item for group in groups(Disclosure()) for item in group.items)
    return [codes for codes in map(codes_of, items) if codes is not None and not codes.is_fixed]
