"""The casebook of a subject as it was known at a moment, from the kept versions of its rows and pages.

What was saved by then counts, by the time of its version; nothing later does. Identity has no versions: the
trail says whether the birth date was recorded by then, and where it was corrected since, what it had been is
known to nobody.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from patients.casebook.answers import HeldCasebook, Record, empty_record, record_of
from patients.casebook.approval import Approval
from patients.casebook.form import declared_forms
from patients.casebook.page import Page, Subject, Visit
from trial.trail.models import TrailChange

BIRTH = "birth_date"


class NotReproduced(Exception):
    """What was known at the moment cannot be told any more; the text says why."""


class PastCasebook(HeldCasebook):
    """The rows that stood at a moment. `approvals` are those that were on a page by then."""

    def __init__(self, subject: Subject, moment: datetime) -> None:
        """Raises NotReproduced."""
        self.subject, self.moment = subject, moment
        self._birth = _birth_known(subject, moment)
        self.pages = {page.pk: page for page in self._pages()}
        self.versions: dict[tuple[str, str, str], int] = {}
        self._approvals = {(page.form_code, page.visit_code): page.approved for page in self.pages.values()}
        super().__init__(subject.code, list(self._records()))

    def approvals(self, form: str, visit: str) -> Sequence[Approval]:
        return self._approvals.get((form, visit), ())

    def pages_without_rows(self) -> list[Record]:
        """A record for each page that was saved with its header alone."""
        filled = {place[:2] for place in self.versions}
        saved = [page for page in self.pages.values() if page.version]
        return [empty_record(page) for page in saved if (page.form_code, page.visit_code) not in filled]

    def sources(self) -> Iterator[tuple[Any, ...]]:
        """The page and the history id of every row; of a page without rows the page alone."""
        numbers = {(page.form_code, page.visit_code): page.pk for page in self.pages.values() if page.version}
        empty = set(numbers)
        for (form, visit, row_key), version in self.versions.items():
            empty.discard((form, visit))
            yield self.subject_code, visit, form, row_key, numbers[form, visit], version
        for form, visit in sorted(empty):
            yield self.subject_code, visit, form, "", numbers[form, visit], None

    # --- versions ----------------------------------------------------------------------------------------
    def _pages(self) -> Iterator[Page]:
        visits = {visit.pk: visit for visit in Visit.objects.filter(subject=self.subject)}
        for _version, page in self._as_known(Page, subject=self.subject.pk):
            page.subject = self.subject
            if page.visit_id:
                page.visit = visits[page.visit_id]
            yield page

    def _records(self) -> Iterator[Record]:
        for model in declared_forms():
            for version, row in self._as_known(model, page__in=list(self.pages)):
                if row.is_void:
                    continue
                page = row.page = self.pages[row.page_id]
                record = self._dated(record_of(row, page, self.subject))
                self.versions[record.place] = version
                yield record

    def _dated(self, record: Record) -> Record:
        if record.form == "DM" and not self._birth:
            record.values[BIRTH] = None
        return record

    def _as_known(self, model: Any, **where: Any) -> Iterator[tuple[int, Any]]:
        """The newest version by the moment of each row, as an unsaved instance."""
        history = model.history.model
        names = [column.attname for column in history.tracked_fields]
        known = history.objects.filter(history_date__lte=self.moment, **where).order_by()
        newest = known.values("id").annotate(newest=Max("history_id")).values("newest")
        versions = (
            history.objects.filter(history_id__in=newest).exclude(history_type="-").order_by("history_id")
        )
        for version, *values in versions.values_list("history_id", *names):
            yield version, model(**dict(zip(names, values, strict=True)))


def _birth_known(subject: Subject, moment: datetime) -> bool:
    """Whether the birth date that is kept now was on record at the moment.

    Raises NotReproduced where another one was.
    """
    changes = TrailChange.objects.filter(item=BIRTH, event__subject=subject.code).order_by("event__at")
    later = [change for change in changes.select_related("event") if change.event.at > moment]
    if later and any(change.old for change in later):
        said = _("%(subject)s: the birth date was corrected since, and what it was before is not kept.")
        raise NotReproduced(said % {"subject": subject.code})
    return not later
