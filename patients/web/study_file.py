"""The study file: approvals of the sites, versions of the consent, trainings and delegated tasks.

Each is a page with what is on record, what may be recorded, and its history in the trail.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q
from django.forms import BaseForm
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.web.study_file_forms import (
    ApprovalForm,
    CompletedForm,
    ConsentForm,
    DelegationForm,
    EndForm,
    TrainingForm,
)
from trial.people.access import sites_where
from trial.people.curriculum import TrainingRecord, training_in_force
from trial.people.delegation import Delegation, delegate, end_delegation
from trial.people.models import Account, Member, Site
from trial.people.roles import Permission, Role
from trial.people.training import publish_training, record_training
from trial.protocol.approvals import end_approval, record_approval, record_consent, supersede_consent
from trial.protocol.models import ConsentVersion, SiteApproval
from trial.protocol.study import site_today
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

EVENTS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One line on record; `end` is the number by which it is ended, where it can be."""

    cells: list[str]
    standing: Promise
    kind: str
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Something that may be recorded on a page: its button, what is typed, and the act itself."""

    button: Promise
    form: type[BaseForm]
    run: Callable[[Any, Account], object]


@dataclass(frozen=True, slots=True)
class Register:
    """One page of the study file."""

    title: Promise
    lead: Promise
    columns: tuple[Promise, ...]
    rows: Callable[[Sequence[Site]], Iterable[Row]]
    acts: Mapping[str, Act]
    told_by: tuple[str, ...]
    """The acts of the trail that are its history."""
    writes: Permission = Permission.KEEP_STUDY_FILE


@dataclass(frozen=True, slots=True)
class Typing:
    """A form as it is shown: which act, its button, and what was typed."""

    name: str
    button: Promise
    form: BaseForm


@dataclass(frozen=True, slots=True)
class StudyFileScreen:
    """A page of the study file; the other pages are `tabs` (name, title, whether it is this one)."""

    register: Register
    tabs: list[tuple[str, Promise, bool]]
    rows: list[Row]
    forms: list[Typing]
    may_end: bool
    end: BaseForm | None
    events: list[TrailEvent]
    refused: list[str] = field(default_factory=list)


def study_file_screen(
    name: str, reader: Account, typed: Mapping[str, BaseForm] | None = None, refused: Sequence[str] = ()
) -> StudyFileScreen:
    """The page of a register for a reader, with what was typed and why it was refused."""
    register, given = REGISTERS[name], typed or {}
    sites = list(sites_where(reader, Permission.READ))
    writing = list(sites_where(reader, register.writes))
    offered = {key: act for key, act in register.acts.items() if key != "end" and writing}
    return StudyFileScreen(
        register=register,
        tabs=[(key, each.title, key == name) for key, each in REGISTERS.items()],
        rows=list(register.rows(sites)),
        forms=[
            Typing(key, act.button, given.get(key) or empty_form(key, act, writing))
            for key, act in offered.items()
        ],
        may_end="end" in register.acts and bool(writing),
        end=given.get("end"),
        events=_history(register, sites),
        refused=list(refused),
    )


def empty_form(name: str, act: Act, sites: Sequence[Site]) -> BaseForm:
    return act.form(prefix=name, sites=sites)  # type: ignore[call-arg]


def filled_form(name: str, act: Act, sites: Sequence[Site], data: Any) -> BaseForm:
    """What was posted for an act; an end stands in the line that it ends, without a prefix."""
    return EndForm(data) if name == "end" else act.form(data, prefix=name, sites=sites)  # type: ignore[call-arg]


def _history(register: Register, sites: Sequence[Site]) -> list[TrailEvent]:
    """The newest events about what stands on the page, of the study and of the reader's sites."""
    here = Q(site="") | Q(site__in=[site.code for site in sites])
    events = TrailEvent.objects.filter(here, action__in=register.told_by)
    return list(events.prefetch_related("changes").order_by("-id")[:EVENTS_SHOWN])


# --- what is on record --------------------------------------------------------------------------------------
def _standing(begins: date, ends: date | None, awaiting: bool = False) -> tuple[Promise, str]:
    """How something stands today, in words and as the kind of a chip; `ends` is the first day without it."""
    today = site_today()
    if ends is not None and ends <= today:
        return _("ended"), ""
    if awaiting:
        return _("awaiting confirmation"), "warn"
    return (_("in force"), "ok") if begins <= today else (_("not yet"), "")


