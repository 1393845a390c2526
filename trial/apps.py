from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class TrialConfig(AppConfig):
    """The ground: the study declared, people, and the trail."""

    name = "trial"

    def ready(self) -> None:
        from trial.people import routes, sessions  # noqa: F401  the check of routes; a session at each sign-in
        from trial.trail.ledger import teach_sqlite

        connection_created.connect(teach_sqlite)
        post_migrate.connect(_start_with_defaults, sender=self)


def _start_with_defaults(using: str, **_: Any) -> None:
    from trial.protocol.defaults import ensure_defaults

    ensure_defaults(using)
