"""The pages of tokens: an account administrator issues a key for a program, sees who uses it, and ends it."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from patients.entry.idempotency import Answer, KeyReused
from patients.web.once import SENT_BEFORE, once_for
from patients.web.people_views import administrator, kept_before, reason_of
from patients.web.shell import show
from patients.web.token_presenter import (
    NewTokenScreen,
    read_at,
    subjects_named,
    token_screen,
    tokens_screen,
)
from patients.web.views import private
from trial.people.access_list import all_accounts
from trial.people.fresh_proof import ask_again
from trial.people.models import Account
from trial.people.needs import needs
from trial.people.networks import MOST, read_networks
from trial.people.roles import Permission
from trial.people.token_acts import RIGHTS, TokenWish, issue_on_record, revoke_token
from trial.people.tokens import MAX_DAYS, Dates, ExportToken, hides_sites, may_all

LONGEST_NAME, LONGEST_FILING = 100, 100


@needs(Permission.MANAGE_ACCOUNTS, to_post=Permission.MANAGE_ACCOUNTS)
@private
@sensitive_variables("clear")
def tokens(request: HttpRequest) -> HttpResponse:
    """All tokens; a POST issues one and shows its key this once."""
    by, frame = administrator(request, "tokens")
    if request.method != "POST":
        return show(request, "people/tokens.html", tokens_screen([], kept_before(request)), frame)
    if proof := ask_again(request):
        return proof
    typed = {name: str(text).replace("\0", "").strip() for name, text in request.POST.dict().items()}
    try:
        wish = _wish(typed)
    except ValidationError as refused:
        return show(request, "people/tokens.html", tokens_screen(refused.messages, typed), frame, 422)
    clear = issue_on_record(wish, by=by, request=request)
    subjects = subjects_named(is_hiding=hides_sites(wish.dates, len(wish.sites)))
    return show(request, "people/token_shown.html", NewTokenScreen(wish.name, clear, subjects), frame)


@needs(Permission.MANAGE_ACCOUNTS, to_post=Permission.MANAGE_ACCOUNTS)
@private
def token(request: HttpRequest, pk: int) -> HttpResponse:
    """A token with what it has taken out; a POST revokes it."""
    by, frame = administrator(request, "tokens")
    found = get_object_or_404(ExportToken.objects.select_related("holder"), pk=pk)
    if request.method != "POST":
        screen = token_screen(found, [], kept_before(request))
        return show(request, "people/token.html", screen, frame)
    if proof := ask_again(request):
        return proof
    try:
        return once_for(request, by, lambda: _revoked(request, found, by))
    except ValidationError as error:
        refused = error.messages
    except KeyReused:
        refused = [str(SENT_BEFORE)]
    return show(request, "people/token.html", token_screen(found, refused, request.POST), frame, 422)


def _revoked(request: HttpRequest, found: ExportToken, by: Account) -> Answer:
    revoke_token(found, by=by, reason=reason_of(request), request=request)
    return Answer(location=reverse("token", args=[found.pk]))


# --- what was typed ---------------------------------------------------------------------------------------
def _wish(typed: Mapping[str, str]) -> TokenWish:
    """The token that is asked for. Raises ValidationError with all that is wrong."""
    sites = [site for site in read_at() if typed.get(f"site.{site.code}") == "Y"]
    rights = [right for right in RIGHTS if typed.get(f"right.{right}") == "Y"]
    holder = next((one for one in all_accounts() if one.user_name == typed.get("holder")), None)
    days, filing, dates = typed.get("days", ""), typed.get("filing", ""), typed.get("dates", "")
    wrong = [*_against_name(typed.get("name", ""))]
    if not sites:
        wrong.append(_("Choose a site at least."))
    if not rights:
        wrong.append(_("Choose what it may do."))
    if not (days.isascii() and days.isdigit() and len(days) < 3 and 0 < int(days) <= MAX_DAYS):
        wrong.append(_("A token lives 1 to %(most)s days.") % {"most": MAX_DAYS})
    if dates not in Dates.values:
        wrong.append(_("Choose how dates leave."))
    if len(filing) > LONGEST_FILING:
        wrong.append(_("Filing: at most %(most)s characters.") % {"most": LONGEST_FILING})
    networks = _networks(typed.get("networks", ""), wrong)
    if typed.get("holder") and (holder is None or not may_all(holder, rights, sites)):
        wrong.append(_("The member does not hold all of this at each of these sites."))
    if wrong:
        raise ValidationError(wrong)
    return TokenWish(typed["name"], sites, rights, int(days), Dates(dates), filing, holder, networks)


def _networks(text: str, wrong: list[str]) -> tuple[str, ...]:
    """The networks that were typed; what is wrong with them goes to the rest."""
    try:
        return read_networks(text)
    except ValueError as problem:
        sentence = _("Networks: %(typed)s is none. Write them as 10.1.2.0/24 or 10.1.2.3, at most %(most)s.")
        wrong.append(sentence % {"typed": str(problem)[:40], "most": MOST})
    return ()


def _against_name(name: str) -> list[str]:
    """The trail names who read by it: nobody else may have it, and none had it before."""
    if not 3 <= len(name) <= LONGEST_NAME:
        return [_("Name: between %(least)s and %(most)s characters.") % {"least": 3, "most": LONGEST_NAME}]
    is_taken = (
        ExportToken.objects.filter(name__iexact=name).exists()
        or Account.objects.filter(user_name__iexact=name).exists()
        or name.lower().startswith("system:")
    )
    return (
        [_("This name is, or was, that of a token or a person; names are never used again.")]
        if is_taken
        else []
    )
