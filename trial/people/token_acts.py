"""Issuing and revoking a token, each with its event."""

from dataclasses import dataclass

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from trial.people.access import Person
from trial.people.acts import record_act
from trial.people.models import Account, Site
from trial.people.roles import Permission
from trial.people.tokens import MAX_DAYS, Dates, ExportToken, issue_token
from trial.trail.record import Change

RIGHTS = (Permission.READ, Permission.REVIEW_TRAIL, Permission.EXPORT, Permission.READ_RESULTS)
"""What programs read with: records as they stand, the trail, data cuts, results."""


@dataclass(frozen=True, slots=True)
class TokenWish:
    """A token that is asked for; `holder` is the member whose program shows it, if it is one's."""

    name: str
    sites: list[Site]
    permissions: list[Permission]
    days: int = MAX_DAYS
    dates: Dates = Dates.SHIFTED
    filing: str = ""
    holder: Account | None = None
    networks: tuple[str, ...] = ()


@transaction.atomic
def issue_on_record(wish: TokenWish, *, by: Person, request: HttpRequest | None = None) -> str:
    """Issue a token; its clear text, which is not kept. Raises ValueError beyond 90 days."""
    clear = issue_token(
        wish.name,
        by=by.user_name,
        sites=wish.sites,
        permissions=wish.permissions,
        days=wish.days,
        dates=wish.dates,
        filing=wish.filing,
        holder=wish.holder,
        networks=wish.networks,
    )
    record_act("token.issued", wish.name, by=by, request=request, changes=_told(wish))
    return clear


@transaction.atomic
def revoke_token(token: ExportToken, *, by: Person, reason: str, request: HttpRequest | None = None) -> None:
    """End a token, whose next request is refused. One that is revoked stays as it was."""
    held = ExportToken.objects.select_for_update().get(pk=token.pk)
    if held.revoked is None:
        held.revoked, held.revoked_by, held.revoked_because = timezone.now(), by.user_name, reason
        held.save(update_fields=["revoked", "revoked_by", "revoked_because"])
        record_act("token.revoked", held.name, by=by, request=request, reason=reason)


def _told(wish: TokenWish) -> list[Change]:
    told = {
        ("sites", "Sites"): " ".join(site.code for site in wish.sites),
        ("permissions", "Permissions"): " ".join(wish.permissions),
        ("days", "Days until it expires"): str(wish.days),
        ("dates", "Dates"): str(wish.dates),
        ("filing", "Filing"): wish.filing,
        ("holder", "Member"): wish.holder.user_name if wish.holder else "",
        ("networks", "Networks"): " ".join(wish.networks),
    }
    return [Change(item, label, "", text) for (item, label), text in told.items() if text]
