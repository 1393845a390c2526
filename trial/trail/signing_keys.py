"""The private keys that are at hand for signing the trail: that of the registry, and one for its change.

Which of them is in force the newest seal says (`seals.py`); so the new key may lie ready before the change,
and every process goes over to it at the same seal.
"""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings


class NoSigningKey(RuntimeError):
    """The key in force is not at hand: nothing can be sealed or hidden until it is back, or is changed."""

    def __init__(self, in_force: str) -> None:
        others = ", ".join(f"{public_half(key)[:16]}…" for key in keys_at_hand())
        instead = f"what is there is {others}" if others else "there is none"
        super().__init__(f"the key of the seals {in_force[:16]}… is not there ({instead}): nothing is sealed")
        self.in_force = in_force


def keys_at_hand() -> list[Ed25519PrivateKey]:
    """The keys that can be read at this moment, that of the registry first."""
    found = (place.read() for place in (settings.SEAL_KEY, settings.NEW_SEAL_KEY))
    return [_key(secret) for secret in found if secret]


def first_key() -> Ed25519PrivateKey | None:
    """The key of a registry that has no seal yet: made where a registry in a folder keeps it."""
    secret = settings.SEAL_KEY.make()
    return _key(secret) if secret else None


def make_new_key() -> None:
    """Lay the new key ready where a registry in a folder keeps it, unless it is there."""
    settings.NEW_SEAL_KEY.make()


def public_half(key: Ed25519PrivateKey) -> str:
    """In hexadecimal, as seals name a key."""
    return key.public_key().public_bytes_raw().hex()


def is_secret_of(public_key: str, secret: str) -> bool:
    return bool(secret) and public_half(_key(secret)) == public_key


def _key(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret.encode()).digest())
