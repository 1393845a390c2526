"""The configuration and the tables of the study as one save or screen sees them: read once, and the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.utils import timezone

from trial.protocol.configuration import SETTINGS, configured_as, consent_versions
from trial.protocol.laboratories import laboratories
from trial.protocol.models import ConfigValue

_are_read: ContextVar[bool] = ContextVar("settings_are_read", default=False)


@contextmanager
def settings_read_once() -> Iterator[None]:
    """Within this block every configuration value in force comes from one statement, however many rules look
    one up; laboratories and versions of the consent come from one each, if any rule asks for them. A block
    within another one sees what that one has read."""
    if _are_read.get():
        yield
        return
    token = _are_read.set(True)
    try:
        with _read_now():
            yield
    finally:
        _are_read.reset(token)


@contextmanager
def _read_now() -> Iterator[None]:
    in_force = ConfigValue.objects.filter(key__in=SETTINGS, in_force_from__lte=timezone.now())
    stored = dict(in_force.order_by("version").values_list("key", "value"))
    defaults = {key: "" if one.default is None else str(one.default) for key, one in SETTINGS.items()}
    with configured_as({**defaults, **stored}), laboratories.once(), consent_versions.once():
        yield
