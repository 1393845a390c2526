"""A Celery worker of a command's own, for a registry that has none.

Its standard input is a pipe that the command holds open. However the command ends, also by `kill -9`, the
system closes the pipe, and the worker stops by itself.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.conf import settings

LOG = settings.CHIMERA_HOME / "worker.log"
STOP_SECONDS = 10.0  # for what is in work when the command ends
Worker = subprocess.Popen[bytes]


@contextmanager
def own_worker() -> Iterator[Worker]:
    """A running worker of this registry that writes to LOG; stopped at the end."""
    command = [sys.executable, "-m", "analytics.runs.worker"]
    with (
        LOG.open("ab") as log,
        Worker(command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=_environment()) as worker,
    ):
        try:
            yield worker
        finally:
            _stop(worker)


def _environment() -> Mapping[str, str]:
    """That of the command, in the same folder. The checks of a start were made by the command."""
    path = os.pathsep.join([str(settings.BASE_DIR), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, "CELERY_SKIP_CHECKS": "yes"}


def _stop(worker: Worker) -> None:
    if worker.stdin is not None:
        worker.stdin.close()
    try:
        worker.wait(STOP_SECONDS + 1)
    except subprocess.TimeoutExpired:
        worker.kill()
