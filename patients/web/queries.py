"""What the screens read, within what a person may see."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import Http404

from patients.casebook.answers import local_day
from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Subject
from patients.casebook.page_states import CLOSED
from patients.entry.attachments import Attachment
from patients.oversight.queries import Query, QuerySeverity, QueryState
from patients.oversight.signatures import Signature
from patients.schedule.due import expected_at_visit
from trial.people.access import Person, SystemPerson, sites_where
from trial.people.models import Account, Member, Site
from trial.people.roles import Permission
from trial.prepared import Asked, Written, prepared
from trial.protocol.study import site_today
from trial.trail.models import TrailChange, TrailEvent

LINEAGES = ("NEUT", "PLAT", "HGB", "LYM")
"""The blood counts of the cytopenia figure (contracts: cytopenia)."""


def _answer(form: str, item: str, subject: str) -> Subquery:
    """The answer to an item of a form that a subject has once; None where it is not recorded."""
    model: Any = form_model(form)  # the checker knows the abstract base alone
    rows = model.objects.filter(page__subject=OuterRef(subject)).exclude(**{item: None})
    return Subquery(rows.order_by(item).values(item)[:1])


def _graft(subject: str) -> Subquery:
    """H0, unless the transplantation was not done."""
    model: Any = form_model("HSCT")
    rows = model.objects.filter(page__subject=OuterRef(subject), hsct_start_dt__isnull=False)
    return Subquery(rows.exclude(hsct_done=False).order_by("hsct_start_dt").values("hsct_start_dt")[:1])


def _relapse(subject: str) -> Subquery:
    """The first relapse or progression that counts for progression-free survival."""
    model: Any = form_model("RLP")
    rows = model.objects.filter(page__subject=OuterRef(subject), rlp_counts_pfs=True, rlp_dt__isnull=False)
    return Subquery(rows.order_by("rlp_dt").values("rlp_dt")[:1])


def _clocks(subject: str) -> dict[str, Subquery]:
    return {
        "t0": _answer("INF", "inf_start_dt", subject),
        "h0": _graft(subject),
        "died": _answer("DTH", "dth_dt", subject),
    }


def readable_site(person: Account, code: str) -> Site:
    """The site of this code, if the person reads there. Raises Http404."""
    found = [site for site in sites_where(person, Permission.READ) if site.code == code]
    if not found:
        raise Http404(code)
    return found[0]


def readable_sites(person: Account) -> "QuerySet[Site, Any]":
    """The sites at which a person may read."""
    return Site.objects.filter(pk__in=[site.pk for site in sites_where(person, Permission.READ)])


def subjects_for(person: Person) -> "QuerySet[Subject, Any]":
    """The subjects that a person may see, each with what heads its page."""
    found: QuerySet[Subject, Any] = _headed_subjects().for_person(person)
    return found


@prepared
def _headed_subjects() -> Any:
    """All subjects, in the same way."""
    return Subject.objects.select_related("site").annotate(
        diagnosis=_answer("DX", "dx_type", "pk"),
        sex=_answer("DM", "sex", "pk"),
        age=_answer("DM", "age_consent", "pk"),
        enrolled=_answer("ELIG", "enrol_dt", "pk"),
        relapsed=_relapse("pk"),
        ended=_answer("EOS", "eos_dt", "pk"),
        **_clocks("pk"),
    )


def page_for(person: Person, pk: int) -> Page:
    """A page that a person may see, with the clocks of its subject and who saved it last. Raises Http404."""
    found = page_if_any(person, pk)
    if found is None:
        raise Http404(pk)
    return found


def page_if_any(person: Person, pk: int) -> Page | None:
    """The same, or None."""
    sites = None if isinstance(person, SystemPerson) else _numbers(sites_where(person, Permission.READ))
    return next(iter(_headed_page(sites).of(pk)), None)


def _numbers(sites: Iterable[Site]) -> tuple[int, ...]:
    return tuple(site.pk for site in sites)


@prepared
def _headed_page(sites: tuple[int, ...] | None) -> Written[Page]:
    """A page of these sites, None for all."""
    last = TrailEvent.objects.filter(
        subject=OuterRef("subject__code"),
        visit=Coalesce(OuterRef("visit__code"), Value("")),
        form=OuterRef("form_code"),
        action="page.saved",
    ).order_by("-id")
    pages = Page.objects.select_related("subject__site", "subject__identity", "visit").filter(pk=Asked())
    at_sites = pages if sites is None else pages.filter(subject__site__in=sites)
    found: QuerySet[Page, Any] = at_sites.annotate(
        saved_at=Subquery(last.values("at")[:1]),
        saved_by=Subquery(last.values("actor_name")[:1]),
        open_queries=_queries(QueryState.OPEN),
        answered_queries=_queries(QueryState.ANSWERED),
        has_queries=Exists(Query.objects.filter(page=OuterRef("pk"))),
        was_signed=Exists(Signature.objects.filter(page=OuterRef("pk"))),
        signed_at=Subquery(_standing_signatures().values("at")[:1]),
        has_attachments=Exists(Attachment.objects.filter(page=OuterRef("pk"))),
        **_clocks("subject"),
    )
    return Written(found)


def _standing_signatures() -> "QuerySet[Signature, Any]":
    """Those of the page around, the newest first."""
    found: QuerySet[Signature, Any] = Signature.objects.in_force().filter(page=OuterRef("pk"))
    return found.order_by("-at")


def savers_before(page: Page, *, skip: int, count: int) -> list[str]:
    """Who made the saves of a page before its newest `skip` ones, each once."""
    saves = TrailEvent.objects.filter(
        subject=page.subject.code, visit=page.visit_code, form=page.form_code, action="page.saved"
    )
    names = saves.order_by("-id").values_list("actor_name", "actor")[skip : skip + count]
    return list(dict.fromkeys(printed or actor for printed, actor in names))


def pages_of(subject: Subject) -> "QuerySet[Page, Any]":
    """All pages of a subject with their visits and how many queries, and how many about hard findings, are
    open on each, and how many wait answered for whoever asked."""
    pages: QuerySet[Page, Any] = subject.pages.select_related("visit")
    return pages.annotate(
        open_queries=_queries(QueryState.OPEN),
        hard_queries=_queries(QueryState.OPEN, severity=QuerySeverity.HARD),
        answered_queries=_queries(QueryState.ANSWERED),
    )


def _queries(state: QueryState, **about: str) -> Coalesce:
    """How many queries on a page are in this state."""
    on_it = Query.objects.filter(page=OuterRef("pk"), state=state, **about).order_by()
    counted = on_it.values("page").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)


def queries_on(page: Page) -> list[Query]:
    """All queries on a page (as `page_for` finds it), without a statement where there are none."""
    if not getattr(page, "has_queries", True):
        return []
    return list(Query.objects.filter(page=page).with_question().order_by("pk"))


def grave_counts(subject: Subject) -> list[tuple[date, int]]:
    """The days on which a blood count of a lineage was graded 3 or 4, each with the grade. Of hundreds of
    results these few are asked for by themselves."""
    model: Any = form_model("LAB")
    graded = model.objects.filter(page__subject=subject, lab_test__in=LINEAGES, lab_grade__gte=3)
    found = graded.order_by("lab_dt").values_list("lab_dt", "lab_grade")
    return [(day, grade) for at, grade in found if (day := local_day(at))]


def last_recorded(subject: Subject, items: Iterable[str]) -> dict[str, tuple[str, datetime]]:
    """Who last gave each of these items a value, and when; those that never had one are left out."""
    changes = TrailChange.objects.filter(event__subject=subject.code, item__in=items).exclude(new="")
    told = changes.order_by("event__id").values_list("item", "event__actor_name", "event__actor", "event__at")
    return {item: (name or actor, at) for item, name, actor, at in told}


def printed_names(user_names: Iterable[str]) -> dict[str, str]:
    """The printed names of these people by user name, without a statement where nobody is asked for."""
    asked = {name for name in user_names if name}
    if not asked:
        return {}
    return dict(Account.objects.filter(user_name__in=asked).values_list("user_name", "printed_name"))


def overdue(on: date) -> Q:
    """The pages that are waited for, untouched, and late on this day."""
    return Q(state=PageState.EMPTY) & Q(visit__closes__lt=on) & expected_at_visit()


def asked_about() -> Q:
    """The pages with an open query that can still be answered there."""
    open_query = Query.objects.filter(page=OuterRef("pk"), state=QueryState.OPEN)
    return Q(Exists(open_query)) & ~Q(state__in=(PageState.FROZEN, PageState.LOCKED))


def counts_by_subject(subjects: list[Subject]) -> dict[int, dict[str, int]]:
    """How many pages of each subject stand in which state, in one statement. A page with an open query counts
    as such, unless it is closed; an empty page for which nobody waits does not count."""
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    counted = _pages_by_state(site_today()).filter(subject__in=[each.pk for each in subjects])
    for subject, state, pages, with_query, late, due in counted:
        counts, asked = found[subject], 0 if state in CLOSED else with_query
        counts["query"] += asked
        counts["overdue"] += late
        counts["empty"] += due
        if state != PageState.EMPTY:
            counts["progress" if state == PageState.IN_PROGRESS else state] += pages - asked
    return found


@prepared
def _pages_by_state(on: date) -> Any:
    """Of a page without answers the window is looked at first, which is quick, and then whether anybody waits
    for it."""
    open_query = Query.objects.filter(page=OuterRef("pk"), state=QueryState.OPEN)
    is_open = Q(visit__opens__lte=on) & ~Q(visit__closes__lt=on)
    return (
        Page.objects.order_by()
        .values_list("subject", "state")
        .annotate(
            pages=Count("pk"),
            with_query=Count("pk", filter=Exists(open_query)),
            late=Count("pk", filter=overdue(on)),
            due=Count("pk", filter=Q(state=PageState.EMPTY) & is_open & expected_at_visit()),
        )
    )


def people_in(subject: Subject) -> list[tuple[str, str]]:
    """Who acted on a subject: user name and printed name."""
    acted = TrailEvent.objects.filter(subject=subject.code).order_by("actor")
    return [(actor, name or actor) for actor, name in acted.values_list("actor", "actor_name").distinct()]


def people_at(sites: Iterable[str]) -> list[tuple[str, str]]:
    """Who has, or had, a role at these sites: user name and printed name."""
    held = Member.objects.filter(site__code__in=sorted(sites)).order_by("account__printed_name")
    return list(held.values_list("account__user_name", "account__printed_name").distinct())


def people_with_accounts() -> list[tuple[str, str]]:
    """Everybody who has, or had, an account: user name and printed name."""
    return list(Account.objects.order_by("printed_name").values_list("user_name", "printed_name"))


def site_codes() -> list[str]:
    return list(Site.objects.values_list("code", flat=True))
