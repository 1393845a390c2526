"""What the pages of tokens show: all of them, and one with what it has taken out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from patients.web.shell import site_label
from trial.people.access_list import all_accounts, all_sites
from trial.people.first_start import OFFICE
from trial.people.models import Account, Site
from trial.people.roles import SENTENCES
from trial.people.token_acts import RIGHTS
from trial.people.tokens import MAX_DAYS, Dates, ExportToken
from trial.trail.kinds import TAKEN_BY_PROGRAMS
from trial.trail.models import TrailEvent

MOST_TAKEN = 100
"""Acts that are listed of a token; the trail of accounts has all of them."""


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token of the list. `standing` says whether it is in force, and if not, why."""

    url: str
    name: str
    holder: str
    sites: str
    rights: list[str | Promise]
    dates: str
    subjects: str
    filing: str
    expires: datetime
    last_used: datetime | None
    last_address: str
    networks: str
    taken: int
    standing: str
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class TokensScreen:
    """The list, and the form of a new one as it was typed."""

    rows: list[TokenRow]
    sites: list[tuple[str, str, bool]]
    rights: list[tuple[str, str | Promise, bool]]
    dates: list[tuple[str, str]]
    accounts: list[Account]
    most_days: int
    refused: list[str]
    typed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Taken:
    """Something that left: what was asked for, how many entries, and the hash of what was sent."""

    at: datetime
    about: str
    entries: str
    digest: str


@dataclass(frozen=True, slots=True)
class TokenScreen:
    """A token, what it has taken out, and what was refused."""

    token: ExportToken
    row: TokenRow
    taken: list[Taken]
    refused: list[str] = field(default_factory=list)
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewTokenScreen:
    """A key, shown this once, and how its reader has subjects named."""

    name: str
    clear: str
    subjects: str

    @property
    def header(self) -> str:
        """What a program sends."""
        return f"Authorization: Token {self.clear}"


def tokens_screen(refused: list[str], typed: Mapping[str, str]) -> TokensScreen:
    tokens = ExportToken.objects.select_related("holder").prefetch_related("sites").order_by("-id")
    taken = dict(_acts().values_list("actor").annotate(Count("id")).order_by())
    return TokensScreen(
        rows=[_row(token, taken.get(token.name, 0)) for token in tokens],
        sites=[(site.code, site_label(site), typed.get(f"site.{site.code}") == "Y") for site in read_at()],
        rights=[(right, SENTENCES[right], typed.get(f"right.{right}") == "Y") for right in RIGHTS],
        dates=[(str(value), str(label)) for value, label in Dates.choices],
        accounts=[account for account in all_accounts() if account.is_active],
        most_days=MAX_DAYS,
        refused=refused,
        typed=typed,
    )


def token_screen(token: ExportToken, refused: list[str], typed: Mapping[str, str]) -> TokenScreen:
    acts = _acts().filter(actor=token.name)
    newest = acts.order_by("-id").prefetch_related("changes")[:MOST_TAKEN]
    return TokenScreen(token, _row(token, acts.count()), [_taken(act) for act in newest], refused, typed)


def subjects_named(*, is_hiding: bool) -> str:
    """How subjects are named to the reader of a token that hides their sites, or does not."""
    return _("subjects under pseudonyms") if is_hiding else _("subjects under their codes")


def read_at() -> list[Site]:
    """The sites at which there is something to read: the office of the registry treats nobody."""
    return [site for site in all_sites() if site.code != OFFICE]


def _acts() -> "QuerySet[TrailEvent]":
    return TrailEvent.objects.filter(action__in=TAKEN_BY_PROGRAMS, actor_role="token")


def _taken(act: TrailEvent) -> Taken:
    told = {change.item: change.new for change in act.changes.all()}
    return Taken(act.at, act.about, told.get("entries", ""), told.get("sha256", ""))


def _row(token: ExportToken, taken: int) -> TokenRow:
    return TokenRow(
        url=reverse("token", args=[token.pk]),
        name=token.name,
        holder=token.holder.user_name if token.holder else "",
        sites=", ".join(_codes(token.sites.all())),
        rights=[SENTENCES[right] for right in SENTENCES if right in token.permissions],
        dates=token.get_dates_display(),
        subjects=subjects_named(is_hiding=token.hides_sites),
        filing=token.filing,
        expires=token.expires,
        last_used=token.last_used,
        last_address=token.last_address,
        networks=", ".join(token.networks),
        taken=taken,
        standing=_standing(token),
        is_in_force=token.is_in_force,
    )


def _codes(sites: Iterable[Site]) -> list[str]:
    return sorted(site.code for site in sites)


def _standing(token: ExportToken) -> str:
    if token.revoked:
        return _("revoked")
    if not token.holder_may:
        return _("its member may not")
    return _("in force") if token.is_in_force else _("expired")
