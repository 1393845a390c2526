"""Verify a copy of a data cut, without Chimera.

    python verify_copy.py [FOLDER] [--key HEX]

FOLDER is where the archive was unpacked (this one, without it). Needs Python 3.11 and the library
`cryptography`; nothing else of this program is used. Each file must be there with the SHA-256 that
MANIFEST.json names, no other file may be, and MANIFEST.sig must be an Ed25519 signature over the bytes of
the manifest by the key of the registry's seals: give the public key that you were told with `--key`, or the
one that the manifest names is only shown.

Exit 0: whole, and signed by the key that was given. 1: altered, and each file that is not as it was is named.
2: cannot tell (not signed, no key given, or nothing can be read).
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WHOLE, ALTERED, CANNOT_TELL = 0, 1, 2
MANIFEST, SIGNATURE, SUMS = "MANIFEST.json", "MANIFEST.sig", "SHA256SUMS"
BESIDE = {MANIFEST, SIGNATURE, SUMS}


def main() -> int:
    parser = argparse.ArgumentParser(description="Verify a copy of a data cut, without Chimera.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    parser.add_argument("--key", help="the public key of the registry's seals, in hexadecimal")
    asked = parser.parse_args()
    try:
        text = (asked.folder / MANIFEST).read_bytes()
        manifest = json.loads(text)
    except (OSError, ValueError) as problem:
        return say(CANNOT_TELL, [f"{MANIFEST}: {problem}"])
    if wrong := [*unlike(asked.folder, manifest), *badly_signed(asked.folder, text, manifest, asked.key)]:
        return say(ALTERED, wrong)
    if not (asked.folder / SIGNATURE).exists():
        return say(CANNOT_TELL, ["all files are as the manifest says; nobody has signed it"])
    if asked.key is None:
        key = manifest["key"]
        return say(CANNOT_TELL, [f"all files are as the manifest says; signed by {key}, which was not given"])
    return say(WHOLE, [f"{len(manifest['files'])} files are whole, signed by the key that was given"])


def unlike(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """The files that are not what the manifest says."""
    named = {one["name"]: one["sha256"] for one in manifest["files"]}
    for name, digest in sorted(named.items()):
        path = folder / name
        if not path.is_file():
            yield f"{name}: is not there"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            yield f"{name}: is not what was exported"
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in sorted(there - named.keys() - BESIDE):
        yield f"{name}: was not exported"


def badly_signed(folder: Path, text: bytes, manifest: dict[str, Any], key: str | None) -> Iterator[str]:
    """What is wrong with the signature, if there is one."""
    path = folder / SIGNATURE
    if not path.exists():
        return
    signer = key or manifest.get("key", "")
    try:
        signature = bytes.fromhex(path.read_text().strip())
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(signer)).verify(signature, text)
    except (InvalidSignature, ValueError):
        yield f"{SIGNATURE}: is no signature of this manifest by {signer or 'any key'}"


def say(status: int, lines: list[str]) -> int:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return status


if __name__ == "__main__":
    sys.exit(main())
