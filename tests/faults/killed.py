"""Kill a process before each of its statements in turn (F04, F22): what `kill -9` leaves of an act.

Runs in a process that has the registry and no connection; each try is a child of it. A child ends by SIGKILL,
of its own hand before the statement of a number, or of its parent's at a moment.
"""

import os
import signal
import time
import traceback
from collections.abc import Callable
from typing import Any

from django.db import connection

Act = Callable[[], object]


def killed_before(number: int, act: Act) -> bool:
    """Whether the act was killed before the statement of this number, counted from 1; else it was done.
    Raises ChildProcessError where it failed."""

    def child() -> None:
        sent = 0

        def count(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
            nonlocal sent
            sent += 1
            if sent == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(sql, *args)

        with connection.execute_wrapper(count):
            act()

    return _is_killed(_begun(child))


def killed_after(seconds: float, act: Act) -> bool:
    """Whether the act was killed after so long; else it was done before. Raises ChildProcessError."""
    pid = _begun(act)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)  # who has ended is there until it is waited for
    return _is_killed(pid)


def _begun(act: Act) -> int:
    """The number of a child that does it and ends."""
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()  # its threads are not in the child
    if pid := os.fork():
        return pid
    try:
        act()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _is_killed(pid: int) -> bool:
    _pid, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status) == signal.SIGKILL
    if os.WEXITSTATUS(status):
        raise ChildProcessError("the act failed: see above")
    return False
