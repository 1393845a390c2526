"""Keys for programs: shown once, kept as a hash, limited to permissions, sites and time."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, ParseError, UnsupportedMediaType
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from trial.people.access import can
from trial.people.acts import record_act
from trial.people.addresses import address_of
from trial.people.models import Account, Site
from trial.people.needs import need_of
from trial.people.networks import is_within
from trial.people.roles import Permission
from trial.trail.actor import Source
from trial.trail.models import TrailEvent
from trial.trail.record import Change

MAX_DAYS = 90
SAID_AGAIN_AFTER = timedelta(hours=1)


class Dates(models.TextChoices):
    """How dates leave the registry with a token."""

    SHIFTED = "shifted", _("moved by a number of days of each subject")
    TRUE = "true", _("as they are")


class ExportToken(models.Model):
    """A key that a sponsor's program shows. Only its SHA-256 is kept; it never carries a person's rights.

    `dates`: whether it sees the days themselves. `filing`: the number and day under which the authority was
    told that genetic data leave; without it these are withheld (PV-05). How often it asked and took archives
    out in the present period is counted for its rates (`token_rates.py`).

    `holder` is the member whose program shows it, if it is one's: it works for as long as the account does
    and holds, at each of its sites, each of its permissions (AC-08). That of an organisation has none.
    `networks`: from where it works; from everywhere where none is named.
    """

    name = models.CharField(_("name"), max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    sites = models.ManyToManyField(Site)
    permissions = models.JSONField(default=list)
    dates = models.CharField(_("dates"), max_length=8, choices=Dates, default=Dates.SHIFTED)
    networks = models.JSONField(_("networks"), default=list, blank=True)
    filing = models.CharField(_("filing of genetic data"), max_length=100, blank=True, default="")
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=150)
    expires = models.DateTimeField()
    revoked = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=150, blank=True, default="")
    revoked_because = models.CharField(max_length=200, blank=True, default="")
    holder = models.ForeignKey(Account, models.PROTECT, related_name="tokens", null=True, blank=True)
    last_used = models.DateTimeField(null=True, blank=True)
    last_address = models.CharField(max_length=45, blank=True, default="")
    asked_since = models.DateTimeField(null=True, blank=True)
    asked_count = models.PositiveIntegerField(default=0)
    taken_since = models.DateTimeField(null=True, blank=True)
    taken_count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name

    @property
    def is_authenticated(self) -> bool:
        """For the REST framework's permission classes."""
        return True

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def hides_sites(self) -> bool:
        """Whether it must not tell of which site a subject is: subjects leave under pseudonyms."""
        return hides_sites(self.dates, len(self.sites.all()))

    @property
    def is_in_force(self) -> bool:
        return self.revoked is None and self.expires > timezone.now() and self.holder_may

    @property
    def holder_may(self) -> bool:
        """Whether the member whose program shows it may still do all that it may; of nobody's it is so."""
        return self.holder is None or (
            self.holder.is_active and may_all(self.holder, self.permissions, self.sites.all())
        )


def hides_sites(dates: str, sites: int) -> bool:
    """Whether a token with such dates and so many sites hides of which of them a subject is (PV-04): who has
    dates as they are, or one site alone, knows it."""
    return dates != Dates.TRUE and sites > 1


def may_all(holder: Account, permissions: Iterable[str], sites: Iterable[Site]) -> bool:
    """Whether somebody holds each of these permissions at each of these sites."""
    asked = [Permission(permission) for permission in permissions]
    return all(can(holder, permission, site=site.code) for site in sites for permission in asked)


def issue_token(
    name: str,
    *,
    by: str,
    sites: list[Site],
    permissions: list[Permission],
    days: int = MAX_DAYS,
    dates: Dates = Dates.SHIFTED,
    filing: str = "",
    holder: Account | None = None,
    networks: Sequence[str] = (),
) -> str:
    """Make a token and return its clear text, which is not kept. Raises ValueError beyond 90 days."""
    if not 0 < days <= MAX_DAYS:
        raise ValueError(f"a token lives 1 to {MAX_DAYS} days, not {days}")
    clear = secrets.token_hex(16)
    token = ExportToken.objects.create(
        name=name,
        digest=digest_of(clear),
        permissions=[str(permission) for permission in permissions],
        dates=dates,
        filing=filing,
        holder=holder,
        networks=list(networks),
        created_by=by,
        expires=timezone.now() + timedelta(days=days),
    )
    token.sites.set(sites)
    return clear


def digest_of(clear: str) -> str:
    return hashlib.sha256(clear.encode()).hexdigest()


def record_stranger(name: str, address: str, request: HttpRequest) -> None:
    """Put on the trail that a key was shown from where it must not be: once an hour for an address, since
    whoever holds it may ask as often as they like."""
    lately = TrailEvent.objects.filter(
        action="token.refused", about=name, at__gt=timezone.now() - SAID_AGAIN_AFTER
    )
    if not lately.filter(changes__new=address).exists():
        told = [Change("address", "Address", "", address)]
        record_act("token.refused", name, by=None, request=request, changes=told, source=Source.API)


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Token KEY`. An unknown, expired and revoked key get the same answer, and one that comes
    from elsewhere than its networks."""

    def authenticate(self, request: Request) -> tuple[ExportToken, None] | None:
        clear = self.shown(request)
        if not clear:
            return None
        now = timezone.now()
        found = ExportToken.objects.filter(digest=digest_of(clear), expires__gt=now, revoked=None)
        token = found.select_related("holder").first()
        if token is None or not token.holder_may:
            raise AuthenticationFailed()
        address = address_of(request._request)[:45]
        if not is_within(address, token.networks):
            record_stranger(token.name, address, request._request)
            raise AuthenticationFailed()
        found.update(last_used=now, last_address=address)
        return token, None

    def shown(self, request: Request) -> str:
        """The key that a request shows; empty where there is none."""
        scheme, _, clear = request.headers.get("Authorization", "").partition(" ")
        return clear if scheme.lower() == "token" else ""

    def authenticate_header(self, request: Request) -> str:
        return "Token"


class HeaderTokenAuthentication(TokenAuthentication):
    """`api-key: KEY`."""

    def shown(self, request: Request) -> str:
        return request.headers.get("api-key", "")


class FormTokenAuthentication(TokenAuthentication):
    """`token=KEY` in the form that is sent. What cannot be read as a form shows none; the answer is 403, as
    there is no header that would let somebody in."""

    def shown(self, request: Request) -> str:
        try:
            form = request.data
            return str(form.get("token", "")) if isinstance(form, dict) else ""
        except (ParseError, UnsupportedMediaType):
            return ""

    def authenticate_header(self, request: Request) -> str:
        return ""


class TokenMay(BasePermission):
    """The token carries the permission that the view declares; without a declaration no token will do."""

    def has_permission(self, request: Request, view: object) -> bool:
        need, token = need_of(type(view)), token_of(request)
        if need is None or not isinstance(token, ExportToken):
            return False
        if request.method not in need.by_method:
            return not hasattr(view, str(request.method).lower())  # 405, by the framework
        permission = need.permission(str(request.method))
        return permission is None or token.may(permission)


def token_of(request: Request) -> Any:
    """The token that a request was authenticated with."""
    return request.user
