"""What surrounds every screen: who is signed in and as what, where they are, and the way around."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from patients.casebook.page import Subject
from patients.web.clocks import local_now
from trial.edition import EDITION
from trial.people.access import can, enters, holds, roles_at, sites_where
from trial.people.models import Account, Site
from trial.people.roles import Permission
from trial.protocol.study import STUDY


@dataclass(frozen=True, slots=True)
class NavLink:
    """A place to go; `here` marks where the person is."""

    url: str
    label: str
    icon: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame of a screen."""

    person: str
    role: str
    site: str
    study: str
    links: list[NavLink]
    as_of: datetime
    edition: str = EDITION


def person_of(request: HttpRequest) -> Account:
    """Who is signed in. The middleware lets nobody else through."""
    if not isinstance(request.user, Account):
        raise TypeError("this screen is for people who signed in")
    return request.user


def site_label(site: Site) -> str:
    """`HZ01 Hangzhou`; the code alone where the site has no other name."""
    return site.code if site.name == site.code else str(site)


@lru_cache(maxsize=256)
def _places(here: str, language: str | None) -> list[tuple[Permission, NavLink]]:
    """Where everybody may go who holds the right at one of the sites, in words once for each language."""
    return [
        (Permission.READ, NavLink(reverse("home"), _("Today"), "home", here == "home")),
        (Permission.READ, NavLink(reverse("subjects"), _("Subjects"), "subjects", here == "subjects")),
        (Permission.READ, NavLink(reverse("due"), _("Due"), "calendar", here == "due")),
        (Permission.READ, NavLink(reverse("queries"), _("Queries"), "query", here == "queries")),
        (Permission.READ, NavLink(reverse("safety"), _("Safety"), "error", here == "safety")),
        (Permission.READ, NavLink(reverse("coding"), _("Coding"), "link", here == "coding")),
        (Permission.READ, NavLink(reverse("metrics"), _("Metrics"), "results", here == "metrics")),
        (Permission.READ, NavLink(reverse("deviations"), _("Deviations"), "warn", here == "deviations")),
        (
            Permission.REVIEW_TRAIL,
            NavLink(reverse("trail-of-sites"), _("Changes"), "trail", here == "trail-of-sites"),
        ),
        (
            Permission.VERIFY,
            NavLink(reverse("verification"), _("Verification"), "check", here == "verification"),
        ),
        (Permission.APPROVE_LOCK, NavLink(reverse("lock-desk"), _("Lock desk"), "lock", here == "lock-desk")),
        (Permission.READ_RESULTS, NavLink(reverse("locks"), _("Results"), "results", here == "locks")),
        (Permission.READ, NavLink(reverse("dictionary"), _("Dictionary"), "review", here == "dictionary")),
        (
            Permission.READ,
            NavLink(reverse("configuration"), _("Configuration"), "check", here == "configuration"),
        ),
        (
            Permission.READ,
            NavLink(
                reverse("study-file", args=["approvals"]), _("Study file"), "review", here == "study-file"
            ),
        ),
        (Permission.MANAGE_ACCOUNTS, NavLink(reverse("people"), _("People"), "user", here == "people")),
        (Permission.MANAGE_ACCOUNTS, NavLink(reverse("tokens"), _("Tokens"), "export", here == "tokens")),
        (Permission.READ_ACCESS, NavLink(reverse("access"), _("Access"), "site", here == "access")),
        (
            Permission.READ_ACCOUNT_TRAIL,
            NavLink(
                reverse("trail-of-accounts"), _("Acts of accounts"), "trail", here == "trail-of-accounts"
            ),
        ),
    ]


def _visit_link(site: Site, here: str) -> NavLink:
    """Where a monitor's visit is closed; from the first site the others are one step away."""
    url = reverse("monitoring-visit", args=[site.code])
    return NavLink(url, _("Monitoring visit"), "review", here == "visit")


def shell(person: Account, sites: Iterable[Site], *, here: str, subject: Subject | None = None) -> Shell:
    """The frame for a person at these sites; `here` is the name of the place they are at."""
    at = list(sites)
    roles = dict.fromkeys(role.label for site in at for role in roles_at(person, site.code))
    links = [link for right, link in _places(here, get_language()) if holds(person, right)]
    links += [_visit_link(site, here) for site in sites_where(person, Permission.VERIFY)[:1]]
    if subject is not None:
        links.append(
            NavLink(
                reverse("subject", args=[subject.code]), subject.code, "calendar", here in ("subject", "page")
            )
        )
        if can(person, Permission.ENTER, site=subject.site.code):
            links.append(NavLink(reverse("add", args=[subject.code]), _("Add"), "plus", here == "add"))
        if enters(person, "LAB", site=subject.site.code):
            links.append(
                NavLink(reverse("laboratory-file", args=[subject.site.code]), _("Laboratory file"), "plus")
            )
        if can(person, Permission.FREEZE, site=subject.site.code):
            links.append(
                NavLink(reverse("freeze", args=[subject.code]), _("Freeze"), "lock", here == "freeze")
            )
        if can(person, Permission.READ_IDENTITY, site=subject.site.code):
            url = reverse("identity", args=[subject.code])
            links.append(NavLink(url, _("Identity"), "user", here == "identity"))
        if can(person, Permission.REVIEW_TRAIL, site=subject.site.code):
            links.append(NavLink(reverse("trail", args=[subject.code]), _("Trail"), "trail", here == "trail"))
    return Shell(
        person=person.printed_name,
        role=", ".join(str(role) for role in roles),
        site=", ".join(site_label(site) for site in at),
        study=_("%(arm)s · protocol %(version)s")
        % {"arm": STUDY.arms[0].label, "version": STUDY.protocol_version},
        links=links,
        as_of=local_now(),
    )


def show(
    request: HttpRequest, template: str, screen: object, frame: Shell, status: int = 200
) -> HttpResponse:
    """A screen in its frame."""
    return render(request, template, {"screen": screen, "shell": frame}, status=status)
