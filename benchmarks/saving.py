"""What the record of a save costs: the versions of its rows and its event, as parts of the whole save.

`python -m benchmarks.saving [SAVES]`, for PostgreSQL after `python -m tests.services`: in a registry of its
own that is thrown away. Some items of a response page change in each save. The event is timed with what its
insert sets off in the database: the leaf of the ledger with the hash of every version.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trial.settings")
os.environ.setdefault("CHIMERA_HOME", tempfile.mkdtemp(prefix="chimera-bench-"))

ANSWERS = (
    {"resp_dt": "2025-05-20", "bm_done": "Y", "bm_blast": "61.5", "pb_blast": "3.0"},
    {"resp_dt": "2025-05-21", "bm_done": "Y", "bm_blast": "58.0", "pb_blast": "2.5"},
)


@dataclass
class Part:
    """One part of a save: what it took in each, in ms."""

    name: str
    took: list[float] = field(default_factory=list)
    now: float = 0.0

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*args, **options)
            finally:
                self.now += (time.perf_counter() - start) * 1000

        return call

    def end(self) -> None:
        self.took.append(self.now)
        self.now = 0.0


def main(saves: int) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    save = _page_to_save()
    versions, event, whole = Part("versions of the rows"), Part("event and ledger"), Part("the whole save")
    with _watched(versions, event):
        for number in range(saves + 1):
            whole.timed(save)(number)
            for part in (versions, event, whole):
                part.end()
    print(f"\n| of {saves} saves, median ms | |\n|---|---|")
    for part in (whole, versions, event):
        print(f"| {part.name} | {statistics.median(part.took[1:]):.1f} |")
    return 0


@contextmanager
def _watched(versions: Part, event: Part) -> Iterator[None]:
    from trial.trail import audited, record

    with (
        patch.object(audited, "_keep_versions", versions.timed(audited._keep_versions)),
        patch("patients.entry.save.record_event", event.timed(record.record_event)),
    ):
        yield


def _page_to_save() -> Callable[[int], object]:
    """A response page of a subject who consented, and how it is saved for the n-th time."""
    from patients.casebook.page import Page
    from patients.entry.reasons import Reason, ReasonCode, SameReason
    from patients.entry.register import register_site, register_subject
    from patients.entry.save import save_page
    from trial.people.access import SystemPerson
    from trial.trail.actor import Source

    somebody = SystemPerson("benchmark", on_behalf_of="nobody")
    site = register_site("HZ01", "Hangzhou", by=somebody, source=Source.COMMAND)
    subject = register_subject("HZ01-001", site, by=somebody, source=Source.COMMAND)

    def save(form: str, answers: dict[str, str], day: str, reasons: Any = None) -> None:
        page = Page.objects.select_related("subject__site", "visit").get(
            subject=subject, form_code=form, visit__code="SCR"
        )
        save_page(
            page,
            {"": answers},
            by=somebody,
            base_version=page.version,
            source=Source.COMMAND,
            header={"form_date": day},
            reasons=reasons,
        )

    save("ELIG", {"icf_main_signed": "Y", "icf_main_dt": "2025-05-16 09:00"}, "2025-05-16")
    reason = SameReason(Reason(ReasonCode.LATE_SOURCE, "a benchmark"))
    return lambda number: save("RESP", ANSWERS[number % 2], "2025-05-20", reason)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
