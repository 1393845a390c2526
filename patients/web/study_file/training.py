"""Trainings: what a role asks for, and who has completed it."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.web.study_file.register import Act, Register, Row, how
from patients.web.study_file.typed import day, people_at, why
from trial.people.curriculum import TrainingRecord, TrainingVersion, training_in_force
from trial.people.models import Account, Member, Site
from trial.people.roles import Role
from trial.people.training import publish_training, record_training
from trial.protocol.study import site_today
from trial.trail.actor import Source


class TrainingForm(forms.ModelForm):  # type: ignore[type-arg]
    """A version of the training of a role."""

    in_force_from = day(_("Asked for from"))
    reason = why()

    class Meta:
        model = TrainingVersion
        fields = ("role", "version", "title", "in_force_from")

    def __init__(self, *args: Any, sites: Iterable[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class CompletedForm(forms.ModelForm):  # type: ignore[type-arg]
    """That somebody of one of these sites has completed a training."""

    completed_on = day(_("Completed on"))

    class Meta:
        model = TrainingRecord
        fields = ("account", "training", "completed_on")

    def __init__(self, *args: Any, sites: Iterable[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"] = forms.ModelChoiceField(people_at(sites), label=_("Person"))
        self.fields["training"] = forms.ModelChoiceField(TrainingVersion.objects.all(), label=_("Training"))


def _trainings(sites: Sequence[Site]) -> Iterable[Row]:
    """Who of the sites has completed what the role asks for today."""
    done = {(row.account_id, row.training_id): row for row in TrainingRecord.objects.all()}
    wanted = {role: training_in_force(role, site_today()) for role in Role}
    grants = Member.objects.in_force().filter(site__in=[site.pk for site in sites])
    for grant in grants.select_related("account", "site").order_by("account__printed_name", "role"):
        if training := wanted[Role(grant.role)]:
            record = done.get((grant.account_id, training.pk))
            cells = [grant.account.printed_name, str(grant.get_role_display()), grant.site.code]
            cells += [f"{training.version}: {training.title}", str(record.completed_on) if record else ""]
            yield Row(cells, *((_("completed"), "ok") if record else (_("reads only"), "warn")))


def _completed(form: Any, by: Account) -> None:
    given = form.cleaned_data
    record_training(given["account"], given["training"], given["completed_on"], by=by, source=Source.WEB)


TRAINING = Register(
    _("Training"),
    _("Who has not completed the training of a role reads and does not write"),
    (_("Person"), _("Role"), _("Site"), _("Training"), _("Completed on")),
    _trainings,
    {
        "complete": Act(_("Record a training"), CompletedForm, _completed),
        "add": Act(
            _("Ask for a new version"),
            TrainingForm,
            lambda form, by: publish_training(form.instance, **how(form, by)),
        ),
    },
    ("training.published", "training.recorded"),
)
