"""Two locks held side by side, and the certificate of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from analytics.desk.certificate import as_json, as_pdf, certificate
from analytics.endpoints.catalogue import catalogue
from analytics.locks.codes import Code
from analytics.locks.comparing import Difference, Moved, Recoded, differences, moved_estimates, recoded
from analytics.locks.models import Lock
from analytics.locks.snapshot import SnapshotDamaged
from analytics.reports.views import reader_of
from analytics.runs.results import NotFinished
from patients.casebook.form import form_model
from patients.casebook.header import HEADER
from patients.casebook.page import Page
from patients.web.shell import show
from patients.web.taken_file import PDF, as_file
from patients.web.views import private
from trial.people.models import Account
from trial.people.needs import At, needs
from trial.people.roles import Permission

MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """A value that differs, with the label of its item and the page that it stands on now."""

    difference: Difference
    label: str
    page_id: int | None


@dataclass(frozen=True, slots=True)
class RecodedLine:
    """A row that is coded otherwise: the terms in words, and the page that it stands on now."""

    recoded: Recoded
    before: str
    after: str
    page_id: int | None


@dataclass(frozen=True, slots=True)
class MovedLine:
    moved: Moved
    definition: str


@dataclass(frozen=True, slots=True)
class CompareScreen:
    """Everything that the template says. `problem`: why something cannot be told (yet)."""

    before: Lock
    after: Lock
    lines: list[DifferenceLine]
    has_more: bool
    codes: list[RecodedLine]
    has_more_codes: bool
    moved: list[MovedLine]
    problem: str


@needs(Permission.READ_RESULTS, at=At.ALL_ITS_SITES)
@private
def compare(request: HttpRequest, pk: int, earlier: int) -> HttpResponse:
    """Which values and codes of a lock differ from those of an earlier one, and which estimates moved."""
    reader = reader_of(request)
    before, after = reader.lock(earlier), reader.lock(pk)
    try:
        found = list(islice(differences(before, after), MOST_ROWS + 1))
        coded = list(islice(recoded(before, after), MOST_ROWS + 1))
    except SnapshotDamaged as damaged:
        raise Http404(str(damaged)) from damaged
    moved, problem = _moved(before, after)
    screen = CompareScreen(
        before,
        after,
        _lines(found[:MOST_ROWS], reader.person),
        len(found) > MOST_ROWS,
        _recoded_lines(coded[:MOST_ROWS], reader.person),
        len(coded) > MOST_ROWS,
        moved,
        problem,
    )
    return show(request, "compare_locks.html", screen, reader.frame)


def _lines(found: list[Difference], person: Account) -> list[DifferenceLine]:
    """Each with its page, for who may read it."""
    numbers = _pages(found, person)
    return [
        DifferenceLine(each, _label(each), numbers.get((each.subject, each.visit, each.form)))
        for each in found
    ]


def _recoded_lines(found: list[Recoded], person: Account) -> list[RecodedLine]:
    numbers = _pages(found, person)
    return [
        RecodedLine(
            each, _term(each.before), _term(each.after), numbers.get((each.subject, each.visit, each.form))
        )
        for each in found
    ]


def _term(code: Code | None) -> str:
    """What a row is coded as: the concept with its code, and the version of the dictionary."""
    return f"{code.concept} ({code.concept_code}), {code.dictionary} {code.version}" if code else ""


def _pages(
    found: Sequence[Difference] | Sequence[Recoded], person: Account
) -> dict[tuple[str, str, str], int]:
    """The pages of these places, as far as a person may read them, by subject, visit and form."""
    pages = Page.objects.for_person(person).filter(subject__code__in={each.subject for each in found})
    return {
        (page.subject.code, page.visit_code, page.form_code): page.pk
        for page in pages.select_related("subject", "visit")
    }


def _label(each: Difference) -> str:
    """What an item is called; a fact of the subject as a whole by its name."""
    if not each.form:
        return {
            "age_days_at_enrolment": _("age at enrolment, in days"),
            "alive_at_cutoff": _("known alive at the cut-off"),
            "progression_free_at_cutoff": _("known free of progression at the cut-off"),
        }.get(each.item, each.item)
    item = {item.name: item for item in form_model(each.form).items()}.get(each.item) or HEADER.get(each.item)
    return str(item.declared.label) if item else each.item


def _moved(before: Lock, after: Lock) -> tuple[list[MovedLine], str]:
    if not (before.is_of_study and after.is_of_study):
        return [], _("Endpoints are computed of the study as a whole.")
    try:
        found = moved_estimates(before, after)
    except NotFinished:
        return [], _("One of the two is not computed yet.")
    return [MovedLine(each, catalogue()[each.figure].definition) for each in found], ""


@needs(Permission.READ_RESULTS, at=At.ALL_ITS_SITES)
@private
def certificate_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The certificate of a lock as a page to sign and file."""
    lock = reader_of(request).lock(pk)
    try:
        pdf = as_pdf(lock, certificate(lock))
    except SnapshotDamaged:
        return HttpResponse(_damaged(), status=HTTPStatus.CONFLICT, content_type="text/plain; charset=utf-8")
    return as_file(pdf, PDF, f"lock-{lock.pk}-certificate.pdf")


@needs(Permission.READ_RESULTS, at=At.ALL_ITS_SITES)
@private
def certificate_json(request: HttpRequest, pk: int) -> HttpResponse:
    """The same facts for a program."""
    lock = reader_of(request).lock(pk)
    try:
        text = as_json(certificate(lock))
    except SnapshotDamaged:
        return HttpResponse(_damaged(), status=HTTPStatus.CONFLICT, content_type="text/plain; charset=utf-8")
    return as_file(text.encode(), "application/json", f"lock-{lock.pk}-certificate.json")


def _damaged() -> str:
    return _("The sealed file of this lock is not there any more as it was: nothing can be certified.")
