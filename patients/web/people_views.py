"""The screens of the account administrator. Nobody does anything here to an account of their own."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from patients.entry.idempotency import Answer, KeyReused
from patients.web.once import SENT_BEFORE, once_for
from patients.web.people_presenter import LinkScreen, people_screen, person_screen
from patients.web.shell import Shell, person_of, shell, show
from patients.web.trail_filters import day_of
from trial.people.access import sites_where
from trial.people.access_list import all_accounts, all_sites
from trial.people.accounts import NameTaken, create_account, disable_account, end_role, issue_link
from trial.people.fresh_proof import ask_again, is_proved, typed_before
from trial.people.grants import grant_role
from trial.people.models import Account
from trial.people.needs import needs
from trial.people.roles import Permission, Role
from trial.people.second_factor import NeedsAnother, NotRequested, approve_reset, request_reset
from trial.protocol.study import SITE_ZONE

private = cache_control(private=True, no_store=True)
SHORTEST_REASON = 5  # characters, as for a change of data (AT-04)


@needs(Permission.MANAGE_ACCOUNTS, to_post=Permission.MANAGE_ACCOUNTS)
@private
def people(request: HttpRequest) -> HttpResponse:
    """Everybody who has, or had, an account; a POST makes a new one and shows its link this once."""
    by, frame = administrator(request)
    if request.method != "POST":
        return show(
            request, "people/list.html", people_screen(all_accounts(), typed=kept_before(request)), frame
        )
    if proof := ask_again(request):
        return proof
    user_name, printed_name = (
        request.POST.get(name, "").replace("\0", "").strip() for name in ("user_name", "printed_name")
    )
    try:
        account = create_account(user_name, printed_name, by=by, request=request)
    except NameTaken:
        refused = [_("This user name is, or was, somebody's; names are never used again.")]
    except ValidationError as error:
        refused = error.messages
    else:
        return _link(request, account, by, frame)
    return show(request, "people/list.html", people_screen(all_accounts(), refused, request.POST), frame, 422)


@needs(Permission.MANAGE_ACCOUNTS, to_post=Permission.MANAGE_ACCOUNTS)
@private
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """An account with all that was ever granted to it; a POST does one of the acts."""
    by, frame = administrator(request)
    account = get_object_or_404(all_accounts(), pk=pk)
    if request.method != "POST":
        return _show(request, account, by, frame, typed=kept_before(request))
    do = request.POST.get("do", "")
    if do not in (_LINK, *_ACTS):
        raise BadRequest("an act that no page of ours sends")
    if account == by:
        raise PermissionDenied(f"{by.user_name}: an account of one's own")
    if proof := ask_again(request):
        return proof
    if do == _LINK:
        return _link(request, account, by, frame)
    try:
        return once_for(request, by, lambda: _done(do, request, account, by))
    except ValidationError as error:
        return _show(request, account, by, frame, error.messages, 422)
    except KeyReused:
        return _show(request, account, by, frame, [str(SENT_BEFORE)], 422)
    except NotRequested:
        return _show(request, account, by, frame, [_("Nobody has asked for it, or it is done already.")], 409)
    except NeedsAnother:
        refused = [_("You asked for it: another administrator has to approve.")]
        return _show(request, account, by, frame, refused, 403)


def administrator(request: HttpRequest, here: str = "people") -> tuple[Account, Shell]:
    by = person_of(request)
    return by, shell(by, sites_where(by, Permission.MANAGE_ACCOUNTS), here=here)


def _show(
    request: HttpRequest,
    account: Account,
    by: Account,
    frame: Shell,
    refused: list[str] | None = None,
    status: int = 200,
    typed: Mapping[str, str] | None = None,
) -> HttpResponse:
    screen = person_screen(account, by, all_sites(), refused or [], typed or request.POST)
    return show(request, "people/person.html", screen, frame, status)


def kept_before(request: HttpRequest) -> Mapping[str, str]:
    """What was typed before the proof, which may not have been given; it is not done yet."""
    typed = typed_before(request)
    if typed:
        confirmed = _("Confirmed. Nothing was done yet: look at it and send it again.")
        waiting = _("Nothing was done yet: you will be asked who you are when you send it again.")
        messages.info(request, confirmed if is_proved(request) else waiting)
    return typed


def _link(request: HttpRequest, account: Account, by: Account, frame: Shell) -> HttpResponse:
    address = request.build_absolute_uri(issue_link(account, by=by, request=request))
    return show(request, "people/link.html", LinkScreen(account, address), frame)


# --- the acts of the page of a person ---------------------------------------------------------------------
_LINK = "link"
"""Asked for twice, the later link counts and is shown: the secret of an earlier one is kept nowhere."""


def _done(do: str, request: HttpRequest, account: Account, by: Account) -> Answer:
    _ACTS[do](request, account, by)
    return Answer(location=reverse("person", args=[account.pk]))


def _grant(request: HttpRequest, account: Account, by: Account) -> None:
    site = next((site for site in all_sites() if site.code == request.POST.get("site")), None)
    if site is None or request.POST.get("role") not in list(Role):
        raise ValidationError(_("Choose a role and a site."))
    first, last = _day(request, "starts"), _day(request, "ends")
    grant_role(
        account,
        Role(request.POST["role"]),
        site,
        by=by,
        reason=reason_of(request),
        starts=_midnight(first) if first else None,
        ends=_midnight(last + timedelta(days=1)) if last else None,
        request=request,
    )


def _end(request: HttpRequest, account: Account, by: Account) -> None:
    still = account.grants.still_to_end().select_related("account", "site")
    grant = {str(each.pk): each for each in still}.get(request.POST.get("grant", ""))
    if grant is None:
        raise Http404
    end_role(grant, by=by, reason=reason_of(request), request=request)


def _disable(request: HttpRequest, account: Account, by: Account) -> None:
    disable_account(account, by=by, reason=reason_of(request), request=request)


def _ask_reset(request: HttpRequest, account: Account, by: Account) -> None:
    request_reset(account, by=by, reason=reason_of(request), request=request)


def _approve_reset(request: HttpRequest, account: Account, by: Account) -> None:
    approve_reset(account, by=by, request=request)


_ACTS: dict[str, Callable[[HttpRequest, Account, Account], None]] = {
    "grant": _grant,
    "end": _end,
    "disable": _disable,
    "ask-reset": _ask_reset,
    "approve-reset": _approve_reset,
}


def reason_of(request: HttpRequest) -> str:
    reason = request.POST.get("reason", "").replace("\0", "").strip()
    if len(reason) < SHORTEST_REASON:
        raise ValidationError(_("Say why, in at least five characters."))
    return reason


def _day(request: HttpRequest, name: str) -> date | None:
    text = request.POST.get(name, "").replace("\0", "").strip()
    try:
        return day_of(text)
    except BadRequest as error:
        raise ValidationError(_("%s is not a date.") % text) from error


def _midnight(day: date) -> datetime:
    """The moment at which a day begins at the site."""
    return datetime.combine(day, time(), SITE_ZONE)
