"""`verify_trail`: whether the trail is as it was written. Exit 0 whole, 1 altered, 2 cannot tell."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction
from rich.console import Console
from rich.progress import Progress

from trial.commands import RegistryCommand
from trial.trail import verify_archive
from trial.trail.actor import Source, acting, system_actor
from trial.trail.comparing import Fault
from trial.trail.ledger import LedgerLeaf
from trial.trail.record import Place, record_event
from trial.trail.seals import anchor_file, public_key, read_anchor
from trial.trail.signing_keys import NoSigningKey
from trial.trail.verification import Anchor, Verification
from trial.trail.verify_archive import CANNOT_TELL, in_words, outcome_of


class Command(RegistryCommand):
    help = "Verify the trail against its seals and an anchor. Exit 0 whole, 1 altered, 2 cannot tell."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--anchor", type=Path, help="seals kept outside (default: those of the home)")
        parser.add_argument("--archive", type=Path, help="verify an archive instead of the registry")
        parser.add_argument(
            "--key",
            action="append",
            default=[],
            type=str.lower,
            help="a public key that is trusted; as often as needed",
        )
        parser.add_argument("--since", type=int, default=0, help="first seal whose acts are read")
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["archive"]:
            sys.exit(verify_archive.main(_of_archive(options)))
        try:
            anchor = _anchor(options["anchor"])
        except (OSError, ValueError, KeyError) as problem:
            self.stderr.write(f"The anchor cannot be read: {problem}")
            sys.exit(CANNOT_TELL)
        keys = options["key"] or _default_keys(anchor)
        with _progress() as progress, transaction.atomic():
            verification = Verification(keys, anchor, options["since"], progress)
            faults = list(verification.faults())
        outcome = outcome_of(bool(faults), bool(anchor), verification.chain)
        words = in_words(outcome, bool(anchor))
        _record(verification, faults, words)
        self._say(verification, faults, words, as_json=options["json"])
        sys.exit(outcome)

    def _say(self, verification: Verification, faults: list[Fault], words: str, *, as_json: bool) -> None:
        told = {
            "outcome": words,
            "acts": verification.leaves,
            "seals": verification.seals,
            "not_sealed_yet": verification.unsealed,
            "redactions": verification.hidings,
            "key": verification.chain.now,
        }
        breaks = verification.chain.breaks()
        if as_json:
            found = [{name: getattr(fault, name) for name in fault.__slots__} for fault in faults]
            self.stdout.write(json.dumps({**told, "breaks": breaks, "faults": found}))
            return
        for line in (*faults, *breaks):
            self.stdout.write(str(line))
        self.stdout.write(", ".join(f"{name} {value}" for name, value in told.items()))


def _anchor(path: Path | None) -> Anchor:
    """The seals by number. Raises OSError for a named file that is not there; that of the home may be new."""
    chosen = path or anchor_file()
    if path is None and not chosen.exists():
        return {}
    return {line["number"]: line for line in read_anchor(chosen)}


def _default_keys(anchor: Anchor) -> list[str]:
    """The first key of the anchor; without an anchor the one that we sign with, if it is at hand."""
    if anchor:
        return [anchor[min(anchor)]["key"]]
    try:
        return [public_key()]
    except NoSigningKey:
        return []


def _of_archive(options: dict[str, Any]) -> list[str]:
    anchor = ["--anchor", str(options["anchor"])] if options["anchor"] else []
    return [str(options["archive"]), *anchor, *(f"--key={key}" for key in options["key"])]


def _record(verification: Verification, faults: list[Fault], words: str) -> None:
    about = f"{words}: {verification.leaves} acts, {verification.seals} seals, {len(faults)} faults"
    with transaction.atomic(), acting(system_actor("verification", Source.COMMAND)):
        record_event("trail.verified", Place(about=about[:200]))


@contextmanager
def _progress() -> Iterator[Any]:
    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("verifying", total=LedgerLeaf.objects.count())
        yield lambda leaves: shown.advance(task, leaves)
