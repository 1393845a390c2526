"""Safety contacts: the addresses that are told of serious events by mail."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.web.study_file.register import Act, Register, Row, how, standing
from patients.web.study_file.typed import EndForm, day, why
from trial.people.access import sites_where
from trial.people.models import Account, Site
from trial.people.roles import Permission
from trial.people.safety_contacts import SafetyContact, add_contact, end_contact
from trial.protocol.study import site_today


class ContactForm(forms.ModelForm):  # type: ignore[type-arg]
    """An address of a site."""

    starts = day(_("From"))
    reason = why()

    class Meta:
        model = SafetyContact
        fields = ("site", "address", "language", "starts")

    def __init__(self, *args: Any, sites: Iterable[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        at = Site.objects.filter(pk__in=[site.pk for site in sites])
        self.fields["site"] = forms.ModelChoiceField(at, label=_("Site"), empty_label=None)


def _contacts(sites: Sequence[Site]) -> Iterable[Row]:
    found = SafetyContact.objects.filter(site__in=[site.pk for site in sites])
    for one in found.select_related("site"):
        cells = [one.site.code, one.address, str(one.get_language_display()), str(one.starts)]
        over = one.ends is not None and one.ends < site_today()
        stands = standing(one.starts, one.ends if over else None)
        yield Row([*cells, str(one.ends or "")], *stands, None if one.ends else one.pk)


def _end_contact(form: EndForm, by: Account) -> None:
    at = sites_where(by, Permission.KEEP_STUDY_FILE)
    contact = SafetyContact.objects.get(pk=form.cleaned_data["row"], site__in=at, ends=None)
    end_contact(contact, form.cleaned_data["on"], **how(form, by))


CONTACTS = Register(
    _("Safety contacts"),
    _("The addresses that are told by mail of serious events and of what runs out"),
    (_("Site"), _("Address"), _("Language"), _("From"), _("Last day")),
    _contacts,
    {
        "add": Act(
            _("Add an address"),
            ContactForm,
            lambda form, by: add_contact(form.instance, **how(form, by)),
        ),
        "end": Act(_("End"), EndForm, _end_contact),
    },
    ("safety_contact.added", "safety_contact.ended"),
)
