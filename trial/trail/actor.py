"""Who acts. Every write of a trial record happens on behalf of somebody; without one it is refused.

The actor travels in a context variable, set by the middleware of the web, the authentication of the API,
the base of the tasks and the commands, so that no function in between has to hand it on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from uuid import uuid4

from trial import __version__


class Source(StrEnum):
    """The door by which a change came in."""

    WEB = "web"
    API = "api"
    IMPORT = "import"
    COMMAND = "command"
    TASK = "task"
    MIGRATION = "migration"


class AnonymousWrite(RuntimeError):
    """A trial record was about to be written and nobody was named as its author."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a change as the trail keeps it: frozen text, no key to a row that may change.

    `user_name` of an automatic step is `system:NAME@version`. `request_id` groups what one request did.
    """

    user_name: str
    printed_name: str
    role: str
    organisation: str
    source: Source
    request_id: str


def system_actor(name: str, source: Source, *, on_behalf_of: str = "") -> Actor:
    """The author of an automatic step, with the operating-system user who started it, if any."""
    return Actor(
        user_name=f"system:{name}@{__version__}",
        printed_name=on_behalf_of,
        role="system",
        organisation="",
        source=source,
        request_id=uuid4().hex,
    )


_current: ContextVar[Actor | None] = ContextVar("actor", default=None)


@contextmanager
def acting(actor: Actor) -> Iterator[Actor]:
    """Within this block every write is the act of `actor`."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)


def acting_user() -> str | None:
    """The user name of who acts now; None if nobody does."""
    actor = _current.get()
    return None if actor is None else actor.user_name


def current_actor() -> Actor:
    """Who acts now. Raises AnonymousWrite if nobody does."""
    actor = _current.get()
    if actor is None:
        raise AnonymousWrite("a trial record cannot be written without an author")
    return actor
