"""Who had access on a day (AC-06), and who has not used it for a quarter of a year (AC-07)."""

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import StringIO

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from trial.people.access import holds, sites_where
from trial.people.acts import record_act
from trial.people.models import Account, Member, MemberQuerySet, SecondFactorReset, Site
from trial.people.roles import Permission
from trial.protocol.study import SITE_ZONE
from trial.trail.taken_out import one_site, taken_out

UNUSED_DAYS = 90
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet would compute."""


@dataclass(frozen=True, slots=True)
class AccessLine:
    """One grant: who, as what, where, from when until when, granted by whom and why."""

    account: int
    user_name: str
    printed_name: str
    is_active: bool
    role: str
    site: str
    starts: datetime
    ends: datetime | None
    granted_by: str
    reason: str
    last_sign_in: datetime | None
    is_unused: bool


def all_accounts() -> QuerySet[Account]:
    """Every account that is or was, with its roles in force, and whether a reset waits for approval."""
    in_force = Member.objects.in_force().select_related("site").order_by("site__code", "role")
    asked = SecondFactorReset.objects.filter(account=OuterRef("pk"), approved=None)
    accounts = Account.objects.annotate(reset_asked=Exists(asked))
    accounts = accounts.prefetch_related(Prefetch("grants", in_force, to_attr="grants_in_force"))
    return accounts.order_by(Lower("user_name"))


def all_sites() -> list[Site]:
    return list(Site.objects.all())


def sites_listed_for(person: Account) -> list[Site]:
    """The sites whose access somebody sees: all of them for whoever grants it."""
    if holds(person, Permission.MANAGE_ACCOUNTS):
        return all_sites()
    return sites_where(person, Permission.READ_ACCESS)


def access_on(day: date, sites: Iterable[Site]) -> list[AccessLine]:
    """Who had which role at these sites at some moment of a day."""
    return _lines(Member.objects.on(day).filter(site__in=list(sites)))


def access_now(sites: Iterable[Site]) -> list[AccessLine]:
    """Who has which role at these sites now."""
    return _lines(Member.objects.in_force().filter(site__in=list(sites)))


def grants_of(account: Account) -> list[Member]:
    """All that was ever granted to somebody, the newest first."""
    return list(account.grants.select_related("site").order_by("-starts", "-pk"))


def _lines(grants: MemberQuerySet) -> list[AccessLine]:
    ordered = grants.select_related("account", "site").order_by(
        "account__user_name", "site__code", "role", "pk"
    )
    return [_line(grant) for grant in ordered]


def _line(grant: Member) -> AccessLine:
    account = grant.account
    return AccessLine(
        account=account.pk,
        user_name=account.user_name,
        printed_name=account.printed_name,
        is_active=account.is_active,
        role=str(grant.get_role_display()),
        site=grant.site.code,
        starts=grant.starts,
        ends=grant.ends,
        granted_by=grant.granted_by,
        reason=grant.reason,
        last_sign_in=account.last_login,
        is_unused=is_unused(grant),
    )


def is_unused(grant: Member) -> bool:
    """Whether nobody has signed in with this grant for more than 90 days."""
    used = max(grant.starts, account_used) if (account_used := grant.account.last_login) else grant.starts
    return timezone.now() - used > timedelta(days=UNUSED_DAYS)


def export_access(day: date, sites: Iterable[Site], *, by: Account, request: HttpRequest) -> str:
    """The list of a day at these sites as CSV, with the event that somebody took it out."""
    among = list(sites)
    lines, codes = access_on(day, among), [site.code for site in among]
    content = access_sheet(lines)
    digest = hashlib.sha256(content.encode()).hexdigest()
    told = taken_out(entries=len(lines), digest=digest, sites=codes)
    site = one_site(codes)
    record_act("access.exported", f"csv {day}", by=by, request=request, changes=told, site=site)
    return content


def access_sheet(lines: Iterable[AccessLine]) -> str:
    """The list as CSV, moments with their offset at the site, texts so that no spreadsheet computes them."""
    text = StringIO()
    sheet = csv.writer(text)
    head = (_("User name"), _("Printed name"), _("Role"), _("Site"), _("From"), _("Until"))
    sheet.writerow((*head, _("Granted by"), _("Reason"), _("Last sign-in")))
    for line in lines:
        period = (_moment(line.starts), _moment(line.ends))
        why = (line.granted_by, line.reason, _moment(line.last_sign_in))
        row = (line.user_name, line.printed_name, line.role, line.site, *period, *why)
        sheet.writerow([_neutral(cell) for cell in row])
    return text.getvalue()


def _neutral(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _moment(at: datetime | None) -> str:
    return at.astimezone(SITE_ZONE).isoformat(timespec="minutes") if at else ""
