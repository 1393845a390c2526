"""Whether the store of the settings serves (a look of `check_installation`)."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

from django.conf import settings

from trial.installation.finding import Finding, right, warning, wrong
from trial.storage.kept import store
from trial.storage.problems import StoredFileDamaged, StoreUnavailable


def snapshot_store() -> Iterator[Finding]:
    """That an object can be put, read back as it was, and removed."""
    if settings.SNAPSHOT_STORE is None:
        return
    try:
        _put_and_fetch()
    except (StoreUnavailable, StoredFileDamaged, FileNotFoundError) as problem:
        yield wrong("store", str(problem))
    else:
        yield right("store", f"s3://{settings.SNAPSHOT_STORE.bucket} takes, gives and removes")
    if settings.SNAPSHOT_STORE.is_in_clear:
        yield warning(
            "store", "casebooks go to another host without TLS: CHIMERA_STORE_ENDPOINT has no https"
        )


def _put_and_fetch() -> None:
    bucket = store()
    assert bucket is not None
    name = f".look-{token_hex(8)}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "look"
        path.write_text(name, encoding="ascii")
        bucket.put(name, path)
        bucket.fetch(name, path.with_name("again"))
        bucket.remove([name])
