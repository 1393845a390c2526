"""What is typed on the pages of the study file, read by Django's forms."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from trial.people.curriculum import TrainingRecord, TrainingVersion
from trial.people.delegation import Delegation, Task
from trial.people.models import Account, Member, Site
from trial.protocol.models import ConsentVersion, SiteApproval
from trial.protocol.study import STUDY


def _day(label: Any, *, required: bool = True) -> forms.DateField:
    return forms.DateField(label=label, required=required, widget=forms.DateInput(attrs={"type": "date"}))


def _reason() -> forms.CharField:
    return forms.CharField(label=_("Reason and document"), min_length=5, max_length=200)


def _site_choices(sites: Iterable[Site]) -> list[tuple[str, str]]:
    return [(site.code, str(site)) for site in sites]


class ApprovalForm(forms.ModelForm):  # type: ignore[type-arg]
    """An approval of a site."""

    reason = _reason()

    class Meta:
        model = SiteApproval
        fields = ("site_code", "kind", "body", "reference", "protocol_version", "approved_on", "valid_until")

    def __init__(self, *args: Any, sites: Iterable[Site], **kwargs: Any) -> None:
        kwargs["initial"] = {"protocol_version": STUDY.protocol_version}
        super().__init__(*args, **kwargs)
        self.fields["site_code"] = forms.ChoiceField(label=_("Site"), choices=_site_choices(sites))
        self.fields["approved_on"] = _day(_("Approved on"))
        self.fields["valid_until"] = _day(_("Last day; empty: until it is ended"), required=False)


class ConsentForm(forms.ModelForm):  # type: ignore[type-arg]
    """A version of the main consent."""

    approved_on = _day(_("Approved on"))
    in_force_from = _day(_("In force from"))
    reason = _reason()

    class Meta:
        model = ConsentVersion
        fields = ("version", "language", "approved_on", "in_force_from")

    def __init__(self, *args: Any, sites: Iterable[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"] = forms.ChoiceField(label=_("Language"), choices=(("zh", "zh"), ("en", "en")))


class TrainingForm(forms.ModelForm):  # type: ignore[type-arg]
    """A version of the training of a role."""

    in_force_from = _day(_("Asked for from"))
    reason = _reason()

    class Meta:
        model = TrainingVersion
        fields = ("role", "version", "title", "in_force_from")

    def __init__(self, *args: Any, sites: Iterable[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class CompletedForm(forms.ModelForm):  # type: ignore[type-arg]
    """That somebody of one of these sites has completed a training."""

    completed_on = _day(_("Completed on"))

    class Meta:
        model = TrainingRecord
        fields = ("account", "training", "completed_on")

    def __init__(self, *args: Any, sites: Iterable[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"] = forms.ModelChoiceField(people_at(sites), label=_("Person"))
        self.fields["training"] = forms.ModelChoiceField(TrainingVersion.objects.all(), label=_("Training"))


class DelegationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Tasks for somebody of a site."""

    tasks = forms.MultipleChoiceField(
        label=_("Tasks"), choices=Task.choices, widget=forms.CheckboxSelectMultiple
    )
    starts = _day(_("From"))

    class Meta:
        model = Delegation
        fields = ("site", "account", "tasks", "starts")

    def __init__(self, *args: Any, sites: Iterable[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        at = Site.objects.filter(pk__in=[site.pk for site in sites])
        self.fields["site"] = forms.ModelChoiceField(at, label=_("Site"), empty_label=None)
        self.fields["account"] = forms.ModelChoiceField(people_at(sites), label=_("Person"))


class EndForm(forms.Form):
    """The last day of what is on record, and why."""

    row = forms.IntegerField(widget=forms.HiddenInput)
    on = _day(_("Last day"))
    reason = _reason()


def people_at(sites: Iterable[Site]) -> Any:
    """The accounts that hold a role at one of these sites now."""
    held = Member.objects.in_force().filter(site__in=[site.pk for site in sites])
    return Account.objects.filter(pk__in=held.values("account")).order_by("printed_name")
