"""Subjects that may be one person, entered twice at a site (DI-11), and what somebody said of them.

Whether two are alike is asked each time, of the keys that every save of an identity leaves behind
(`patients.casebook.identity.Likeness`): so no channel can pass it by, and what is corrected counts at once.
What is kept is the answer of whoever looked, with what was the same then; a sign that comes later asks again.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, Subquery
from django.utils import timezone

from patients.casebook.form import form_model
from patients.casebook.identity import Identity, Likeness
from patients.casebook.likeness import WHATEVER_THE_SEX, Sign
from patients.casebook.page import Subject
from patients.entry.identity_patterns import reason_without_identity
from patients.entry.opening import CONSENT_FORM
from patients.entry.refusals import NotSaved
from trial.people.access import Person, actor_at, require_entry
from trial.trail.actor import Source, acting
from trial.trail.append_only import AppendOnlyModel
from trial.trail.models import TrailEvent
from trial.trail.record import Change, Place, record_event

SCREENING_NUMBER = "S-"  # before the subject's code (item `screen_no`)


class AnsweredMeanwhile(NotSaved):
    """Somebody said something of these two after the answer before them was read (409)."""


class DoubleAnswer(AppendOnlyModel):
    """What somebody said of two subjects that are alike: whether they are one person. The newest counts, as
    long as no sign has come that it did not know (`signs`). Why, stands in the event alone, where a text can
    be hidden."""

    first = models.ForeignKey(Subject, models.PROTECT, related_name="double_answers")
    second = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    is_one_person = models.BooleanField()
    signs = models.JSONField()
    said_by = models.CharField(max_length=150)
    printed_name = models.CharField(max_length=200)
    at = models.DateTimeField()
    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.first.code} {self.second.code}"


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as it is read: its number, what was said, of which signs, by whom, when, and why."""

    number: int
    is_one_person: bool
    signs: list[str]
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two subjects of a site that are alike, the one with the lower code first; `signs`: in what; `answer`:
    the newest that was given."""

    first: Subject
    second: Subject
    signs: tuple[Sign, ...]
    answer: Said | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody has said yet if they are one person, or not of all that is the same of them."""
        return self.answer is None or not set(self.signs) <= set(self.answer.signs)

    def other_than(self, subject: Subject) -> Subject:
        return self.second if subject.pk == self.first.pk else self.first

    @property
    def seen(self) -> int:
        """The number of the answer that somebody has before them; 0 without one."""
        return self.answer.number if self.answer else 0


# --- who is alike ----------------------------------------------------------------------------------------
def doubles_among(subjects: Any) -> list[Pair]:
    """The pairs of which one is among these subjects (a list, or a question for them), by their codes. One
    statement, however many the site has and whatever was said of them."""
    keys = Likeness.objects.filter(subject__in=subjects).values("key")
    asked = ExpressionWrapper(Q(subject__in=subjects), models.BooleanField())
    alike = Likeness.objects.filter(_shared(), key__in=keys).select_related("subject__site")
    by_key: dict[str, dict[int, Any]] = defaultdict(dict)
    newest: dict[tuple[int, int], Said] = {}
    rows: Any = alike.annotate(is_asked=asked, **_told(), **_said())
    for each in rows.order_by("subject__code", "said_number"):
        by_key[each.key][each.subject_id] = each  # which comes once for each answer
        if each.said_number is not None:
            newest[each.subject_id, each.said_of] = _answer_beside(each)
    signs: dict[tuple[Subject, Subject], set[Sign]] = defaultdict(set)
    for group in by_key.values():
        for one, other in combinations(group.values(), 2):
            if (one.is_asked or other.is_asked) and _may_be_one_person(one, other):
                signs[one.subject, other.subject].add(Sign(one.sign))
    return [
        Pair(first, second, tuple(sign for sign in Sign if sign in found), newest.get((first.pk, second.pk)))
        for (first, second), found in sorted(signs.items(), key=lambda item: [each.code for each in item[0]])
    ]


def has_something_shared() -> Exists:
    """Whether a subject has anything at all in common with another: only then is there more to ask."""
    return Exists(Likeness.objects.filter(_shared(), subject=OuterRef("pk")))


def _shared() -> Exists:
    return Exists(Likeness.objects.filter(key=OuterRef("key")).exclude(subject=OuterRef("subject")))


