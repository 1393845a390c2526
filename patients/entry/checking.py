"""Looking again at all that is recorded about a subject, when nobody has saved anything: time alone makes an
assessment overdue, and a new version of the rules sees what the old one did not."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4

from django.db import transaction

from patients.casebook.page import Page, Subject
from patients.casebook.settings import settings_read_once
from patients.entry.following import follow_subject
from patients.entry.save import held_casebook
from patients.items.problems import Finding
from patients.oversight.casebook_locks import is_sealed
from patients.schedule.placing import place_visits
from trial.people.access import SystemPerson, actor_at
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event


@dataclass(frozen=True, slots=True)
class SubjectChecked:
    """What stands in the casebook of a subject, and what changed of its queries and deviations."""

    code: str
    findings: list[tuple[Page, Finding]]
    changes: list[Change]


def subjects_to_check(codes: Iterable[str] = ()) -> list[str]:
    """The codes of these subjects, of all without any."""
    subjects = Subject.objects.filter(code__in=codes) if codes else Subject.objects.all()
    return list(subjects.order_by("code").values_list("code", flat=True))


@transaction.atomic
def check_subject(code: str, *, by: SystemPerson) -> SubjectChecked:
    """Bring the visits, queries and deviations of one subject in line with this day, in a transaction of its
    own; a locked casebook stays as it is. Raises Subject.DoesNotExist."""
    subject = Subject.objects.select_related("site").get(code=code)
    with settings_read_once(), acting(actor_at(by, site=subject.site.code, source=Source.COMMAND)):
        held = held_casebook(subject)
        if is_sealed(held.subject):
            return SubjectChecked(code, [], [])
        moved = place_visits(held.subject, held)
        act = uuid4()
        looked, followed = follow_subject(held, act=act, by_data=False)
        changes = moved + followed
        if changes:
            place = Place(site=subject.site.code, subject=code, about=code)
            record_event("subject.checked", place, changes, act=act)
    return SubjectChecked(code, [(each.page, found) for each in looked for found in each.findings], changes)
