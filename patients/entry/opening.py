"""What a person opens by hand: a subject, a visit that an event brings, the log of a form.

Visits of the schedule come by themselves; these come because somebody says that something happened.
"""

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from patients.casebook.form import form_model, is_declared
from patients.casebook.page import Page, Subject, Visit
from patients.entry.identity_patterns import identity_in
from patients.entry.refusals import Refused
from patients.entry.register import register_subject
from patients.entry.save import held_casebook
from patients.items.problems import Finding, Severity, Text
from patients.items.types import is_keepable
from patients.oversight.casebook_locks import is_sealed
from patients.schedule.placing import open_visit, page_of
from trial.people.access import Person, actor_at, enters, require_entry, sites_where
from trial.people.models import Account, Site
from trial.people.roles import Permission
from trial.protocol.study import site_today
from trial.protocol.visits import (
    ANCHOR_FORMS,
    FORM_ORDER,
    LOG_FORMS,
    RECURRING,
    VISITS,
    Clock,
    VisitType,
    visit_type,
)
from trial.trail.actor import Source, acting
from trial.trail.record import Place, record_event

UNSCHEDULED, CONSENT_FORM = "UNS", "ELIG"
EVENT_VISITS = tuple(visit for visit in VISITS if visit.clock is Clock.EVENT)
"""The visits that an event opens, in the order of the protocol."""


_ELSEWHERE = LOG_FORMS | set(ANCHOR_FORMS)


def log_forms(person: Person, site: str) -> list[str]:
    """The forms that go through the trial with a subject, of those that the person enters at the site."""
    return [form for form in FORM_ORDER if form in LOG_FORMS and _is_entered(person, form, site)]


def visit_forms(person: Person, site: str) -> list[str]:
    """The forms that can be filled at an unscheduled visit, of those that the person enters at the site: not
    those that set an anchor, which belong to their visit whatever its day."""
    return [form for form in FORM_ORDER if form not in _ELSEWHERE and _is_entered(person, form, site)]


def _is_entered(person: Person, form: str, site: str) -> bool:
    return is_declared(form) and enters(person, form, site=site)


# --- a subject -------------------------------------------------------------------------------------------
def sites_to_enter_at(person: Account) -> list[Site]:
    """The sites at which the person enters subjects."""
    return [
        site for site in sites_where(person, Permission.ENTER) if enters(person, CONSENT_FORM, site=site.code)
    ]


@transaction.atomic
def enter_subject(
    site: Site, *, by: Person, planned_infusion: date | None = None, patient_id: str = ""
) -> Subject:
    """A new subject of the site, under the next number that nobody has had. Who enters its consent enters it.

    Raises PermissionDenied (403), Refused (422), and SiteLocked (423).
    """
    require_entry(by, CONSENT_FORM, site=site.code)
    _check_number(patient_id)
    Site.objects.select_for_update().get(pk=site.pk)  # of two who enter one at once the second waits
    last = Subject.objects.filter(site=site).order_by("-code").values_list("code", flat=True).first()
    number = int(last.partition("-")[2]) + 1 if last else 1
    code = f"{site.code}-{number:03d}"
    return register_subject(
        code, site, by=by, source=Source.WEB, patient_id=patient_id, planned_infusion=planned_infusion
    )


def _check_number(patient_id: str) -> None:
    """A number of another list is short, and says nothing of who it is. Raises Refused (422)."""
    longest = Subject._meta.get_field("patient_id").max_length or 0
    if len(patient_id) > longest or not is_keepable(patient_id):
        raise _refused("patient_id", _("This is too long, or holds a sign that cannot be kept."), patient_id)
    if identity_in(patient_id):
        raise _refused("patient_id", _("This looks like the number of a person. It is not kept."), patient_id)


