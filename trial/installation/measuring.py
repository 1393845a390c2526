"""Numbers for the hospital's monitoring, as Prometheus reads them: counts and seconds, nothing of a subject.

What each process counts (`counting.py`) lies in files that all processes of a host share, where
`PROMETHEUS_MULTIPROC_DIR` names their folder (`deploy/gunicorn.conf.py`); what the database knows is read
when it is asked for.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import F
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector

from trial.trail.alarms import Alarm
from trial.trail.ledger import LedgerLeaf
from trial.trail.models import TrailEvent
from trial.trail.seals import Seal


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of the registry at this moment."""

    name: str
    help: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


Measuring = Callable[[], Iterator[Measure]]


def of_the_trail() -> Iterator[Measure]:
    last = Seal.objects.order_by("number").last()
    waiting = LedgerLeaf.objects.filter(seq__gt=last.last if last else 0).count()
    yield Measure("chimera_unsealed_acts", "Acts that no seal covers yet.", waiting)
    for alarm in Alarm.objects.all():
        since_s = (timezone.now() - alarm.since).total_seconds()
        yield Measure("chimera_alarm_seconds", "How long an alarm stands.", since_s, {"alarm": alarm.name})
    newest = TrailEvent.objects.filter(action="backup.made").order_by(F("id").desc()).first()
    if newest is not None:
        age_s = (timezone.now() - newest.at).total_seconds()
        yield Measure("chimera_backup_age_seconds", "Age of the newest backup.", age_s)


_MEASURED: list[Measuring] = [of_the_trail]


def measure_too(measuring: Measuring) -> None:
    """Read these numbers as well: a room above says so at its start."""
    if measuring not in _MEASURED:
        _MEASURED.append(measuring)


def in_words() -> bytes:
    """All numbers, as Prometheus reads them."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(_Database())
    own = b"" if "PROMETHEUS_MULTIPROC_DIR" in os.environ else generate_latest(REGISTRY)
    return own + generate_latest(registry)


class _Database(Collector):
    """What stands in the database, grouped by name."""

    def collect(self) -> Iterable[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for measure in (one for measuring in _MEASURED for one in measuring()):
            labels = sorted(measure.labels)
            family = families.setdefault(
                measure.name, GaugeMetricFamily(measure.name, measure.help, labels=labels)
            )
            family.add_metric([measure.labels[name] for name in labels], measure.value)
        return families.values()
