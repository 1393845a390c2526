"""What becomes of a failure: a passing trouble is tried again, later each time; any other ends the run."""

import traceback
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError

_ROOT = f"{Path(__file__).resolve().parent.parent.parent}/"


class WorkerLost(Exception):
    """The process that computed a part was ended: by a signal, or by itself for want of memory."""


PASSING = (OSError, MemoryError, OperationalError, InterfaceError, WorkerLost)
"""A share that is gone, a disk or memory that is full, a database that was lost or is locked."""
NO_THREAD = "can't start new thread"
"""What Python says where there is no memory for one."""
RETRIES = 3
LOST_AT_MOST = 10
"""So many machines may be lost with one part, of which nobody could say why, until the part is blamed."""


class WorkersLost(Exception):
    """Whoever computed this part fell silent, time after time."""


def is_tried_again(problem: Exception, failures: int) -> bool:
    """Whether a part is tried again that had failed so many times before."""
    return _passes(problem) and failures < RETRIES


def _passes(problem: Exception) -> bool:
    return isinstance(problem, PASSING) or (isinstance(problem, RuntimeError) and str(problem) == NO_THREAD)


def delay(failures: int) -> timedelta:
    """How long a part waits after its first failure, its second, and so on: six times as long each time."""
    return timedelta(seconds=settings.RUN_RETRY_SECONDS * 6 ** (failures - 1))


def reason(problem: Exception, *, tries: int = 1) -> str:
    """What failed, in a line, and how often it was tried if more than once."""
    said = f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
    return said if tries == 1 else f"{said} (tried {tries} times)"


def where(problem: Exception) -> str:
    """Where in the code it failed, its causes first. What the causes say is left out, as are all values: of
    the failure itself the reason says it."""
    causes: list[BaseException] = [problem]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(cause)
    told = [line for cause in reversed(causes) for line in (*_calls(cause), f"{type(cause).__name__}\n")]
    return "".join(told).replace(_ROOT, "")


def _calls(problem: BaseException) -> list[str]:
    return traceback.format_list(traceback.extract_tb(problem.__traceback__))