# --- a visit ---------------------------------------------------------------------------------------------
def events_open_to(subject: Subject, by: Person) -> list[VisitType]:
    """The visits that this person can still open for a subject: those that it does not have or that may
    happen again, and of which he or she enters a form."""
    site, had = subject.site.code, set(subject.visits.values_list("code", flat=True))
    left = [visit for visit in EVENT_VISITS if visit.code in RECURRING or visit.code not in had]
    return [visit for visit in left if _entered_at(visit, by, site)]


def _entered_at(visit: VisitType, by: Person, site: str) -> list[str]:
    """The forms that have a page at a visit, of those that the person enters."""
    if visit.code == UNSCHEDULED:
        return visit_forms(by, site)
    return [form for form in _with_a_page(visit) if _is_entered(by, form, site)]


def _with_a_page(visit: VisitType) -> list[str]:
    return [due.form for due in visit.forms if due.form not in LOG_FORMS and not due.page_at]


def open_event(
    subject: Subject, kind: str, day: date, *, by: Person, form: str = "", request_id: str = ""
) -> Page:
    """Open the visit of an event on its day, with the pages of its forms; of an unscheduled visit that of
    `form`. The first page that the person enters, to go on with.

    Raises PermissionDenied (403), and Refused (422) for a day that has not come.
    """
    site = subject.site.code
    own = _entered_at(visit_type(kind), by, site)
    if not own:
        raise PermissionDenied(f"{by.user_name}: no form of {kind} at {site}")
    if kind == UNSCHEDULED and form not in own:
        raise _refused("form", _("Choose the form that is filled at the visit."), form)
    if day > site_today():
        raise _refused("day", _("This day has not come yet."), str(day))
    forms = [form] if kind == UNSCHEDULED else _with_a_page(visit_type(kind))
    with transaction.atomic(), acting(actor_at(by, site=site, source=Source.WEB, request_id=request_id)):
        held_casebook(subject)  # of two who open a visit at once the second waits
        _refuse_sealed(subject)
        visit = open_visit(subject, _instance(subject, kind), day)
        pages = [page_of(subject, each, visit) for each in forms if is_declared(each)]
        record_event("pages.opened", _place(subject, visit=visit))
    return next(page for page in pages if page.form_code in own)


def _refuse_sealed(subject: Subject) -> None:
    """Raises Refused (422) for a casebook that is locked."""
    if is_sealed(subject):
        raise _refused("subject", _("The casebook is locked: nothing is added to it."), subject.code)


def _refused(item: str, message: Text, value: str) -> Refused:
    return Refused([Finding(item, message, Severity.REFUSED, value=value)])


def _instance(subject: Subject, kind: str) -> str:
    """The code of the visit: the next number of one that may happen again."""
    if kind not in RECURRING:
        return kind
    codes = subject.visits.filter(code__startswith=kind).values_list("code", flat=True)
    return f"{kind}{max((int(code.removeprefix(kind)) for code in codes), default=0) + 1}"


# --- a log -----------------------------------------------------------------------------------------------
def open_log(subject: Subject, form: str, *, by: Person, request_id: str = "") -> Page:
    """The page of a form that goes through the trial with the subject, made empty if it is not there.

    Raises PermissionDenied (403), and LookupError for a form that is no log.
    """
    site = subject.site.code
    if form not in LOG_FORMS or not is_declared(form):
        raise LookupError(form)
    require_entry(by, form, site=site)
    found = Page.objects.filter(subject=subject, form_code=form, visit=None).first()
    if found is not None:
        return found
    with transaction.atomic(), acting(actor_at(by, site=site, source=Source.WEB, request_id=request_id)):
        held_casebook(subject)
        _refuse_sealed(subject)
        page = page_of(subject, form, None)
        record_event("pages.opened", _place(subject, form=form))
    return page


def _place(subject: Subject, *, visit: Visit | None = None, form: str = "") -> Place:
    version = form_model(form).form.version if form else ""
    code = visit.code if visit else ""
    return Place(site=subject.site.code, subject=subject.code, visit=code, form=form, form_version=version)
