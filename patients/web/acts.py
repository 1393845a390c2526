"""The acts of the trail in words. The trail keeps their codes."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.oversight.identity_reads import Purpose
from trial.trail.reading import CORRECTED

ACTS: dict[str, Promise] = {
    "page.saved": gettext_lazy("saved"),
    "page.signed": gettext_lazy("signed"),
    "subject.registered": gettext_lazy("subject registered"),
    "visit.opened": gettext_lazy("visit opened"),
    "pages.opened": gettext_lazy("pages opened"),
    "identity.recorded": gettext_lazy("identity recorded"),
    "identity.viewed": gettext_lazy("identity viewed"),
    "identity.alerted": gettext_lazy("alert: many views of identity"),
    "trail.reviewed": gettext_lazy("trail reviewed"),
    "trail.exported": gettext_lazy("trail taken out"),
    "redaction.requested": gettext_lazy("hiding asked for"),
    "redaction.refused": gettext_lazy("hiding refused"),
    "redaction.done": gettext_lazy("text hidden"),
    "role.granted": gettext_lazy("role granted"),
    "role.ended": gettext_lazy("role ended"),
    "subject.checked": gettext_lazy("subject checked"),
}
_PURPOSES: dict[str, Promise] = {
    Purpose.ENTRY: gettext_lazy("data entry"),
    Purpose.READING: gettext_lazy("reading"),
}


def act_in_words(action: str) -> str:
    return str(ACTS.get(action, action))


def purpose_in_words(reason: str) -> str:
    """What identity was shown for; any other reason is said as it was typed."""
    return str(_PURPOSES.get(reason, reason))


def kinds() -> list[tuple[str, str]]:
    """What can be asked for: corrected values, and each act."""
    return [(CORRECTED, _("corrected values")), *((code, str(words)) for code, words in ACTS.items())]
