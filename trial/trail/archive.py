"""An archive of the trail: what a person needs who does not trust its operator, and has no Chimera."""

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from trial.trail import verify_archive
from trial.trail.canonical import row_text
from trial.trail.comparing import histories
from trial.trail.ledger import LedgerLeaf
from trial.trail.ledger_triggers import columns_of
from trial.trail.seals import Seal, seal_trail

AT_ONCE = 2000  # rows in memory


def write_archive(folder: Path) -> int:
    """Seal the trail and write its archive into a new folder; the number of acts.

    Raises FileExistsError where the folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(folder)
    folder.mkdir(parents=True, exist_ok=True)
    seal_trail()
    with transaction.atomic():
        acts = _write(folder / "ledger.jsonl", _ledger())
        _write(folder / "seals.jsonl", (seal.as_data() for seal in Seal.objects.order_by("number")))
        _write(folder / "versions.jsonl", _versions())
    shutil.copy(verify_archive.__file__, folder / "verify_archive.py")
    return acts


def _write(path: Path, lines: Iterable[dict[str, Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            count += 1
    return count


def _ledger() -> Iterator[dict[str, Any]]:
    """The acts that are sealed; what came since the last seal nobody has signed."""
    last = Seal.objects.order_by("number").last()
    sealed = LedgerLeaf.objects.filter(seq__lte=last.last if last else 0).order_by("seq")
    yield from map(dict, sealed.values("seq", "payload", "leaf").iterator(AT_ONCE))


def _versions() -> Iterator[dict[str, Any]]:
    for table, history in sorted(histories().items()):
        text = row_text(connection.vendor, "h", columns_of(history))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT h.history_id, {text} FROM {table} h ORDER BY h.history_id")
            while rows := cursor.fetchmany(AT_ONCE):
                for number, written in rows:
                    yield {"table": table, "version": number, "text": written}
