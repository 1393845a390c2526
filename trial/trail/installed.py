"""Whether the triggers that protect the trail, and what the rooms above hold by their own, are in the
database, and switched on."""

from collections.abc import Callable, Iterator

from django.apps import apps
from django.db import connection

from trial.trail.append_only import AppendOnlyModel
from trial.trail.canonical import EVENTS, UNCLAIMED
from trial.trail.comparing import Fault, audited_models, histories

_OF_ROOMS_ABOVE: list[Callable[[], set[str]]] = []


def expect_too(names: Callable[[], set[str]]) -> None:
    """Triggers of these names should be there as well: a room above says so at its start."""
    if names not in _OF_ROOMS_ABOVE:
        _OF_ROOMS_ABOVE.append(names)


def triggers_not_installed() -> Iterator[Fault]:
    """The triggers that should be there and are not, or are switched off."""
    missing = _expected() - _installed()
    yield from (Fault("trigger not installed", row=name) for name in sorted(missing))


def _expected() -> set[str]:
    vendor = connection.vendor
    verbs = ("change", "truncate") if vendor == "postgresql" else ("update", "delete")
    kept = [model._meta.db_table for model in apps.get_models() if issubclass(model, AppendOnlyModel)]
    names = {f"{table}_no_{verb}" for table in kept for verb in verbs}
    names |= {f"{table}_version" for table in histories()} | {f"{EVENTS}_leaf"}
    if vendor == "postgresql":
        names |= {f"{model._meta.db_table}_as_versioned" for model in audited_models()}
        names.add(f"{UNCLAIMED}_claimed")
    return names.union(*(more() for more in _OF_ROOMS_ABOVE))


def _installed() -> set[str]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # O: fires in an ordinary session; D: switched off; R: for replicas alone.
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        return {name for (name,) in cursor.fetchall()}
