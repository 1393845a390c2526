"""Free text that looks like somebody's identity is refused, and the place in it is shown (X-SYS-04).

Looked for: the 18-digit number of a Chinese identity card with a valid check digit (GB 11643), mobile and
landline numbers, and labelled hospital or record numbers. Trial codes such as HZ01-007 pass.
"""

import re
from collections.abc import Iterable, Iterator

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from patients.casebook.identity import Identity
from patients.entry.edits import Edit
from patients.entry.reasons import LEAST_CHARACTERS, NO_REASON, Reasons
from patients.items.problems import Finding, Severity
from patients.items.types import MultiReferenceItem, ReferenceItem, TextItem, is_keepable

MOST_CHARACTERS = 200  # of a reason

_ID_CARD = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # as a Chinese keyboard types 138
_MOBILE = re.compile(r"(?<![\d.])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?![\d.])")
_LANDLINE = re.compile(r"(?<![\d.-])0\d{2,3}[- ]\d{7,8}(?!\d)")
_RECORD = re.compile(
    r"(?:住院号|病案号|门诊号|病历号|身份证号?|hospital\s*(?:no|number)|MRN|record\s*(?:no|number))"
    r"\s*[.:#：]?\s*[A-Za-z]{0,3}\d{5,}",
    re.IGNORECASE,
)


def _is_id_card(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return _CHECK_DIGITS[total % 11] == number[17].upper()


def identity_in(text: str) -> str:
    """The first part of a text that looks like an identity; empty if there is none."""
    found = _place_in(text.translate(_HALF_WIDTH))
    return text[found] if found else ""


def _place_in(text: str) -> slice | None:
    for found in _ID_CARD.finditer(text):
        if _is_id_card(found[0]):
            return slice(*found.span())
    for pattern in (_RECORD, _MOBILE, _LANDLINE):
        if match := pattern.search(text):
            return slice(*match.span())
    return None


def reason_without_identity(reason: str, known: Iterable[Identity]) -> str:
    """Why something was done about somebody's identity, fit to be read by anybody. `known`: who it must not
    name. Raises ValidationError."""
    reason = reason.strip()
    if not LEAST_CHARACTERS <= len(reason) <= MOST_CHARACTERS or not is_keepable(reason):
        raise ValidationError(_("Say why, in 5 to 200 characters."))
    if identity_in(reason) or any(one.is_told_in(reason) for one in known):
        raise ValidationError(_("Say why without a name, a birth date or a number of the person."))
    return reason


def identities(edits: Iterable[Edit], reasons: Reasons) -> list[Finding]:
    """The free texts among the edits, and among the reasons for them, that hold an identity."""
    return [
        Finding(
            edit.item.name,
            _("Possible identity data: remove “%(found)s”, at character %(place)s.")
            % {"found": found, "place": text.index(found) + 1},
            Severity.REFUSED,
            edit.row_key,
            check="X-SYS-04",
        )
        for edit in edits
        for text in _free_texts(edit, reasons)
        if (found := identity_in(text))
    ]


def _free_texts(edit: Edit, reasons: Reasons) -> Iterator[str]:
    """What a person typed freely: a text, a key of a record that cannot be looked up yet, a reason."""
    if isinstance(edit.item, TextItem | ReferenceItem | MultiReferenceItem) and edit.value:
        yield edit.item.text(edit.value)
    if not edit.is_first:
        yield reasons.get((edit.row_key, edit.item.name), NO_REASON).text