def _approvals(sites: Sequence[Site]) -> Iterable[Row]:
    for one in SiteApproval.objects.filter(site_code__in=[site.code for site in sites]):
        cells = [one.site_code, str(one.get_kind_display()), one.body, one.reference, one.protocol_version]
        over = one.valid_until is not None and one.valid_until < site_today()
        standing = _standing(one.approved_on, one.valid_until if over else None, one.awaiting_confirmation)
        yield Row(
            [*cells, str(one.approved_on), str(one.valid_until or "")], *standing, None if over else one.pk
        )


def _consents(_sites: Sequence[Site]) -> Iterable[Row]:
    for one in ConsentVersion.objects.all():
        cells = [one.version, one.language, str(one.approved_on), str(one.in_force_from)]
        standing = _standing(one.in_force_from, one.superseded_on, one.awaiting_confirmation)
        end = None if one.superseded_on else one.pk
        yield Row([*cells, str(one.superseded_on or "")], *standing, end)


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


def _delegations(sites: Sequence[Site]) -> Iterable[Row]:
    found = Delegation.objects.filter(site__in=[site.pk for site in sites])
    for one in found.select_related("site", "account"):
        cells = [one.site.code, one.account.printed_name, ", ".join(one.task_labels), str(one.starts)]
        over = one.ends is not None and one.ends < site_today()
        standing = _standing(one.starts, one.ends if over else None)
        yield Row([*cells, str(one.ends or ""), one.delegated_by], *standing, None if one.ends else one.pk)


# --- what may be recorded -----------------------------------------------------------------------------------
def _how(form: Any, by: Account) -> dict[str, Any]:
    return {"by": by, "source": Source.WEB, "reason": form.cleaned_data["reason"]}


def _end_approval(form: EndForm, by: Account) -> None:
    at = [site.code for site in sites_where(by, Permission.KEEP_STUDY_FILE)]
    approval = SiteApproval.objects.get(pk=form.cleaned_data["row"], site_code__in=at)
    end_approval(approval, form.cleaned_data["on"], **_how(form, by))


def _supersede(form: EndForm, by: Account) -> None:
    version = ConsentVersion.objects.get(pk=form.cleaned_data["row"], superseded_on=None)
    supersede_consent(version, form.cleaned_data["on"], **_how(form, by))


def _completed(form: Any, by: Account) -> None:
    given = form.cleaned_data
    record_training(given["account"], given["training"], given["completed_on"], by=by, source=Source.WEB)


def _end_delegation(form: EndForm, by: Account) -> None:
    at = sites_where(by, Permission.DELEGATE)
    delegation = Delegation.objects.get(pk=form.cleaned_data["row"], site__in=at, ends=None)
    end_delegation(delegation, form.cleaned_data["on"], **_how(form, by))


_END = _("End")
REGISTERS: dict[str, Register] = {
    "approvals": Register(
        _("Approvals"),
        _("A site enrols from the day on which each kind of approval is on record"),
        (_("Site"), _("Kind"), _("Given by"), _("Reference"), _("Protocol"), _("Approved on"), _("Last day")),
        _approvals,
        {
            "add": Act(
                _("Record an approval"),
                ApprovalForm,
                lambda form, by: record_approval(form.instance, **_how(form, by)),
            ),
            "end": Act(_END, EndForm, _end_approval),
        },
        ("approval.recorded", "approval.ended"),
    ),
    "consents": Register(
        _("Consent versions"),
        _("The main consent, as the ethics committee has approved it"),
        (_("Version"), _("Language"), _("Approved on"), _("In force from"), _("Superseded on")),
        _consents,
        {
            "add": Act(
                _("Record a version"),
                ConsentForm,
                lambda form, by: record_consent(form.instance, **_how(form, by)),
            ),
            "end": Act(_("Supersede"), EndForm, _supersede),
        },
        ("consent.recorded", "consent.superseded"),
    ),
    "training": Register(
        _("Training"),
        _("Who has not completed the training of a role reads and does not write"),
        (_("Person"), _("Role"), _("Site"), _("Training"), _("Completed on")),
        _trainings,
        {
            "complete": Act(_("Record a training"), CompletedForm, _completed),
            "add": Act(
                _("Ask for a new version"),
                TrainingForm,
                lambda form, by: publish_training(form.instance, **_how(form, by)),
            ),
        },
        ("training.published", "training.recorded"),
    ),
    "delegation": Register(
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
            "end": Act(_END, EndForm, _end_delegation),
        },
        ("task.delegated", "task.ended"),
        Permission.DELEGATE,
    ),
}
"""The pages of the study file by the name in their address."""
