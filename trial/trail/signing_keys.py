"""The private keys that are at hand for signing the trail: that of the registry, and one for its change.

Which of them is in force the newest seal says (`seals.py`); so the new key may lie ready before the change,
and every process goes over to it at the same seal. Where a sealer holds the keys (`sealer.py`), the others
ask it.
"""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from trial.trail.sealer import SealerSilent, ask


class NoSigningKey(RuntimeError):
    """The key in force is not at hand: nothing can be sealed or hidden until it is back, or is changed."""


@dataclass(frozen=True, slots=True)
class KeyOfSealer:
    """A key that the sealer holds: what it signs goes there. `public` is its other half, in hexadecimal."""

    sealer: Path
    public: str

    def sign(self, data: bytes) -> bytes:
        """Raises NoSigningKey where the sealer does not sign it."""
        said = _ask_sealer(self.sealer, {"sign": b64encode(data).decode("ascii"), "key": self.public})
        return bytes.fromhex(said["signature"])


SigningKey = Ed25519PrivateKey | KeyOfSealer


def not_there(in_force: str) -> NoSigningKey:
    """What is raised where the key in force is not among those at hand."""
    others = ", ".join(f"{public_half(key)[:16]}…" for key in keys_at_hand())
    instead = f"what is there is {others}" if others else "there is none"
    return NoSigningKey(f"the key of the seals {in_force[:16]}… is not there ({instead}): nothing is sealed")


def keys_at_hand() -> list[SigningKey]:
    """The keys that can be used at this moment, that of the registry first. Raises NoSigningKey where a
    sealer holds them and does not answer."""
    if settings.SEALER:
        return [
            KeyOfSealer(settings.SEALER, public)
            for public in _ask_sealer(settings.SEALER, {"keys": True})["keys"]
        ]
    found = (place.read() for place in (settings.SEAL_KEY, settings.NEW_SEAL_KEY))
    return [_key(secret) for secret in found if secret]


def first_keys() -> list[SigningKey]:
    """The key of a registry that has no seal yet, if there is one. A registry in a folder makes it."""
    if settings.SEALER:
        return keys_at_hand()[:1]
    secret = settings.SEAL_KEY.make()
    return [_key(secret)] if secret else []


def make_new_key() -> None:
    """Lay the new key ready where a registry in a folder keeps it, unless it is there."""
    settings.NEW_SEAL_KEY.make()


def public_half(key: SigningKey) -> str:
    """In hexadecimal, as seals name a key."""
    return key.public if isinstance(key, KeyOfSealer) else key.public_key().public_bytes_raw().hex()


def is_sealed_elsewhere() -> bool:
    """Have the sealer seal what waits; False where none is named, and this process seals itself.

    Raises NoSigningKey."""
    return bool(settings.SEALER and _ask_sealer(settings.SEALER, {"seal": True}))


def is_secret_of(public_key: str, secret: str) -> bool:
    return bool(secret) and public_half(_key(secret)) == public_key


def _ask_sealer(at: Path, question: dict[str, Any]) -> dict[str, Any]:
    try:
        return ask(at, question)
    except SealerSilent as problem:
        raise NoSigningKey(str(problem)) from problem


def _key(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret.encode()).digest())
