"""What waits for a person: the work lists of the first screen (specification 5.3), each as one question.

Every list is a queryset within the sites where the person holds the right that the work needs; whoever enters
only some forms is shown those. A list is counted and read by the same question, so that a number on the
screen is the number of rows behind it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from patients.casebook.form import declared_forms
from patients.casebook.page import DONE, Page, PageState, Visit
from patients.oversight.queries import Priority, Query, QueryQuerySet, QueryState
from patients.oversight.signatures import Signature
from patients.oversight.verification_plan import waits_for_verification
from patients.schedule.due import expected
from trial.people.access import enters, holds, sites_where
from trial.people.models import Account, Site
from trial.people.roles import Permission
from trial.protocol.visits import FORM_ORDER

SOON_DAYS = 14
Pages = QuerySet[Page, Any]


@dataclass(frozen=True, slots=True)
class Work:
    """The work lists of one person as of a day of the site."""

    person: Account
    on: date

    # --- entering ----------------------------------------------------------------------------------------
    def overdue(self) -> Pages:
        """Pages that are waited for and whose window has closed, the latest first."""
        late = self._to_enter().filter(expected(), visit__closes__lt=self.on).exclude(state__in=DONE)
        return late.order_by("visit__closes", "subject__code", "visit__target", "form_code")

    def started(self) -> Pages:
        """Pages that somebody began and nobody has said to be complete, the latest assessment first."""
        begun = self._to_enter().filter(state=PageState.IN_PROGRESS)
        return begun.order_by(F("form_date").desc(nulls_last=True), "subject__code", "form_code")

    def visits_in_window(self) -> "QuerySet[Visit, Any]":
        """Visits whose window is open and of which a page waits, those that close first at the top; each with
        the number of its pages (`asked`) and of those that are done (`done`)."""
        return self._visits(opens__lte=self.on).exclude(closes__lt=self.on).order_by("closes", "pk")

    def visits_closing(self) -> "QuerySet[Visit, Any]":
        """Those whose window closes on this day."""
        return self.visits_in_window().filter(closes=self.on)

    def visits_opening(self) -> "QuerySet[Visit, Any]":
        """Visits whose window opens within the next two weeks."""
        last = self.on + timedelta(days=SOON_DAYS)
        return self._visits(opens__gt=self.on, opens__lte=last).order_by("opens", "pk")

    def _visits(self, **window: date) -> "QuerySet[Visit, Any]":
        pages = self._to_enter().filter(expected(), visit=OuterRef("pk")).order_by()
        waiting = pages.exclude(state__in=DONE)
        return (
            Visit.objects.filter(Exists(waiting), **window)
            .select_related("subject")
            .annotate(asked=_number_of(pages), done=_number_of(pages.filter(state__in=DONE)))
        )

    def _to_enter(self, sites: Iterable[Site] | None = None) -> Pages:
        """The pages that the person fills in, at these of his or her sites or at all; for somebody who enters
        nothing, those that he or she sees."""
        pages: Pages = Page.objects.for_person(self.person).select_related("subject", "visit")
        entered = self._entered_forms(sites_where(self.person, Permission.READ) if sites is None else sites)
        return pages.filter(entered) if entered else pages

    def _entered_forms(self, sites: Iterable[Site]) -> Q:
        """At each of these sites the forms that the person enters there; where he or she enters none, all."""
        found = Q()
        codes = [model.form.code for model in declared_forms()]
        for site in sites:
            forms = [code for code in codes if enters(self.person, code, site=site.code)]
            found |= Q(subject__site=site, form_code__in=forms) if forms else Q(subject__site=site)
        return found

    def next_after(self, page: Page) -> Page | None:
        """The page of the same subject to go on with: begun, overdue or due, as the protocol goes from here;
        what was left behind comes when nothing is left ahead."""
        waiting = self._to_enter([page.subject.site]).filter(
            expected(), visit__opens__lte=self.on, subject=page.subject
        )
        others = waiting.exclude(state__in=DONE).exclude(pk=page.pk)
        here = _place_in_protocol(page)

        def ahead_first(other: Page) -> tuple[bool, date, int]:
            place = _place_in_protocol(other)
            return place < here, *place

        return min(others, key=ahead_first, default=None)

    # --- answering ---------------------------------------------------------------------------------------
    def queries(self) -> "QuerySet[Query, Any]":
        """Open queries on these pages, and those about a whole visit or subject: the most pressing first, of
        these the oldest."""
        here = Q(page__in=self._to_enter().order_by())
        for whole in ("visit__subject", "subject"):
            here |= Q(**{f"{whole}__site__in": sites_where(self.person, self._follows_by)})
        return _by_urgency(Query.objects.filter(here, state=QueryState.OPEN))

    def answered_queries(self) -> "QuerySet[Query, Any]":
        """Queries that a site has answered, for whoever closes them or asks again."""
        answered = Query.objects.for_person(self.person, Permission.QUERY).filter(state=QueryState.ANSWERED)
        return _by_urgency(answered)

    @property
    def _follows_by(self) -> Permission:
        """The right by which what is about no single page concerns somebody who enters, or enters nothing."""
        return Permission.ENTER if holds(self.person, Permission.ENTER) else Permission.READ

    # --- verifying ---------------------------------------------------------------------------------------
    def to_verify(self) -> Pages:
        """Pages with a value of the plan that nobody has compared with its source, complete ones first."""
        pages: Pages = Page.objects.for_person(self.person, Permission.VERIFY).select_related(
            "subject", "visit"
        )
        waiting = pages.filter(waits_for_verification()).exclude(state=PageState.LOCKED)
        return waiting.annotate(is_done=Q(state__in=DONE)).order_by(
            "-is_done", "form_date", "subject__code", "form_code"
        )

    # --- signing -----------------------------------------------------------------------------------------
    def to_sign(self) -> Pages:
        """Complete pages that the person could sign and nobody's signature stands on; those that have lost
        one come first (`was_signed`), then eligibility, which holds up enrolment."""
        signed, approved = (self._signs(right) for right in (Permission.SIGN, Permission.APPROVE))
        fallen = Signature.objects.filter(page=OuterRef("pk"))
        complete = Page.objects.filter(signed | approved, state=PageState.COMPLETE)
        pages: Pages = complete.select_related("subject", "visit")
        return pages.annotate(was_signed=Exists(fallen)).order_by(
            "-was_signed", "form_date", "subject__code", "form_code"
        )

    def _signs(self, right: Permission) -> Q:
        """The pages that need this right of who signs them."""
        approved = right is Permission.APPROVE
        forms = [each.form.code for each in declared_forms() if each.form.approved is approved]
        return Q(subject__site__in=sites_where(self.person, right), form_code__in=forms)


def _by_urgency(queries: QueryQuerySet) -> QueryQuerySet:
    urgency = Coalesce("priority", Priority.NORMAL.value)
    return queries.with_place().with_question().order_by(urgency, "opened_at", "pk")


def _place_in_protocol(page: Page) -> tuple[date, int]:
    target = page.visit.target if page.visit else None
    return target or date.max, FORM_ORDER.index(page.form_code)


def _number_of(pages: Pages) -> Coalesce:
    counted = pages.values("visit").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted[:1]), 0)
