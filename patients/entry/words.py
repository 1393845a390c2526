"""What speaks against words that somebody typed freely, outside the items of a form (PV-03)."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from patients.casebook.identity import Identity
from patients.casebook.page import Subject
from patients.entry.identity_patterns import identity_in
from patients.items.types import is_keepable


def against(text: str, label: str, *, least: int, most: int) -> Iterator[str]:
    """Why a text cannot be kept: its length, a character that no database keeps, a possible identity."""
    named = {"label": label, "least": least, "most": most}
    if not least <= len(text.strip()) <= most or not is_keepable(text):
        yield _("%(label)s: between %(least)s and %(most)s characters.") % named
    elif found := identity_in(text):
        said = {"found": found, "place": text.index(found) + 1}
        yield _("Possible identity data: remove “%(found)s”, at character %(place)s.") % said


def naming(subject: Subject, text: str) -> Iterator[str]:
    """That the text says who the subject is: the name, hospital number or birth date on record."""
    identity = Identity.objects.filter(subject=subject).first()
    if identity is not None and identity.is_told_in(text):
        yield _("The text holds the name, the hospital number or the birth date of the subject. Remove it.")