def open_doubles(subjects: Any) -> list[Pair]:
    """Those of which nobody has said yet whether they are one person."""
    return [pair for pair in doubles_among(subjects) if pair.is_open]


def _told() -> dict[str, Subquery]:
    """What the forms say beside the identity: the sex, and what a re-screening names."""

    def answer(form: str, item: str) -> Subquery:
        rows = form_model(form).objects.filter(page__subject=OuterRef("subject"))
        return Subquery(rows.order_by("pk").values(item)[:1])

    return {
        "sex": answer("DM", "sex"),
        "is_again": answer("ELIG", "rescreen"),
        "screened_before": answer("ELIG", "prior_screen_no"),
    }


def _said() -> dict[str, F]:
    """What was said of the subject, as the first of two."""
    columns = {
        "number": "pk",
        "of": "second",
        "is_one_person": "is_one_person",
        "signs": "signs",
        "by": "printed_name",
        "at": "at",
        "reason": "event__reason",
    }
    return {f"said_{name}": F(f"subject__double_answers__{column}") for name, column in columns.items()}


def _answer_beside(row: Any) -> Said:
    return Said(
        number=row.said_number,
        is_one_person=row.said_is_one_person,
        signs=row.said_signs,
        by=row.said_by,
        at=row.said_at,
        reason=row.said_reason,
    )


def _may_be_one_person(one: Any, other: Any) -> bool:
    """A sex that is not known fits either. Somebody who is screened again is known to be the same person."""
    is_of_one_sex = not one.sex or not other.sex or one.sex == other.sex
    fits = is_of_one_sex or Sign(one.sign) in WHATEVER_THE_SEX
    return fits and not _screened_again(one, other) and not _screened_again(other, one)


def _screened_again(one: Any, before: Any) -> bool:
    named = (one.screened_before or "").strip().upper().removeprefix(SCREENING_NUMBER)
    return bool(one.is_again) and named == before.subject.code


# --- what somebody says of them ----------------------------------------------------------------------------
def answer_double(
    pair: Pair, is_one_person: bool, *, reason: str, seen: int, by: Person, request_id: str = ""
) -> DoubleAnswer:
    """Say whether two subjects are one person, and why. Who enters subjects at the site says it. If they are,
    one of them is ended by its page End of study, or entered as the re-screening that it is. `seen`: the
    number of the answer that was read before (`Pair.seen`).

    Raises PermissionDenied (403), ValidationError (422) for a reason that says nothing or says who it is, and
    AnsweredMeanwhile (409).
    """
    site = pair.first.site.code
    require_entry(by, CONSENT_FORM, site=site)
    known = Identity.objects.filter(subject__in=(pair.first, pair.second))
    reason = reason_without_identity(reason, known)
    actor = actor_at(by, site=site, source=Source.WEB, request_id=request_id)
    with transaction.atomic(), acting(actor):
        _claim(pair, seen)
        event = record_event(
            "double.answered",
            Place(site=site, subject=pair.second.code, about=f"{pair.first.code} {pair.second.code}"),
            [_change(pair, is_one_person)],
            reason=reason,
        )
        return DoubleAnswer.objects.create(
            first=pair.first,
            second=pair.second,
            is_one_person=is_one_person,
            signs=list(pair.signs),
            said_by=actor.user_name,
            printed_name=actor.printed_name,
            at=timezone.now(),
            event=event,
        )


def _change(pair: Pair, is_one_person: bool) -> Change:
    words = {True: "yes", False: "no"}
    old = "" if pair.answer is None else words[pair.answer.is_one_person]
    new = words[is_one_person]
    return Change(
        "is_one_person", f"The same person as {pair.first.code}", old, new, old_shown=old, new_shown=new
    )


def _claim(pair: Pair, seen: int) -> None:
    """Of two people who answer at once the second waits, and is told. Raises AnsweredMeanwhile."""
    two = (pair.first.pk, pair.second.pk)
    list(Subject.objects.select_for_update().filter(pk__in=two).order_by("pk").values_list("pk"))
    newest = DoubleAnswer.objects.filter(first=two[0], second=two[1]).order_by("-pk").first()
    if (newest.pk if newest else 0) != seen:
        raise AnsweredMeanwhile
