"""Who acts at the sites of a lock, and the sites: the AdminData of ODM-XML."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from analytics.exports.about import About
from analytics.exports.odm.elements import element, worded
from analytics.locks.models import Lock
from analytics.locks.visible import sites_of_lock
from patients.casebook.odm import STUDY_OID, location_oid, user_oid
from trial.people.models import Member
from trial.people.roles import Role
from trial.people.tokens import Dates

_TYPES = {
    Role.INVESTIGATOR: "Investigator",
    Role.PRINCIPAL_INVESTIGATOR: "Investigator",
    Role.TRANSPLANT_PHYSICIAN: "Investigator",
    Role.CELL_LAB: "Lab",
    Role.MONITOR: "Sponsor",
    Role.DATA_MANAGER: "Sponsor",
    Role.MEDICAL_MONITOR: "Sponsor",
    Role.STATISTICIAN: "Sponsor",
    Role.SPONSOR: "Sponsor",
}


@dataclass(frozen=True, slots=True)
class User:
    """Somebody in a role, and at which sites."""

    user_name: str
    printed_name: str
    role: str
    sites: tuple[str, ...]


def users_of(lock: Lock, about: About) -> list[User]:
    """Whoever had a role at a site of the lock when it was made. Nobody for a reader of moved dates."""
    return users_at(sites_of_lock(lock), lock.known_at or lock.made_at, about)


def users_at(sites: Iterable[str], moment: datetime, about: About) -> list[User]:
    """Whoever had a role at these sites at a moment. Nobody for a reader of moved dates."""
    if about.disclosure.dates != Dates.TRUE:
        return []
    held = Member.objects.filter(Q(ends=None) | Q(ends__gt=moment), starts__lte=moment)
    found: dict[tuple[str, str, str], list[str]] = {}
    for one in held.filter(site__code__in=list(sites)).select_related("account", "site"):
        key = one.account.user_name, one.account.printed_name, one.role
        found.setdefault(key, []).append(one.site.code)
    return [User(*key, tuple(sorted(sites))) for key, sites in sorted(found.items())]


def people_and_places(about: About, users: Iterable[User], sites: Iterable[str]) -> Any:
    """The AdminData: who acted, and the sites, each with the metadata that are in force there."""
    return element("AdminData", {"StudyOID": STUDY_OID}, [*map(_user, users), *_locations(about, sites)])


def _user(user: User) -> Any:
    told = {
        "OID": user_oid(user.user_name, user.role),
        "UserType": next((kind for role, kind in _TYPES.items() if role == user.role), "Other"),
    }
    names = [worded("LoginName", user.user_name), worded("FullName", user.printed_name)]
    places = [element("LocationRef", {"LocationOID": location_oid(site)}) for site in user.sites]
    return element("User", told, [*names, *places])


def _locations(about: About, sites: Iterable[str]) -> Iterator[Any]:
    version = {
        "StudyOID": STUDY_OID,
        "MetaDataVersionOID": about.metadata,
        "EffectiveDate": about.cutoff.isoformat(),
    }
    for site in sorted(sites):
        told = {"OID": location_oid(site), "Name": site, "LocationType": "Site"}
        yield element("Location", told, [element("MetaDataVersionRef", version)])
