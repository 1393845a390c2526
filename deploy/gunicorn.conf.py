"""How gunicorn serves Chimera on a host; `gunicorn trial.wsgi --config deploy/gunicorn.conf.py`.

Threads wait for the database, not for the processor. The processes share the files of their counters, which
are begun anew at each start.
"""

import os
import shutil
import tempfile
from typing import Any

bind = os.environ.get("CHIMERA_BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("CHIMERA_WEB_PROCESSES", "2"))
threads = 8
worker_tmp_dir = "/dev/shm"  # noqa: S108  the heartbeat needs a disk of memory
graceful_timeout = 30
control_socket_disable = True
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="chimera-counters-")


def on_exit(server: Any) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def child_exit(server: Any, worker: Any) -> None:
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)
