"""What is typed in several registers of the study file, read by Django's forms."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from trial.people.models import Account, Member, Site


def day(label: Any, *, required: bool = True) -> forms.DateField:
    return forms.DateField(label=label, required=required, widget=forms.DateInput(attrs={"type": "date"}))


def why() -> forms.CharField:
    return forms.CharField(label=_("Reason and document"), min_length=5, max_length=200)


class EndForm(forms.Form):
    """The last day of what is on record, and why."""

    row = forms.IntegerField(widget=forms.HiddenInput)
    on = day(_("Last day"))
    reason = why()


def people_at(sites: Iterable[Site]) -> Any:
    """The accounts that hold a role at one of these sites now."""
    held = Member.objects.in_force().filter(site__in=[site.pk for site in sites])
    return Account.objects.filter(pk__in=held.values("account")).order_by("printed_name")
