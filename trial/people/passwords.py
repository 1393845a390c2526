"""What a password may be (AC-10): 12 to 128 characters, not a common one, nothing known of the person.

No rules of composition and no forced change: both make people choose worse (OWASP ASVS 5.0, 6.2). The list of
common and breached passwords is the one that Django ships, 20,000 of them, so that nothing is asked of a net;
what is made of one of them by a rule is refused like itself (`guesses.py`).
"""

import re
from collections.abc import Iterable, Iterator

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from trial.people.guesses import is_guessable, letters_for_signs
from trial.people.models import Account, Site
from trial.protocol.study import STUDY

PRODUCT = "Chimera"
MOST_LOOKED_AT = 128  # characters: what is longer is refused for that, and would be looked at for long
SHORTEST_PART = 4  # letters of a part of a name that count; of a Chinese name 2


class MaximumLength:
    """More than this only makes the hasher work."""

    def __init__(self, max_length: int) -> None:
        self.max_length = max_length

    def validate(self, password: str, user: object = None) -> None:
        if len(password) > self.max_length:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return _("A password has at most %(most)s characters.") % {"most": self.max_length}


class NotGuessable:
    """Common passwords, and what people make of them, are what a guesser tries first."""

    def validate(self, password: str, user: object = None) -> None:
        if is_guessable(password[:MOST_LOOKED_AT]):
            raise ValidationError(
                _("This password is a common one, or made of one as guessers know it."),
                code="password_too_common",
            )

    def get_help_text(self) -> str:
        return _(
            "A password is no common one, also not with capitals, signs for letters, digits around it or "
            "written twice, and no walk over the keyboard."
        )


class NoContextWord:
    """Names of the product, of the study, of its sites and of the person are what others try first."""

    def validate(self, password: str, user: object = None) -> None:
        looked_at = password[:MOST_LOOKED_AT]
        forms = (looked_at.casefold(), *letters_for_signs(looked_at))
        for word in _context_words(user if isinstance(user, Account) else None):
            if any(word.casefold() in form for form in forms):
                raise ValidationError(
                    _("A password holds no name of the study, a site or yourself, as “%(word)s” is.")
                    % {"word": word},
                    code="password_context_word",
                )

    def get_help_text(self) -> str:
        return _("A password holds no name of the study, of a site or of yourself.")


def _context_words(account: Account | None) -> Iterator[str]:
    yield PRODUCT
    yield from _parts((STUDY.study_id, STUDY.registry_id))
    for code, name in Site.objects.values_list("code", "name"):
        yield from _parts((code, name))
    if account is not None:
        yield from _parts((account.user_name, account.printed_name))


def _parts(names: Iterable[str]) -> Iterator[str]:
    """Each name and its parts, longest first, without those too short to mean anything."""
    for name in names:
        parts = {name, *re.split(r"[\W_]+", name)}
        yield from sorted((part for part in parts if _means_something(part)), key=len, reverse=True)


def _means_something(part: str) -> bool:
    return len(part) >= (SHORTEST_PART if part.isascii() else 2)
