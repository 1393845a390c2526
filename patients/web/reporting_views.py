"""The screen on which a serious event is reported, in one step from the event itself."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from patients.casebook.page import Page
from patients.entry.idempotency import Answer, KeyReused
from patients.entry.refusals import Conflict, PageClosed, Refused
from patients.entry.reporting import REPORTS, NextReport, NoReport, next_report, report_event
from patients.items.item import Item
from patients.web.binding import tidy
from patients.web.clocks import local_now
from patients.web.once import once_for
from patients.web.shell import person_of, shell, show
from patients.web.views import LOCKED, private
from patients.web.widgets import labels_of, shown_value
from trial.people.access import require_entry
from trial.people.models import Account
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission

_TOLD = ("ae_term", "ae_start", "ae_grade", "ae_ser_crit", "ae_outcome")


@dataclass(frozen=True, slots=True)
class ReportScreen:
    """Everything that the template says: the event, the report that comes next, and what was typed."""

    page: Page
    key: str
    found: NextReport
    aware: str
    problems: list[str]

    @property
    def told(self) -> list[tuple[str, str]]:
        """What is known of the event."""
        items = ((self.found.event.item(name), getattr(self.found.event, name)) for name in _TOLD)
        return [(str(item.declared.label), _shown(item, value)) for item, value in items if value]


def _shown(item: Item, value: Any) -> str:
    return shown_value(item, value, labels_of(item))


@needs(Permission.ENTER, to_post=Permission.ENTER, at=At.ITS_SITE)
@private
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """What is known of a serious event; begin its next report."""
    person = person_of(request)
    page = get_object_or_404(Page.objects.for_person(person).select_related("subject__site", "visit"), pk=pk)
    authorise(request, page.subject.site)
    require_entry(person, REPORTS, site=page.subject.site.code)
    key = request.POST.get("row", request.GET.get("row", ""))
    try:
        if request.method != "POST":
            return _show(request, person, page, key)
        return once_for(request, person, lambda: _begin(request, person, page, key))
    except PageClosed:
        return render(request, "423.html", status=LOCKED)
    except (NoReport, Conflict) as refused:
        frame = shell(person, [page.subject.site], here="page", subject=page.subject)
        screen = {"page": page, "problems": [str(refused)]}
        return show(request, "report_none.html", screen, frame, HTTPStatus.UNPROCESSABLE_ENTITY)
    except Refused as refused:
        return _show(request, person, page, key, [str(found.message) for found in refused.findings])
    except KeyReused:
        said = _("This was sent before. Look at it and send it again.")
        return _show(request, person, page, key, [said])


def _begin(request: HttpRequest, person: Account, page: Page, key: str) -> Answer:
    request_id = request.request_id  # type: ignore[attr-defined]
    aware = tidy(request.POST.get("aware", ""))
    saved = report_event(page, key, aware, by=person, request_id=request_id)
    return Answer(location=saved.page.get_absolute_url(), said=_("The report is begun: complete it here."))


def _show(
    request: HttpRequest, person: Account, page: Page, key: str, problems: list[str] | None = None
) -> HttpResponse:
    now = local_now().strftime("%Y-%m-%d %H:%M")
    screen = ReportScreen(page, key, next_report(page, key), request.POST.get("aware", now), problems or [])
    frame = shell(person, [page.subject.site], here="page", subject=page.subject)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return show(request, "report.html", screen, frame, status)
