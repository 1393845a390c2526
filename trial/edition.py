"""Which Chimera wrote something: its version, and the schema of the tables that it wrote from (VD-04).

It stands on every screen of people who signed in, in the footer of every print, in every file that has room
for it, and in the header `Chimera-Edition` of every answer to somebody who is known. Strangers are not told.
"""

from pathlib import Path

from trial import __version__

APPS = ("trial", "patients", "analytics")


def _newest_migration(app: str) -> int:
    kept = Path(__file__).parent.parent / app / "migrations" / "max_migration.txt"
    return int(kept.read_text(encoding="utf-8").partition("_")[0])


EDITION = f"{__version__}+{'.'.join(str(_newest_migration(app)) for app in APPS)}"
"""As `0.1.0+17.32.8`: the version, and the newest migration of the ground, the casebook and the read-outs."""
