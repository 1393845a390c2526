"""What the screens say, in the language of a browser."""

from django.utils import translation
from django.utils.translation import gettext, ngettext

LANGUAGES = ("en-GB", "zh-CN")


def said(language: str, text: str, **named: object) -> str:
    """A text of the catalogue with its names filled in."""
    with translation.override(translation.get_supported_language_variant(language.lower())):
        return gettext(text) % named if named else gettext(text)


def said_of(language: str, one: str, several: str, number: int, **named: object) -> str:
    """A text of the catalogue that counts."""
    with translation.override(translation.get_supported_language_variant(language.lower())):
        return ngettext(one, several, number) % named


def label(language: str, declared: object) -> str:
    """What an item or a code list calls something."""
    with translation.override(translation.get_supported_language_variant(language.lower())):
        return str(declared)
