"""Why an answer is missing. Missing, zero and unknown are different facts and are kept apart."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MissingReason(models.TextChoices):
    """Stored beside the empty item; suppresses the question for it."""

    NOT_DONE = "not_done", _("Not done")
    NOT_APPLICABLE = "not_applicable", _("Not applicable")
    UNKNOWN = "unknown", _("Unknown")
    NOT_ASKED = "not_asked", _("Not asked")
