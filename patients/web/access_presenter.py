"""What the pages about access show: who had it on a day, its review, and who may do what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from trial.people.access import holds
from trial.people.access_list import AccessLine, access_now
from trial.people.access_review import AccessReview, due_since, last_reviews
from trial.people.models import Account, Site
from trial.people.needs import OF_TOKENS, At, Door
from trial.people.policy import PolicyLine, policy
from trial.people.roles import FORMS_ENTERED, SENTENCES, TABLE, Permission, Role
from trial.protocol.study import site_today


@dataclass(frozen=True, slots=True)
class AccessScreen:
    """Who had access on a day."""

    lines: list[AccessLine]
    on: date
    today: date
    sites: Sequence[Site]
    site: str
    sheet_url: str
    may_manage: bool


@dataclass(frozen=True, slots=True)
class ReviewScreen:
    """All access in force, what stands out in it, and the reviews before."""

    lines: list[AccessLine]
    unused: int
    reviews: list[AccessReview]
    due: date | None
    next_due: date | None
    may_review: bool
    refused: list[str]
    remark: str


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role with all that it may do, in sentences."""

    role: str
    may: list[str]
    forms: str
    """Those that it enters, where these are not all."""


@dataclass(frozen=True, slots=True)
class RouteRow:
    """An address with what it asks for, and the roles that it lets in."""

    address: str
    methods: str
    asks: str
    lets_in: str


@dataclass(frozen=True, slots=True)
class PolicyScreen:
    roles: list[RoleRow]
    routes: list[RouteRow]


def access_screen(
    lines: list[AccessLine], on: date, sites: Sequence[Site], site: str, reader: Account
) -> AccessScreen:
    asked = urlencode({"on": on.isoformat(), "site": site})
    sheet_url = f"{reverse('access-sheet')}?{asked}"
    may_manage = holds(reader, Permission.MANAGE_ACCOUNTS)
    return AccessScreen(lines, on, site_today(), sites, site, sheet_url, may_manage)


def review_screen(
    sites: Sequence[Site], reader: Account, refused: list[str] | None = None, remark: str = ""
) -> ReviewScreen:
    lines, reviews = access_now(sites), last_reviews()
    newest = reviews[0] if reviews else None
    return ReviewScreen(
        lines=lines,
        unused=sum(line.is_unused for line in lines),
        reviews=reviews,
        due=due_since(newest, site_today()),
        next_due=newest.next_due if newest else None,
        may_review=holds(reader, Permission.MANAGE_ACCOUNTS),
        refused=refused or [],
        remark=remark,
    )


def policy_screen() -> PolicyScreen:
    return PolicyScreen([_role_row(role) for role in Role], [_route_row(line) for line in policy()])


def _role_row(role: Role) -> RoleRow:
    may = [str(SENTENCES[right]) for right in Permission if right in TABLE[role]]
    return RoleRow(str(role.label), may, ", ".join(sorted(FORMS_ENTERED.get(role, ()))))


def _route_row(line: PolicyLine) -> RouteRow:
    lets_in = _("all") if len(line.roles) == len(Role) else ", ".join(str(role.label) for role in line.roles)
    return RouteRow(line.address, " ".join(line.methods), _asked(line), lets_in)


def _asked(line: PolicyLine) -> str:
    """What a route asks for, in words."""
    if line.door is Door.ANYONE:
        return _("nothing: it comes before the sign-in")
    if line.door in OF_TOKENS:
        carried = SENTENCES[line.permission] if line.permission else _("any")
        return _("a token: %s") % carried
    if line.permission is None:
        return _("to have signed in")
    sentence = str(SENTENCES[line.permission])
    if line.at is At.ITS_SITE:
        return _("%s, at the site of the record") % sentence
    return _("%s, at all of its sites") % sentence if line.at is At.ALL_ITS_SITES else sentence
