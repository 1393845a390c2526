"""What makes a copy one that can be checked without us (CP-02): a manifest, its signature, its verifier."""

import json
from pathlib import Path
from typing import Any

from analytics.exports import verify_copy
from trial.trail.seals import Seal, signing_key
from trial.trail.signing_keys import NoSigningKey, SigningKey, public_half


def manifest_bytes(told: dict[str, Any]) -> bytes:
    """A manifest as it is written and signed, with the key and the last checkpoint of the trail."""
    seal = Seal.objects.order_by("-number").first()
    signed = {
        "key": public_half(key) if (key := _key()) else "",
        "trail": seal.as_data() if seal else None,
    }
    return json.dumps(told | signed, indent=1, ensure_ascii=False).encode()


def signature_of(manifest: bytes) -> bytes | None:
    """The signature of a manifest by the key of the seals, where this process holds it: a site may keep it
    from all but the sealer. What it cannot sign stands with its SHA-256 in the trail, which is signed."""
    try:
        return f"{signing_key().sign(manifest).hex()}\n".encode()
    except NoSigningKey:
        return None


def write_verifier(path: Path) -> int:
    """The program that checks a copy."""
    return path.write_bytes(Path(verify_copy.__file__).read_bytes())


def _key() -> SigningKey | None:
    try:
        return signing_key()
    except NoSigningKey:
        return None
