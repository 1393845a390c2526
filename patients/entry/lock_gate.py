"""The gate of a lock: what still stands in the way, by check and by subject (LK-04, specification 5.4).

Read in a number of statements that grows neither with pages nor with subjects, some hundred of whom are asked
about at once; the derived values and the endpoints alone are computed anew, from each casebook, and only
where that is asked for.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.casebook.page import DONE, Page, PageState, Subject
from patients.casebook.settings import settings_read_once
from patients.casebook.shelf import ShelvedCasebook, shelved, some_at_a_time
from patients.coding.standing import to_code_by_subject
from patients.entry.recomputing import derived_differences
from patients.oversight.casebook_locks import ACTS
from patients.oversight.queries import OUTSTANDING, Query
from patients.oversight.reconciliation import reconcile
from patients.oversight.review import reviewed_up_to, unreviewed
from patients.oversight.signatures import Signature
from patients.oversight.verification_plan import drawn_below
from patients.schedule.due import expected
from trial.collector import uncollected

ASKED_AT_ONCE = 500
"""Subjects that one statement names: an engine takes some thousand values in one, a few for each subject."""


class Check(StrEnum):
    """What is looked at, in the order in which it is shown."""

    PAGES = "pages"
    QUERIES = "queries"
    SIGNED = "signed"
    CRITICAL = "critical"
    OTHERS = "others"
    CODED = "coded"
    RECONCILED = "reconciled"
    REVIEWED = "reviewed"
    DERIVED = "derived"
    DATES = "dates"


LABELS: dict[Check, Promise] = {
    Check.PAGES: _("Pages complete, or not done with a reason"),
    Check.QUERIES: _("No query open or answered"),
    Check.SIGNED: _("Complete pages signed"),
    Check.CRITICAL: _("Critical values verified"),
    Check.OTHERS: _("Other values of the plan verified"),
    Check.CODED: _("Adverse events and medicines coded"),
    Check.RECONCILED: _("Serious events and deaths reconciled"),
    Check.REVIEWED: _("Trail reviewed"),
    Check.DERIVED: _("Derived values recomputed"),
    Check.DATES: _("No endpoint ends before it begins"),
}


@dataclass(frozen=True, slots=True)
class Tally:
    """How much of a check is left, of how much; `whole` is None where nothing can be held against it."""

    left: int = 0
    whole: int | None = None

    def __add__(self, other: "Tally") -> "Tally":
        """Both together; a check has a whole for everybody or for nobody."""
        whole = None if self.whole is None or other.whole is None else self.whole + other.whole
        return Tally(self.left + other.left, whole)


@dataclass(frozen=True)
class Gate:
    """What stands in the way of locking some subjects. `subjects` gives what is left by code and check.
    A check that was not made is not there."""

    tallies: dict[Check, Tally]
    subjects: dict[str, Counter[Check]] = field(default_factory=dict)

    @property
    def unmet(self) -> list[Check]:
        return [check for check, tally in self.tallies.items() if tally.left]

    @property
    def is_open(self) -> bool:
        """Whether every check was made and nothing is left of any."""
        return not self.unmet and set(self.tallies) == set(Check)

    def as_data(self) -> dict[str, Any]:
        """What is left by check, to be kept with a request."""
        return {check.value: tally.left for check, tally in self.tallies.items()}

    def with_those_of(self, other: "Gate") -> "Gate":
        """The gate of both, of whom the same was asked."""
        tallies = {check: tally + other.tallies[check] for check, tally in self.tallies.items()}
        return Gate(tallies, self.subjects | other.subjects)


Left = tuple[dict[str, int], int | None]
"""What is left by subject, and of how much in all."""
Further = Callable[[ShelvedCasebook, date, bool], int]
"""Of a casebook as of a day; and whether its derived values are those that the rules make."""
_further: dict[Check, Further] = {}


def check_too(check: Check, count: Further) -> None:
    """Let a room above this one say what is left of a check of a subject: counted with the derived values."""
    _further[check] = count


def gate_of(subjects: Iterable[Subject], on: date, *, derived: bool) -> Gate:
    """The gate of these subjects as of a day, with or without what has to be computed anew."""
    rest = iter(subjects)
    gate = _gate_of(list(islice(rest, ASKED_AT_ONCE)), on, derived=derived)
    while some := list(islice(rest, ASKED_AT_ONCE)):
        gate = gate.with_those_of(_gate_of(some, on, derived=derived))
    return gate


def _gate_of(subjects: Sequence[Subject], on: date, *, derived: bool) -> Gate:
    found: dict[Check, Left] = {
        **_by_pages(subjects, on),
        Check.QUERIES: _queries(subjects),
        Check.CODED: _uncoded(subjects),
        Check.RECONCILED: _unreconciled(subjects),
        Check.REVIEWED: _unreviewed(subjects),
    }
    if derived:
        found |= _computed(subjects, on)
    by_subject: dict[str, Counter[Check]] = {subject.code: Counter() for subject in subjects}
    for check, (left, _whole) in found.items():
        for code, number in left.items():
            by_subject[code][check] = number
    ordered = {check: found[check] for check in Check if check in found}
    tallies = {check: Tally(sum(left.values()), whole) for check, (left, whole) in ordered.items()}
    return Gate(tallies, by_subject)


def _by_pages(subjects: Sequence[Subject], on: date) -> dict[Check, Left]:
    """What the pages themselves say, in one statement."""
    signed = Signature.objects.in_force().filter(page=OuterRef("pk"))
    drawn = Q(verification_draw__lt=drawn_below())
    settled = Q(state__in=DONE, version__gt=0)
    pages: Any = Page.objects.filter(subject__in=subjects).order_by()
    rows = list(
        pages.annotate(is_signed=Exists(signed))
        .values("subject__code")
        .annotate(
            waiting=Count("pk", filter=waited_for(on)),
            done=Count("pk", filter=settled),
            unsigned=Count("pk", filter=settled & Q(is_signed=False)),
            critical=Coalesce(Sum("critical_items"), 0),
            critical_done=Coalesce(Sum("critical_verified"), 0),
            others=Coalesce(Sum("other_items", filter=drawn), 0),
            others_done=Coalesce(Sum("other_verified", filter=drawn), 0),
        )
    )

    def left(name: str, done: str = "") -> dict[str, int]:
        return {row["subject__code"]: row[name] - (row[done] if done else 0) for row in rows}

    def whole(*names: str) -> int:
        return sum(row[name] for row in rows for name in names)

    return {
        Check.PAGES: (left("waiting"), whole("waiting", "done")),
        Check.SIGNED: (left("unsigned"), whole("done")),
        Check.CRITICAL: (left("critical", "critical_done"), whole("critical")),
        Check.OTHERS: (left("others", "others_done"), whole("others")),
    }


def waited_for(on: date) -> Q:
    """The pages that are due by a day and not there, and those that are begun, logs included."""
    due = Q(state=PageState.EMPTY, visit__opens__lte=on) & expected()
    return due | Q(state=PageState.IN_PROGRESS)


def _queries(subjects: Sequence[Subject]) -> Left:
    about = Coalesce("page__subject__code", "visit__subject__code", "subject__code")
    here = Q(page__subject__in=subjects) | Q(visit__subject__in=subjects) | Q(subject__in=subjects)
    counted: Any = (
        Query.objects.filter(here)
        .order_by()
        .annotate(of_subject=about)
        .values("of_subject")
        .annotate(left=Count("pk", filter=Q(state__in=OUTSTANDING)), whole=Count("pk"))
    )
    rows = list(counted)
    return {row["of_subject"]: row["left"] for row in rows}, sum(row["whole"] for row in rows)


def _uncoded(subjects: Sequence[Subject]) -> Left:
    found = to_code_by_subject(subjects)
    return {code: left for code, (left, _all) in found.items()}, sum(whole for _left, whole in found.values())


def _unreconciled(subjects: Sequence[Subject]) -> Left:
    found = reconcile(Page.objects.filter(subject__in=subjects))
    return dict(Counter(mismatch.subject for mismatch in found)), None


def _unreviewed(subjects: Sequence[Subject]) -> Left:
    marked = Subject.objects.filter(pk__in=[subject.pk for subject in subjects])
    reviewed = dict(marked.annotate(reviewed=reviewed_up_to()).values_list("code", "reviewed"))
    return unreviewed(reviewed, but=ACTS), None


def _computed(subjects: Iterable[Subject], on: date) -> dict[Check, Left]:
    """What has to be computed anew from all that is recorded: each casebook is read once for it."""
    left: dict[Check, dict[str, int]] = {check: {} for check in (Check.DERIVED, *_further)}
    for some in some_at_a_time(subjects):
        with uncollected(), settings_read_once():
            for casebook in shelved(some):
                differing = sum(1 for _each in derived_differences(casebook))  # whatever the day is
                left[Check.DERIVED][casebook.subject_code] = differing
                for check, count in _further.items():
                    left[check][casebook.subject_code] = count(casebook, on, not differing)
    return {check: (found, None) for check, found in left.items()}
