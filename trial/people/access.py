"""The only question: may this person do this, here?"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from uuid import uuid4

from django.core.exceptions import PermissionDenied

from trial import __version__
from trial.people.curriculum import not_completed
from trial.people.models import Account, Member, Site
from trial.people.roles import FORMS_ENTERED, TABLE, WRITING, Permission, Role
from trial.protocol.study import site_today
from trial.trail.actor import Actor, Source


@dataclass(frozen=True, slots=True)
class SystemPerson:
    """An automatic step that acts by itself (an import, a command), on behalf of whoever started it."""

    name: str
    on_behalf_of: str = ""
    rights: frozenset[Permission] = field(default_factory=lambda: frozenset(Permission))

    @property
    def user_name(self) -> str:
        return f"system:{self.name}@{__version__}"


Person = Account | SystemPerson


def roles_at(person: Account, site_code: str) -> list[Role]:
    """The roles in force of a person at a site, read once for each account object."""
    return [Role(role) for site, role in person.held() if site.code == site_code]


def has_held(user_name: str, role: Role, site_code: str) -> bool:
    """Whether somebody has this role at a site, or had it: what was signed then stays signed."""
    held = Member.objects.filter(account__user_name=user_name, site__code=site_code, role=role)
    return held.exists()


def can(person: Person, permission: Permission, *, site: str) -> bool:
    """Whether `person` holds `permission` at the site with this code."""
    if isinstance(person, SystemPerson):
        return permission in person.rights
    return any(_gives(person, role, permission) for role in roles_at(person, site))


def _gives(account: Account, role: Role, permission: Permission) -> bool:
    """Whether a role gives this person a right; who is not trained for it reads alone (VD-06)."""
    return permission in TABLE[role] and not (permission in WRITING and role in untrained_roles(account))


def untrained_roles(account: Account) -> frozenset[str]:
    """The roles held whose training in force is not completed, read once for each account object."""
    if not hasattr(account, "_untrained"):
        missing = not_completed("account", "role", site_today())
        grants = Member.objects.in_force().filter(missing, account=account)
        account._untrained = frozenset(grants.values_list("role", flat=True))
    return account._untrained


def holds(account: Account, permission: Permission) -> bool:
    """Whether an account holds a permission at one site at least."""
    return any(_gives(account, Role(role), permission) for _site, role in account.held())


def enters(person: Person, form: str, *, site: str) -> bool:
    """Whether `person` enters data of this form at the site."""
    if isinstance(person, SystemPerson):
        return Permission.ENTER in person.rights
    return any(
        _gives(person, role, Permission.ENTER) and form in FORMS_ENTERED.get(role, (form,))
        for role in roles_at(person, site)
    )


def require_entry(person: Person, form: str, *, site: str) -> None:
    """Raise PermissionDenied (403) unless `person` enters data of this form at the site."""
    if not enters(person, form, site=site):
        raise PermissionDenied(f"{person.user_name}: {Permission.ENTER} of {form} at {site}")


def require(person: Person, permission: Permission, *, site: str) -> None:
    """Raise PermissionDenied (403) unless `person` holds `permission` at the site."""
    if not can(person, permission, site=site):
        raise PermissionDenied(f"{person.user_name}: {permission} at {site}")


def require_everywhere(person: Person, permission: Permission) -> None:
    """Raise PermissionDenied unless `person` holds `permission` at each site: for what is of the study."""
    for site in Site.objects.all():
        require(person, permission, site=site.code)


def sites_where(account: Account, permission: Permission) -> list[Site]:
    """The sites at which an account holds a permission now, by their codes."""
    return _by_code(site for site, role in account.held() if permission in TABLE[Role(role)])


def sites_of(account: Account) -> list[Site]:
    """The sites at which an account holds any role now, by their codes."""
    return _by_code(site for site, _role in account.held())


def _by_code(sites: Iterable[Site]) -> list[Site]:
    return sorted(set(sites), key=attrgetter("code"))


def actor_at(person: Person, *, site: str, source: Source, request_id: str = "") -> Actor:
    """`person` as the trail shall name it for an act at a site."""
    if isinstance(person, SystemPerson):
        role, printed = "system", person.on_behalf_of
    else:
        role = ", ".join(roles_at(person, site))
        printed = person.printed_name
    return Actor(person.user_name, printed, role, site, source, request_id or uuid4().hex)
