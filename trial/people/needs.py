"""What each route asks of whoever calls it, declared once, at its view (AC-01).

A view without a declaration is refused to everybody (`middleware.Declared`), and `manage.py check` fails
on it (`routes.py`). The policy in force is the declarations of the routes with the table of the roles
(`roles.py`): the page "Who may do what" and the tests of access are both made of these two.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from trial.people.access import can
from trial.people.models import Account, Site
from trial.people.roles import Permission

View = TypeVar("View", bound=Callable[..., Any])
NEED = "need"


class Door(StrEnum):
    """How somebody comes to a route."""

    ANYONE = "anyone"
    PERSON = "person"
    SESSION = "session"
    """A program in the session of a person."""
    TOKEN = "token"  # noqa: S105  the name of a door
    FORM = "token in the form"
    """A token again, as a field of the form that is sent: so do the clients of REDCap."""
    HEADER = "token in its own header"
    """A token again, in the header `api-key`: so do the clients of CDISC's API."""

    MONITORING = "key of the monitoring"
    """The program of a hospital that watches its servers: it sees numbers, and nothing of the study."""


OF_TOKENS = (Door.TOKEN, Door.FORM, Door.HEADER)
"""The doors of programs."""


class At(StrEnum):
    """Where a permission has to be held."""

    ONE_SITE = "one site"
    """At any: what is shown is of the study, or of the sites where it is held."""
    ITS_SITE = "its site"
    """At the site of the record that the address names, which is absent where somebody does not read."""
    ALL_ITS_SITES = "all its sites"
    """At every site of what the address names (a lock mixes all of its sites), which is absent otherwise."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a route asks for, by method; None where it is enough to have come through the door."""

    door: Door
    by_method: Mapping[str, Permission | None] = field(hash=False)
    at: At = At.ONE_SITE

    @property
    def methods(self) -> list[str]:
        return list(self.by_method)

    def permission(self, method: str) -> Permission | None:
        return self.by_method[method]


def anyone(*methods: str) -> Callable[[View], View]:
    """For pages that come before a sign-in."""
    return _declared(Need(Door.ANYONE, _same(methods)))


def signed_in(*methods: str) -> Callable[[View], View]:
    """For pages of one's own account, and for what everybody who signed in may see."""
    return _declared(Need(Door.PERSON, _same(methods)))


def needs(
    to_get: Permission | None = None, *, to_post: Permission | None = None, at: At = At.ONE_SITE
) -> Callable[[View], View]:
    """For pages that take a permission; a method that is not named does not exist."""
    return _declared(Need(Door.PERSON, _by_method(to_get, to_post), at))


def session_needs(
    to_get: Permission | None = None, *, to_post: Permission | None = None, at: At = At.ONE_SITE
) -> Callable[[View], View]:
    """For what programs do in the session of a person; without one the answer is 401."""
    return _declared(Need(Door.SESSION, _by_method(to_get, to_post), at))


def monitoring() -> Callable[[View], View]:
    """For what the hospital's monitoring reads."""
    return _declared(Need(Door.MONITORING, _same(("GET",))))


def token_needs(
    to_get: Permission | None,
    *,
    to_post: Permission | None = None,
    to_delete: Permission | None = None,
    at: At = At.ONE_SITE,
) -> Callable[[View], View]:
    """For what programs do with a token: reading, for which any token will do where it is None, and what
    else is named."""
    asked = dict.fromkeys(("GET", "HEAD", "OPTIONS"), to_get)
    more = {"POST": to_post, "DELETE": to_delete}
    named = {method: permission for method, permission in more.items() if permission is not None}
    return _declared(Need(Door.TOKEN, asked | named, at))


def header_token_needs(to_get: Permission, *, at: At = At.ONE_SITE) -> Callable[[View], View]:
    """For what programs read with a token in the header `api-key`."""
    return _declared(Need(Door.HEADER, dict.fromkeys(("GET", "HEAD"), to_get), at))


def form_token_needs(to_post: Permission) -> Callable[[View], View]:
    """For what programs ask with a token in the form that they send."""
    return _declared(Need(Door.FORM, {"POST": to_post}))


def need_of(view: Any) -> Need | None:
    """What a view declares. A class answers for itself: what it inherited was declared for another route."""
    declaring = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
    found: Need | None = vars(declaring).get(NEED)
    return found


def authorise(request: HttpRequest, site: Site) -> None:
    """Ask, at the site of the record that was found, for what its route declares. Raises PermissionDenied."""
    need = need_of(request.resolver_match.func) if request.resolver_match else None
    if need is None or not isinstance(request.user, Account):
        raise PermissionDenied("no route that declares what it needs")
    permission = need.permission(str(request.method))
    if permission is not None and not can(request.user, permission, site=site.code):
        raise PermissionDenied(f"{request.user.user_name}: {permission} at {site.code}")


def _declared(need: Need) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(view, NEED, need)
        return view

    return mark


def _by_method(to_get: Permission | None, to_post: Permission | None) -> dict[str, Permission | None]:
    asked = {"GET": to_get, "HEAD": to_get, "POST": to_post}
    return {method: permission for method, permission in asked.items() if permission is not None}


def _same(methods: tuple[str, ...]) -> dict[str, Permission | None]:
    named = [("GET", "HEAD") if method == "GET" else (method,) for method in methods]
    return {method: None for group in named for method in group}
