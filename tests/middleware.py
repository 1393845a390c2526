"""The chain of middleware is made once for the clients of all tests: each client of Django makes its own, and
WhiteNoise looks at every static file for it. A test that changes the settings has a chain of its own."""

from django.core.signals import setting_changed
from django.test.client import ClientHandler

_load = ClientHandler.load_middleware
_made: dict[str, object] = {}


def load_middleware(handler: ClientHandler, is_async: bool = False) -> None:
    """Django's, or what it made for the first client."""
    if not _made:
        _load(handler, is_async)
        _made.update(vars(handler))
        return
    own = handler.enforce_csrf_checks
    vars(handler).update(_made, enforce_csrf_checks=own)


def forget(**_changed: object) -> None:
    """Settings were changed, or are as they were before."""
    _made.clear()


setting_changed.connect(forget)
