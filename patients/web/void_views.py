"""The screen on which a row that was entered by mistake is made void, or restored."""

from dataclasses import dataclass

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from patients.casebook.form import FormRow, Repeat
from patients.casebook.page import Page
from patients.entry.idempotency import Answer, KeyReused
from patients.entry.reasons import NO_REASON, Reason
from patients.entry.refusals import Conflict, PageClosed, Refused
from patients.entry.save import save_page
from patients.entry.voiding import VOID
from patients.items.item import Item
from patients.web.binding import tidy, version_of
from patients.web.fields import ReasonBox
from patients.web.once import once_for
from patients.web.page_casebook import PageCasebook
from patients.web.shell import person_of, shell, show
from trial.people.access import require_entry
from trial.people.models import Account
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission
from trial.trail.actor import Source

private = cache_control(private=True, no_store=True)
CONFLICT, UNPROCESSABLE, LOCKED = 409, 422, 423
TO_KNOW_IT_BY = 3  # values of a row: of a result its moment, test and value


def said_in(row: FormRow) -> list[tuple[str, str]]:
    """What a row says, by the labels of its items; nothing that identifies."""
    shown = ((item, _shown(row, item)) for item in row.items())
    return [(str(item.declared.label), text) for item, text in shown if text]


def _shown(row: FormRow, item: Item) -> str:
    return "" if item.declared.identity else item.with_unit(getattr(row, item.name))


@dataclass(frozen=True, slots=True)
class VoidScreen:
    """Everything that the template says of one row: what stands in it, and what was typed of a reason."""

    page: Page
    row: FormRow
    version: int
    reason: Reason = NO_REASON
    problem: str = ""

    @property
    def values(self) -> list[tuple[str, str]]:
        return said_in(self.row)

    @property
    def box(self) -> ReasonBox:
        return ReasonBox(self.reason.code, self.reason.text)

    @property
    def problems(self) -> list[str]:
        return [self.problem] if self.problem else []


@needs(Permission.ENTER, to_post=Permission.ENTER, at=At.ITS_SITE)
@private
def void_row(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a row says; make it void, or restore it, with a reason."""
    person = person_of(request)
    page = get_object_or_404(Page.objects.for_person(person).select_related("subject__site", "visit"), pk=pk)
    authorise(request, page.subject.site)
    require_entry(person, page.form_code, site=page.subject.site.code)
    if page.is_closed and request.method == "POST":
        return render(request, "423.html", status=LOCKED)
    row = _row(page, request)
    if row is None:
        return _choose(request, person, page)
    if request.method != "POST":
        return _show(request, person, VoidScreen(page, row, page.version))
    reason = Reason(request.POST.get("void__reason", ""), tidy(request.POST.get("void__why", "")))
    screen = VoidScreen(page, row, page.version, reason)
    try:
        return once_for(request, person, lambda: _turn(request, person, screen))
    except PageClosed:
        return render(request, "423.html", status=LOCKED)
    except Conflict:
        said = _("Somebody changed this row after you opened it. Look at it again.")
        return _again(request, person, screen, said, CONFLICT)
    except KeyReused:
        return _again(request, person, screen, _("This was sent before. Look at the row and send it again."))
    except Refused as refused:
        return _again(request, person, screen, str(refused.findings[0].message))


@dataclass(frozen=True, slots=True)
class RowLine:
    """A row to choose: its key, and enough of what it says to know it by."""

    key: str
    said: str


def _line(row: FormRow) -> RowLine:
    return RowLine(row.row_key, " · ".join(text for _label, text in said_in(row)[:TO_KNOW_IT_BY]))


@dataclass(frozen=True, slots=True)
class ChoiceOfRows:
    """The rows of a page, for whoever has not said which one it is about."""

    page: Page
    standing: list[RowLine]
    void: list[RowLine]


def _choose(request: HttpRequest, person: Account, page: Page) -> HttpResponse:
    stored = PageCasebook(page)
    standing = stored.rows.values() if stored.model.form.repeat is Repeat.ROWS else ()
    screen = ChoiceOfRows(page, [_line(row) for row in standing], [_line(row) for row in stored.void])
    frame = shell(person, [page.subject.site], here="page", subject=page.subject)
    status = UNPROCESSABLE if request.method == "POST" else 200
    return show(request, "void_choice.html", screen, frame, status)


def _row(page: Page, request: HttpRequest) -> FormRow | None:
    """The row that is asked for, void or not; None where none is. Raises Http404 for one that is unknown."""
    key = request.POST.get("row", request.GET.get("row", ""))
    if not key:
        return None
    stored = PageCasebook(page)
    for row in (*stored.rows.values(), *stored.void):
        if row.row_key == key:
            return row
    raise Http404("no such row")


def _turn(request: HttpRequest, person: Account, screen: VoidScreen) -> Answer:
    """Make the row void where it stands, and let it stand again where it is void."""
    page, key = screen.page, screen.row.row_key
    wish = request.POST.get("do", "")
    if wish not in ("void", "restore"):
        raise BadRequest("neither made void nor restored")
    save_page(
        page,
        {key: {VOID.name: "Y" if wish == "void" else "N"}},
        by=person,
        base_version=version_of(request.POST),
        source=Source.WEB,
        reasons={(key, VOID.name): screen.reason},
        request_id=request.request_id,  # type: ignore[attr-defined]
    )
    said = {"void": _("Row %(key)s is void."), "restore": _("Row %(key)s stands again.")}[wish]
    return Answer(location=page.get_absolute_url(), said=said % {"key": key})


def _again(
    request: HttpRequest, person: Account, screen: VoidScreen, problem: str, status: int = UNPROCESSABLE
) -> HttpResponse:
    now = Page.objects.select_related("subject__site", "visit").get(pk=screen.page.pk)
    row = _row(now, request) or screen.row
    shown = VoidScreen(now, row, now.version, screen.reason, problem)
    return _show(request, person, shown, status)


def _show(request: HttpRequest, person: Account, screen: VoidScreen, status: int = 200) -> HttpResponse:
    frame = shell(person, [screen.page.subject.site], here="page", subject=screen.page.subject)
    return show(request, "void.html", screen, frame, status)
