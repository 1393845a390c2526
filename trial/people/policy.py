"""Who may do what, as one table: the routes with what they declare, and the roles that hold it."""

from collections.abc import Iterable
from dataclasses import dataclass

from trial.people.needs import OF_TOKENS, At, Door
from trial.people.roles import TABLE, Permission, Role
from trial.people.routes import routes


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """What one or more methods of an address ask for, and where it has to be held."""

    address: str
    name: str
    methods: tuple[str, ...]
    door: Door
    permission: Permission | None
    at: At

    @property
    def roles(self) -> list[Role]:
        """The roles that it lets in; at the door of programs it is tokens that carry the permission."""
        if self.door in OF_TOKENS:
            return []
        return roles_with(self.permission) if self.permission else list(Role)

    def __str__(self) -> str:
        asked = f": {self.permission} at {self.at}" if self.permission else ""
        return f"{self.address} {' '.join(self.methods)} by {self.door}{asked}"


def roles_with(permission: Permission) -> list[Role]:
    return [role for role in Role if permission in TABLE[role]]


def policy() -> list[PolicyLine]:
    """A line for each address and permission, in the order of the routes."""
    return [
        PolicyLine(route.address, route.name, methods, route.need.door, permission, route.need.at)
        for route in routes()
        if route.need is not None
        for permission, methods in _by_permission(route.need.by_method.items())
    ]


def _by_permission(
    asked: Iterable[tuple[str, Permission | None]],
) -> list[tuple[Permission | None, tuple[str, ...]]]:
    grouped: dict[Permission | None, list[str]] = {}
    for method, permission in asked:
        grouped.setdefault(permission, []).append(method)
    return [(permission, tuple(methods)) for permission, methods in grouped.items()]
