"""The data of a lock in the browser: what can be taken, asked for here; how far it is; and the file."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from analytics.exports.jobs.asking import BeingMade, TooManyGoing, ask_for, end_export
from analytics.exports.jobs.models import Export, ExportState, What
from analytics.exports.jobs.presenter import data_screen, export_screen
from analytics.exports.jobs.wish import NotWished, read_wish
from analytics.exports.sending import sent
from analytics.exports.taking import record_taking_of
from analytics.locks.models import Lock
from analytics.locks.visible import is_seen_at
from patients.entry.idempotency import Answer, KeyReused
from patients.web.once import SENT_BEFORE, once_for
from patients.web.shell import person_of, shell, show
from patients.web.views import private
from trial.people.access import can, sites_where
from trial.people.models import Account
from trial.people.needs import At, needs
from trial.people.roles import Permission
from trial.people.tokens import Dates
from trial.storage.kept import is_kept


def _lock(person: Account, pk: int) -> Lock:
    """A lock of whose every site the person may export; any other is absent."""
    found = get_object_or_404(Lock.objects.select_related("snapshot"), pk=pk)
    sites = [site.code for site in sites_where(person, Permission.EXPORT)]
    if not is_seen_at(found, (code for code in sites if can(person, Permission.EXPORT, site=code))):
        raise Http404(pk)
    return found


@needs(Permission.EXPORT, to_post=Permission.EXPORT, at=At.ALL_ITS_SITES)
@private
def data(request: HttpRequest, pk: int) -> HttpResponse:
    """What of a lock can be taken; an archive, a table or a workbook is asked for here."""
    person = person_of(request)
    lock = _lock(person, pk)
    if request.method != "POST":
        return _show(request, person, lock)
    try:
        return once_for(request, person, lambda: _asked(request, lock, person))
    except KeyReused:
        return _show(request, person, lock, str(SENT_BEFORE))
    except NotWished as problem:
        return _show(request, person, lock, str(problem))
    except TooManyGoing:
        said = _("So many files of yours are being made already. Ask again when one is done.")
        return _show(request, person, lock, said, HTTPStatus.TOO_MANY_REQUESTS)
    except BeingMade:
        said = _("The cut is still being made or computed: ask again later.")
        return _show(request, person, lock, said, HTTPStatus.CONFLICT)


def _asked(request: HttpRequest, lock: Lock, person: Account) -> Answer:
    wish = read_wish(_told(request), lock, Dates.SHIFTED)
    export = ask_for(lock, wish, by=person).export
    return Answer(location=reverse("lock-export", args=[lock.pk, export.pk]))


def _told(request: HttpRequest) -> Mapping[str, Any]:
    """What the form asks for: a button names a table, with the format of its list; or a workbook."""
    form = request.POST
    if name := form.get("table"):
        return {"what": What.TABLE, "name": name, "suffix": form.get("suffix", "")}
    if standard := form.get("workbook"):
        return {"what": What.WORKBOOK, "standard": standard}
    return {"what": What.ARCHIVE, "formats": form.getlist("formats")}


def _show(
    request: HttpRequest,
    person: Account,
    lock: Lock,
    refused: str = "",
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> HttpResponse:
    frame = shell(person, sites_where(person, Permission.EXPORT), here="locks")
    screen = data_screen(lock, person, refused)
    return show(request, "lock_data.html", screen, frame, status if refused else HTTPStatus.OK)


@needs(Permission.EXPORT, to_post=Permission.EXPORT, at=At.ALL_ITS_SITES)
@private
def export(request: HttpRequest, pk: int, number: int) -> HttpResponseBase:
    """How far a file is that the person asked for; taken or ended here. It is taken by POST, since it leaves
    a record."""
    person = person_of(request)
    lock = _lock(person, pk)
    found = get_object_or_404(Export.objects.by(person).filter(lock=lock), pk=number)
    if request.method != "POST":
        return _show_export(request, person, lock, found)
    wish = request.POST.get("do")
    if wish == "end":
        end_export(found)
        return redirect("lock-data", pk)
    if wish != "take":
        raise BadRequest("neither taken nor ended")
    if not found.is_there:
        return redirect("lock-export", pk, number)
    if not is_kept(found.place, found.digest):
        return _show_gone(request, person, lock, found)
    record_taking_of(lock, found.made, by=person, request_id=request.request_id)  # type: ignore[attr-defined]
    return sent(request, found.made)


def _show_gone(request: HttpRequest, person: Account, lock: Lock, export: Export) -> HttpResponse:
    """Its row says that it is done, and its file is not where it was put. The row stays as it is: one that is
    over removes what lies in the store under its name, which may be the file of a restored copy."""
    export.state = ExportState.EXPIRED
    return _show_export(request, person, lock, export, HTTPStatus.GONE)


def _show_export(
    request: HttpRequest, person: Account, lock: Lock, export: Export, status: int = HTTPStatus.OK
) -> HttpResponse:
    frame = shell(person, sites_where(person, Permission.EXPORT), here="locks")
    return show(request, "lock_export.html", export_screen(lock, export), frame, status)
