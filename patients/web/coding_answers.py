"""What is said after terms were coded, or were not, and with which status."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.coding.coding_act import CannotCode, TermChanged, TermClosed
from patients.web.once import SENT_BEFORE
from patients.web.saving import CONFLICT, UNPROCESSABLE

LOCKED = 423


def said_of(coded: int) -> str:
    return ngettext("%(count)s term is coded.", "%(count)s terms are coded.", coded) % {"count": coded}


def said_of_withdrawn(count: int) -> str:
    said = ngettext("%(count)s code is withdrawn.", "%(count)s codes are withdrawn.", count)
    return said % {"count": count}


def why_not(refused: Exception) -> tuple[str, ...]:
    if isinstance(refused, CannotCode):
        return (str(refused),)
    if isinstance(refused, TermClosed):
        return (_("A page is locked: its terms keep the codes that they have."),)
    if isinstance(refused, TermChanged):
        return (_("A text or a code changed in the meantime. Look again at what is shown now."),)
    return (str(SENT_BEFORE),)


def status_of(refused: Exception | None) -> int:
    if refused is None:
        return 200
    if isinstance(refused, TermClosed):
        return LOCKED
    return CONFLICT if isinstance(refused, TermChanged) else UNPROCESSABLE
