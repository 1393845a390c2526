"""`trial.settings` for pytest: a home of the run's own, nothing taken from the person's environment.

pytest-django reads the settings before any conftest, so this module, and not a fixture, chooses the home.
With xdist every worker has its own. A child process that inherits this module keeps the home it was given.
"""

import atexit
import os
import shutil
import sys
import tempfile

if "pytest" in sys.modules:
    for _name in [name for name in os.environ if name.startswith("CHIMERA_")]:
        del os.environ[_name]
    os.environ["CHIMERA_HOME"] = tempfile.mkdtemp(prefix="chimera-tests-")
    atexit.register(shutil.rmtree, os.environ["CHIMERA_HOME"], ignore_errors=True)

from trial.settings import *  # noqa: F403
from trial.settings import CHIMERA_HOME, DATABASES

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads (a live server) then see the locking of a real registry.
    DATABASES["default"]["TEST"] = {"NAME": str(CHIMERA_HOME / "test.sqlite3")}
    # Nothing here must survive a power cut.
    DATABASES["default"]["OPTIONS"]["init_command"] += "; PRAGMA synchronous=NORMAL"
