"""`python -m analytics.runs.worker`: the worker that a command starts, and that ends with it."""

import os
import sys
import threading
import time

from celery.worker.state import reserved_requests

from analytics.runs.own_worker import STOP_SECONDS
from trial.celery import app

# One process, and no other worker to greet: nothing that would delay a single run.
_OPTIONS = ("--pool=solo", "--without-mingle", "--without-gossip", "--without-heartbeat", "--loglevel=INFO")


def main() -> None:
    """Work until the command is gone. A dead broker ends it at once: the command does not wait for one."""
    threading.Thread(target=_end_with_the_command, daemon=True).start()
    app.conf.update(broker_connection_retry_on_startup=False, worker_enable_remote_control=False)
    app.worker_main(["worker", *_OPTIONS])


def _end_with_the_command() -> None:
    """Leave when the pipe is closed and nothing is in work.

    Celery's own shutdown looks at the queue twice more, for two seconds each. A message that is lost here is
    rung again, and a claim that is left behind is taken over.
    """
    os.read(sys.stdin.fileno(), 1)  # nothing is ever written: it returns when the pipe is closed
    until = time.monotonic() + STOP_SECONDS
    while reserved_requests and time.monotonic() < until:
        time.sleep(0.05)
    os._exit(0)


if __name__ == "__main__":
    main()
