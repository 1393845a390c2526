"""Typed readings of the environment that fail loudly.

A secret may be given as `NAME` or as the path of a file in `NAME_FILE`, so that it need not stand in a
process listing. Locally a secret that is not given is made once and kept in the home of the registry.
"""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"", "0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    """The value of `name`, or of the file that `name`_FILE points to."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)


def flag(name: str, *, default: bool = False) -> bool:
    """A yes or no; any other word is refused."""
    word = os.environ.get(name)
    if word is None:
        return default
    if word.lower() in _TRUE:
        return True
    if word.lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={word!r}: expected yes or no")


def words(name: str, default: str = "") -> list[str]:
    """A list of words separated by commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def secret(name: str, *, kept_at: Path, required: bool) -> str:
    """The secret `name`: given by the environment, else made once and kept in the file `kept_at`.

    Raises ImproperlyConfigured where it is `required` from the environment and missing.
    """
    if given := text(name):
        return given
    if required:
        raise ImproperlyConfigured(f"{name} (or {name}_FILE) must be set in production")
    return kept_secret(kept_at)


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """Where a secret is found that is read each time it is needed: its loss then stops nothing else, and is
    seen by programs that run already. Without `path` the environment gave the secret itself."""

    value: str = field(default="", repr=False)
    path: Path | None = None
    made_here: bool = False  # where it is not there it may be made

    @property
    def is_named(self) -> bool:
        return bool(self.value or self.path)

    def read(self) -> str:
        """The secret; empty where its file is gone, empty, closed to us or no text."""
        if self.path is None:
            return self.value
        try:
            return self.path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def make(self) -> str:
        """The secret, which is made if it may be and is not there; else empty."""
        return kept_secret(self.path) if self.path and self.made_here and not self.read() else self.read()


def secret_place(name: str, *, kept_at: Path | None) -> SecretPlace:
    """Where the secret `name` is: what the environment says, else the file `kept_at`, if there is one."""
    if given := os.environ.get(f"{name}_FILE"):
        return SecretPlace(path=Path(given))
    if value := os.environ.get(name):
        return SecretPlace(value)
    return SecretPlace(path=kept_at, made_here=kept_at is not None)


def is_guarded(url: str) -> bool:
    """Whether a service asks for a password, or listens on this host alone."""
    address = urlsplit(url)
    return bool(address.password) or address.hostname in (None, "localhost", "127.0.0.1", "::1")


def kept_secret(path: Path) -> str:
    """The content of `path`, written with 256 random bits, readable by its owner alone, if it is new.

    Two first starts at once agree: the file is linked into place whole, and the first one wins.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(32), encoding="ascii")
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
