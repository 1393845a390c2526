"""Every route with what it needs; one that declares nothing fails the build (AC-01)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from trial.people.needs import Need, need_of


@dataclass(frozen=True, slots=True)
class Route:
    """An address as it is declared, with the name by which it is reversed."""

    address: str
    name: str
    need: Need | None
    parameters: tuple[str, ...] = ()


def routes(urlconf: Any = None) -> list[Route]:
    """The routes of a URL configuration, of the project's if none is named, in its order."""
    return list(_walk(get_resolver(urlconf), "/", ()))


def _walk(resolver: URLResolver, before: str, given: tuple[str, ...]) -> Iterator[Route]:
    for each in resolver.url_patterns:
        address, parameters = before + str(each.pattern), given + _parameters(each)
        if isinstance(each, URLPattern):
            yield Route(address, each.name or "", need_of(each.callback), parameters)
        else:
            yield from _walk(each, address, parameters)


def _parameters(each: URLPattern | URLResolver) -> tuple[str, ...]:
    return tuple(each.pattern.converters) if isinstance(each.pattern, RoutePattern) else ()


@register(Tags.security)
def check_declarations(**_: Any) -> list[CheckMessage]:
    """Of `manage.py check`, which `migrate`, `demo` and workers run before all else."""
    said = "%s declares nothing of who may call it (trial.people.needs)."
    return [Error(said % route.address, id="trial.E001") for route in routes() if route.need is None]
