"""What the screens say on which something is opened by hand."""

from dataclasses import dataclass
from typing import Any

from patients.casebook.form import form_model
from patients.entry.opening import UNSCHEDULED
from patients.web.clocks import local_now
from patients.web.trail_presenter import Option
from trial.people.models import Site
from trial.protocol.visits import VisitType


@dataclass(frozen=True, slots=True)
class NewSubjectScreen:
    """Where a subject is entered; what was typed comes back with what is wrong with it."""

    sites: list[Site]
    site: str = ""
    planned_infusion: str = ""
    patient_id: str = ""
    problem: str = ""

    @property
    def problems(self) -> list[str]:
        return [self.problem] if self.problem else []


@dataclass(frozen=True, slots=True)
class OpeningScreen:
    """What can be added to a subject: the visits that an event brings, and the logs."""

    subject: Any
    events: list[VisitType]
    forms: list[str]
    logs: list[str]
    kind: str = ""
    typed: str = ""
    form: str = ""
    problem: str = ""

    @property
    def problems(self) -> list[str]:
        return [self.problem] if self.problem else []

    @property
    def today(self) -> str:
        return str(local_now().date())

    @property
    def kind_choices(self) -> list[Option]:
        chosen = self.kind or UNSCHEDULED
        return [
            Option(visit.code, f"{visit.code} · {visit.label}", visit.code == chosen) for visit in self.events
        ]

    @property
    def form_choices(self) -> list[Option]:
        return [Option(code, _titled(code), code == self.form) for code in self.forms]

    @property
    def log_choices(self) -> list[Option]:
        return [Option(code, str(form_model(code).form.title), chosen=False) for code in self.logs]


def _titled(code: str) -> str:
    return f"{code} · {form_model(code).form.title}"
