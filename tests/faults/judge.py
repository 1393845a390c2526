"""What must hold after each experiment, whatever was broken: one judge for all.

Every save that was acknowledged is there; each has had its effect once; every row is what its newest version
says; the trail verifies; nothing is said to run longer than its lease.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby

from tests.conftest import Registry

ITEM = "mol_marker"
"""What those who save in an experiment write on a response page: a text of its own each time."""
_ASK = """
from tests.faults.judge import complaints
print(*complaints({acknowledged!r}), sep="\\n")
"""


def judge(registry: Registry, acknowledged: Mapping[int, Sequence[str]] | None = None) -> list[str]:
    """What does not hold. `acknowledged` are the texts that a client was told are saved, by page."""
    given = {int(page): list(texts) for page, texts in (acknowledged or {}).items()}
    told = registry.run("shell", "--verbosity=0", "-c", _ASK.format(acknowledged=given)).stdout
    registry.run("seal_trail")
    verified = registry.run("verify_trail", "--json", check=False)
    found = [line for line in told.splitlines() if line]
    return found + ([f"the trail: {verified.stdout}"] if verified.returncode else [])


def complaints(acknowledged: Mapping[int, Sequence[str]]) -> Iterator[str]:
    """In a process with the registry: all but the trail."""
    from tests.patients.entry import desk

    for page, texts in acknowledged.items():
        yield from _of_saves(page, texts)
    yield from (
        f"not as its newest version: {row}" for row in desk.rows_that_differ_from_their_newest_version()
    )
    yield from _beyond_their_lease()


def _of_saves(page: int, acknowledged: Sequence[str]) -> Iterator[str]:
    versions, told = _versions(page), _told_by_the_trail(page)
    if versions != told:
        yield f"page {page}: versions {versions} and trail {told}"
    if twice := [text for text, count in Counter(versions).items() if count > 1]:
        yield f"page {page}: twice {twice}"
    if [text for text in versions if text in set(acknowledged)] != list(acknowledged):
        yield f"page {page}: {versions} kept, {json.dumps(acknowledged)} acknowledged"


def _versions(page: int) -> list[str]:
    from patients.casebook.form import form_model

    found = form_model("RESP").history.filter(page_id=page).exclude(**{ITEM: ""})
    texts = found.order_by("history_id").values_list(ITEM, flat=True)
    return [text for text, _versions in groupby(texts)]  # another item may have changed meanwhile


def _told_by_the_trail(page: int) -> list[str]:
    from patients.casebook.page import Page
    from trial.trail.models import TrailChange

    code = Page.objects.get(pk=page).subject.code
    changes = TrailChange.objects.filter(event__subject=code, event__form="RESP", item=ITEM)
    return list(changes.order_by("event__id").values_list("new", flat=True))


def _beyond_their_lease() -> Iterator[str]:
    from django.conf import settings
    from django.utils import timezone

    from analytics.runs.models import Run, RunPart

    lost = timezone.now() - timedelta(seconds=settings.RUN_LEASE_SECONDS)
    for model in (Run, RunPart):
        for row in model.objects.filter(state="running", heartbeat__lt=lost):
            yield f"still running: {model.__name__} {row.pk}"
