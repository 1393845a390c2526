"""The end of the study: recorded once, after everything is locked; from it the time of keeping counts."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.oversight.casebook_locks import study_is_locked
from patients.web.study_file.register import Act, Register, Row, how
from patients.web.study_file.typed import day, why
from trial.people.models import Account, Site
from trial.protocol.closing import StudyClosing, record_closing
from trial.protocol.study import site_today


class ClosingForm(forms.Form):
    """The day, and the document that says so."""

    on = day(gettext_lazy("Closed on"))
    reason = why()

    def __init__(self, *args: Any, sites: Iterable[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


def _closings(_sites: Sequence[Site]) -> Iterable[Row]:
    for one in StudyClosing.objects.all():
        is_kept = site_today() < one.kept_until
        stands = (gettext_lazy("kept"), "ok") if is_kept else (gettext_lazy("time of keeping over"), "warn")
        yield Row([str(one.closed_on), str(one.kept_until), one.reason], *stands)


def _close(form: ClosingForm, by: Account) -> None:
    if not study_is_locked():
        raise ValidationError(_("The study is closed when all of it is locked: see the lock desk."))
    record_closing(form.cleaned_data["on"], **how(form, by))


CLOSING = Register(
    gettext_lazy("Closing"),
    gettext_lazy("The end of the study, after its lock. From it counts how long everything is kept"),
    (gettext_lazy("Closed on"), gettext_lazy("Kept until"), gettext_lazy("Reason")),
    _closings,
    {"add": Act(gettext_lazy("Close the study"), ClosingForm, _close)},
    ("study.closed",),
)
