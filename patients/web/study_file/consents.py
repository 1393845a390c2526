"""Versions of the main consent, as the ethics committee has approved them."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.web.study_file.register import Act, Register, Row, how, standing
from patients.web.study_file.typed import EndForm, day, why
from trial.people.models import Account, Site
from trial.protocol.approvals import record_consent, supersede_consent
from trial.protocol.models import ConsentVersion


class ConsentForm(forms.ModelForm):  # type: ignore[type-arg]
    """A version of the main consent."""

    approved_on = day(_("Approved on"))
    in_force_from = day(_("In force from"))
    reason = why()

    class Meta:
        model = ConsentVersion
        fields = ("version", "language", "approved_on", "in_force_from")

    def __init__(self, *args: Any, sites: Iterable[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"] = forms.ChoiceField(label=_("Language"), choices=(("zh", "zh"), ("en", "en")))


def _consents(_sites: Sequence[Site]) -> Iterable[Row]:
    for one in ConsentVersion.objects.all():
        cells = [one.version, one.language, str(one.approved_on), str(one.in_force_from)]
        stands = standing(one.in_force_from, one.superseded_on, one.awaiting_confirmation)
        end = None if one.superseded_on else one.pk
        yield Row([*cells, str(one.superseded_on or "")], *stands, end)


def _supersede(form: EndForm, by: Account) -> None:
    version = ConsentVersion.objects.get(pk=form.cleaned_data["row"], superseded_on=None)
    supersede_consent(version, form.cleaned_data["on"], **how(form, by))


CONSENTS = Register(
    _("Consent versions"),
    _("The main consent, as the ethics committee has approved it"),
    (_("Version"), _("Language"), _("Approved on"), _("In force from"), _("Superseded on")),
    _consents,
    {
        "add": Act(
            _("Record a version"),
            ConsentForm,
            lambda form, by: record_consent(form.instance, **how(form, by)),
        ),
        "end": Act(_("Supersede"), EndForm, _supersede),
    },
    ("consent.recorded", "consent.superseded"),
)
