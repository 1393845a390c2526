"""By what two subjects of a site may be seen to be one person (DI-11): by what is the same of their identity.

Texts are tidied first, since the same person is not typed the same twice. Nothing here is kept in clear:
`patients.casebook.identity.Likeness` keeps a keyed hash of each.
"""

import re
import unicodedata
from enum import StrEnum

from patients.items.partial_date import read_partial_date
from patients.items.problems import NotAnAnswer

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_BETWEEN_NAMES = re.compile(r"[\s,.，、·•]+")
INITIALS_OF_HAN = 2  # the surname and the first character of the given name


class Sign(StrEnum):
    """What is the same of two subjects, the strongest first."""

    HOSPITAL_NUMBER = "hospital_number"
    NAME_AND_BIRTH_DATE = "name_and_birth_date"
    BIRTH_DATE = "birth_date"
    BIRTH_YEAR_AND_INITIALS = "birth_year_and_initials"


WHATEVER_THE_SEX = frozenset({Sign.HOSPITAL_NUMBER, Sign.NAME_AND_BIRTH_DATE})
"""Signs that are strong enough to stand where the sex is recorded differently, which may be the mistake."""


def signs_of(birth_date: str, full_name: str, hospital_number: str) -> dict[Sign, str]:
    """By what somebody is compared, of what is known. `birth_date`: as an item's text, may be partial."""
    day, year = _birth(birth_date)
    name, initials = tidy(full_name), initials_of(full_name)
    found = {
        Sign.HOSPITAL_NUMBER: tidy(hospital_number),
        Sign.NAME_AND_BIRTH_DATE: f"{name} {day}" if name and day else "",
        Sign.BIRTH_DATE: day,
        Sign.BIRTH_YEAR_AND_INITIALS: f"{year} {initials}" if year and initials else "",
    }
    return {sign: text for sign, text in found.items() if text}


def tidy(text: str) -> str:
    """Letters and digits alone, of one width and one case, without accents."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text)).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def initials_of(full_name: str) -> str:
    """`Zhang Xiao-Ming` and `XIAOMING, Zhang` are both `xz`; a name in Han characters is known by its first
    two, since its initials would need its pinyin."""
    han = _HAN.findall(unicodedata.normalize("NFKC", full_name))
    if han:
        return "".join(han[:INITIALS_OF_HAN])
    words = (tidy(word) for word in _BETWEEN_NAMES.split(full_name))
    return "".join(sorted(word[0] for word in words if word))


def _birth(text: str) -> tuple[str, str]:
    """The birth date if it is a full one, and the year of birth; empty where not known."""
    try:
        found = read_partial_date(text)
    except NotAnAnswer:
        return "", ""
    return str(found) if found.is_full else "", str(found.year)
