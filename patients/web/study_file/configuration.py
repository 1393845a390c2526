"""Configuration values that one person asks for and another decides on (VD-05)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.web.study_file.register import Act, Register, Row
from patients.web.study_file.typed import why
from trial.people.models import Account, Site
from trial.people.roles import Permission
from trial.protocol.configuration import SETTINGS
from trial.protocol.configuring import approve_value, ask_for_value, refuse_value
from trial.protocol.models import ConfigRequest, ConfigRequestState
from trial.trail.actor import Source

STANDING = {
    ConfigRequestState.ASKED: (gettext_lazy("asked for"), "warn"),
    ConfigRequestState.APPROVED: (gettext_lazy("approved"), "ok"),
    ConfigRequestState.REFUSED: (gettext_lazy("refused"), ""),
}


class AskForm(forms.Form):
    """Another value, why, and where it was tried."""

    key = forms.ChoiceField(label=gettext_lazy("Value"), choices=[(key, key) for key in SETTINGS])
    value = forms.CharField(label=gettext_lazy("New value; empty: none"), required=False, max_length=60)
    tried = forms.CharField(
        label=gettext_lazy("Where it was tried before, and what that showed"), min_length=5, max_length=200
    )
    reason = why()

    def __init__(self, *args: Any, sites: Iterable[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class DecideForm(forms.Form):
    """One of the open requests. It is offered to everybody who may decide, and refused to who asked."""

    request = forms.ModelChoiceField(label=gettext_lazy("Request"), queryset=ConfigRequest.objects.none())

    def __init__(self, *args: Any, sites: Iterable[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["request"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = _open()


def _open() -> QuerySet[ConfigRequest]:
    return ConfigRequest.objects.filter(state=ConfigRequestState.ASKED)


def _requests(_sites: Sequence[Site]) -> Iterable[Row]:
    for one in ConfigRequest.objects.all():
        difference = f"{one.was or _('none')} → {one.value or _('none')}"
        unit = SETTINGS[one.key].unit if one.key in SETTINGS else ""
        people = ", ".join(filter(None, (one.asked_by, one.decided_by)))
        cells = [one.key, f"{difference} {unit}".strip(), one.tried, one.reason, people]
        yield Row(cells, *STANDING[ConfigRequestState(one.state)])


def _ask(form: AskForm, by: Account) -> None:
    typed = form.cleaned_data
    given = {name: typed[name] for name in ("reason", "tried")}
    ask_for_value(typed["key"], typed["value"], by=by, source=Source.WEB, **given)


def _decision(button: Promise, decide: Callable[..., object]) -> Act:
    """Offered while something waits for it."""

    def run(form: DecideForm, by: Account) -> object:
        return decide(form.cleaned_data["request"], by=by, source=Source.WEB)

    return Act(button, DecideForm, run, lambda: _open().exists())


CONFIGURATION = Register(
    gettext_lazy("Configuration"),
    gettext_lazy(
        "One asks for another value, having tried it elsewhere; another person approves it or refuses"
    ),
    (
        gettext_lazy("Value"),
        gettext_lazy("In force → asked for"),
        gettext_lazy("Tried before"),
        gettext_lazy("Reason"),
        gettext_lazy("Who"),
    ),
    _requests,
    {
        "add": Act(gettext_lazy("Ask for another value"), AskForm, _ask),
        "approve": _decision(gettext_lazy("Approve"), approve_value),
        "refuse": _decision(gettext_lazy("Refuse"), refuse_value),
    },
    ("configuration.requested", "configuration.refused", "configuration.changed"),
    writes=Permission.CONFIGURE,
)
