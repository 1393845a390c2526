"""Verify an archive of a Chimera trail, without Chimera.

    python verify_archive.py ARCHIVE [--anchor FILE] [--key HEX]

Needs Python 3.11 and the library `cryptography`; nothing else of this program is used. An archive holds

    ledger.jsonl    one act to a line: `seq`, `payload` (the text that was hashed), `leaf`
    seals.jsonl     the seals in their order, signed with Ed25519
    versions.jsonl  one version of a row to a line: `table`, `version`, `text` (what was hashed)

A leaf is SHA-256 of a zero byte and the payload; a seal holds the root (RFC 9162) over its leaves, the
SHA-256 of the signature before, and a signature over all of itself as JSON with sorted names. A payload names
the hash (SHA-256) of the text of each version that the act wrote. Where two people hid a text, the act
`redaction.done` claims each hash before and after; the leaf stays that of before. `--anchor` is a copy of the
seals that was kept elsewhere: only it can show that the end was cut off.

Exit 0: whole. 1: altered, and the first line says where. 2: cannot tell (no anchor, or nothing can be read).
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WHOLE, ALTERED, CANNOT_TELL = 0, 1, 2
LEAVES = "trial_ledgerleaf"  # how claims name the ledger
Line = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify an archive of a trail.")
    parser.add_argument("archive", type=Path)
    parser.add_argument("--anchor", type=Path, help="seals that were kept elsewhere")
    parser.add_argument("--key", default="", help="the public key that is trusted, in hexadecimal")
    chosen = parser.parse_args(arguments)
    try:
        anchor = {line["number"]: line for line in lines(chosen.anchor)} if chosen.anchor else {}
        found = list(faults(chosen.archive, anchor, chosen.key))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        print(f"cannot be read: {problem!r}", file=sys.stderr)
        return CANNOT_TELL
    for fault in found:
        print(fault)
    print("altered" if found else "whole" if anchor else "not anchored: its end may have been cut off")
    return ALTERED if found else WHOLE if anchor else CANNOT_TELL


def lines(path: Path) -> Iterator[Line]:
    with path.open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file if line.strip())


def faults(archive: Path, anchor: dict[int, Line], key: str = "") -> Iterator[str]:
    """Everything in the archive that is not as it was written, in words."""
    seals, ledger = list(lines(archive / "seals.jsonl")), list(lines(archive / "ledger.jsonl"))
    trusted = _trusted(seals, anchor, key)
    hidden: Hidden = {}
    yield from _chain(seals, anchor, trusted)
    yield from _hidings(ledger, trusted, hidden)
    yield from _leaves(seals, ledger, hidden)
    yield from _versions(ledger, lines(archive / "versions.jsonl"), hidden)


def _trusted(seals: list[Line], anchor: dict[int, Line], key: str) -> str:
    return key or (anchor[min(anchor)]["key"] if anchor else seals[0]["key"] if seals else "")


# --- what was hidden -------------------------------------------------------------------------------------
Hidden = dict[tuple[str, int], list[tuple[str, str]]]
"""The hashes before and after each hiding, by table and number."""


def _hidings(ledger: list[Line], trusted: str, hidden: Hidden) -> Iterator[str]:
    """Two people hid a text: the act claims each hash before and after, signed with the key of the seals."""
    for line in ledger:
        payload = json.loads(line["payload"])
        if payload["event"]["action"] != "redaction.done":
            continue
        claims = _claims(payload, trusted)
        if claims is None:
            yield f"act {line['seq']} hides what no two people signed"
        for table, number, before, after in claims or ():
            hidden.setdefault((table, number), []).append((before, after))


def _claims(payload: Line, trusted: str) -> list[list[Any]] | None:
    told = {change["item"]: change.get("new", "") for change in payload["changes"]}
    claims = [
        [each["label"], int(each["row_key"]), each["old"], each["new"]]
        for each in payload["changes"]
        if each["item"] == "claim"
    ]
    signed = {name: told.get(name, "") for name in ("digest", "requested_by")}
    if signed["requested_by"] == payload["event"]["actor"]:
        return None
    text = json.dumps({**signed, "claims": claims}, sort_keys=True, separators=(",", ":")).encode()
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(trusted))
        key.verify(bytes.fromhex(told.get("signature", "")), text)
    except (InvalidSignature, ValueError):
        return None
    return claims


def _now(hidden: Hidden, table: str, number: int, digest: str) -> str:
    """The hash of a row after all that was hidden in it; empty where the claims do not fit together."""
    for before, after in hidden.get((table, number), ()):
        digest = after if before == digest else ""
    return digest


# --- seals -----------------------------------------------------------------------------------------------
def _chain(seals: list[Line], anchor: dict[int, Line], trusted: str) -> Iterator[str]:
    previous, expected = "", 1
    for seal in seals:
        number = seal["number"]
        if number != expected:
            yield f"seal {expected} is missing"
        if seal["key"] != trusted:
            yield f"seal {number} is signed with another key: {seal['key']}"
        elif not _is_signed(seal):
            yield f"seal {number} is altered: its signature does not hold"
        if seal["previous"] != previous:
            yield f"seal {number} does not follow the one before"
        kept = anchor.get(number)
        if kept and any(kept[name] != value for name, value in seal.items()):
            yield f"seal {number} is not that of the anchor"
        previous, expected = hashlib.sha256(bytes.fromhex(seal["signature"])).hexdigest(), number + 1
    for number in sorted(anchor):
        if number >= expected:
            yield f"seal {number} of the anchor is missing: the end was cut off"


def _is_signed(seal: Line) -> bool:
    told = {name: value for name, value in seal.items() if name not in ("signature", "leaves")}
    text = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(seal["key"]))
        key.verify(bytes.fromhex(seal["signature"]), text)
    except (InvalidSignature, ValueError):
        return False
    return True


# --- leaves ----------------------------------------------------------------------------------------------
def _leaves(seals: list[Line], ledger: list[Line], hidden: Hidden) -> Iterator[str]:
    hashes: dict[int, bytes] = {}
    for line in ledger:
        leaf = hashlib.sha256(b"\x00" + line["payload"].encode()).digest()
        if leaf.hex() != _now(hidden, LEAVES, line["seq"], line["leaf"]):
            yield f"act {line['seq']} is not what was hashed: {_named(line)}"
        hashes[line["seq"]] = bytes.fromhex(line["leaf"])
    end = 0
    for seal in seals:
        within = [leaf for seq, leaf in sorted(hashes.items()) if end < seq <= seal["last"]]
        if len(within) != seal["count"]:
            yield f"seal {seal['number']} is over {seal['count']} acts, and {len(within)} are here"
        elif _root(within).hex() != seal["root"]:
            yield f"the acts {seal['first']} to {seal['last']} are not those of seal {seal['number']}"
        end = seal["last"]


def _root(leaves: Sequence[bytes]) -> bytes:
    level = list(leaves) or [hashlib.sha256(b"").digest()]
    while len(level) > 1:
        joined = [
            hashlib.sha256(b"\x01" + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=False)
        ]
        level = joined + level[len(level) - len(level) % 2 :]
    return level[0]


def _named(line: Line) -> str:
    event = json.loads(line["payload"])["event"]
    told = (event.get(name, "") for name in ("action", "subject", "visit", "form", "actor"))
    return " ".join(word for word in told if word)


# --- versions --------------------------------------------------------------------------------------------
def _versions(ledger: list[Line], versions: Iterator[Line], hidden: Hidden) -> Iterator[str]:
    written: dict[tuple[str, int], tuple[str, int]] = {}
    for line in ledger:
        for table, number, digest in json.loads(line["payload"])["versions"]:
            written[table, number] = digest, line["seq"]
    for version in versions:
        place = version["table"], version["version"]
        digest, seq = written.pop(place, ("", 0))
        if not seq:
            yield f"version {place[1]} of {place[0]} is of no act"
        elif hashlib.sha256(version["text"].encode()).hexdigest() != _now(hidden, *place, digest):
            yield f"version {place[1]} of {place[0]} is not what act {seq} wrote"
    for (table, number), (_digest, seq) in sorted(written.items()):
        yield f"version {number} of {table}, which act {seq} wrote, is missing"


if __name__ == "__main__":
    sys.exit(main())
