"""The delegation log: which tasks the principal investigator has given to whom."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.web.study_file.register import Act, Register, Row, how, standing
from patients.web.study_file.typed import EndForm, day, people_at
from trial.people.access import sites_where
from trial.people.delegation import Delegation, Task, delegate, end_delegation
from trial.people.models import Account, Site
from trial.people.roles import Permission
from trial.protocol.study import site_today
from trial.trail.actor import Source


class DelegationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Tasks for somebody of a site."""

    tasks = forms.MultipleChoiceField(
        label=_("Tasks"), choices=Task.choices, widget=forms.CheckboxSelectMultiple
    )
    starts = day(_("From"))

    class Meta:
        model = Delegation
        fields = ("site", "account", "tasks", "starts")

    def __init__(self, *args: Any, sites: Iterable[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        at = Site.objects.filter(pk__in=[site.pk for site in sites])
        self.fields["site"] = forms.ModelChoiceField(at, label=_("Site"), empty_label=None)
        self.fields["account"] = forms.ModelChoiceField(people_at(sites), label=_("Person"))


def _delegations(sites: Sequence[Site]) -> Iterable[Row]:
    found = Delegation.objects.filter(site__in=[site.pk for site in sites])
    for one in found.select_related("site", "account"):
        cells = [one.site.code, one.account.printed_name, ", ".join(one.task_labels), str(one.starts)]
        over = one.ends is not None and one.ends < site_today()
        stands = standing(one.starts, one.ends if over else None)
        yield Row([*cells, str(one.ends or ""), one.delegated_by], *stands, None if one.ends else one.pk)


def _end_delegation(form: EndForm, by: Account) -> None:
    at = sites_where(by, Permission.DELEGATE)
    delegation = Delegation.objects.get(pk=form.cleaned_data["row"], site__in=at, ends=None)
    end_delegation(delegation, form.cleaned_data["on"], **how(form, by))


DELEGATION = Register(
    _("Delegation log"),
    _("Which tasks the principal investigator has given to whom"),
    (_("Site"), _("Person"), _("Tasks"), _("From"), _("Last day"), _("Delegated by")),
    _delegations,
    {
        "add": Act(
            _("Delegate"),
            DelegationForm,
            lambda form, by: delegate(form.instance, by=by, source=Source.WEB),
        ),
        "end": Act(_("End"), EndForm, _end_delegation),
    },
    ("task.delegated", "task.ended"),
    Permission.DELEGATE,
)
