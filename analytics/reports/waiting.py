"""What a lock shows whose estimates are not there."""

from dataclasses import dataclass

from analytics.desk.staleness import Standing
from analytics.locks.models import Lock
from analytics.runs.models import ENDED, Run, Step


@dataclass(frozen=True, slots=True)
class WaitingScreen:
    """A lock whose run is not finished, or that has none; `error` says why it failed. Who locks at all of its
    sites may stop it, and start it again."""

    lock: Lock
    run: Run | None
    standing: Standing
    may_stop: bool
    may_export: bool

    @property
    def is_waiting(self) -> bool:
        return self.run is not None and self.run.state not in ENDED

    @property
    def error(self) -> str:
        return self.run.error if self.run else ""

    @property
    def traceback(self) -> str:
        """Where in the code it failed, for who may start it again."""
        return self.run.traceback if self.run and self.may_stop else ""

    @property
    def step(self) -> str:
        """What the run does now, in words."""
        step = self.run.progress.get("step") if self.run else None
        return str(Step(step).label) if step else ""
