"""The state of the data at any moment is reproduced from the kept versions, to the byte."""

from datetime import date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from analytics.locks.cut import Value
from analytics.locks.models import Lock
from analytics.locks.past import NotReproduced
from analytics.locks.seal import Asked, content_of_cut, make_cut
from analytics.locks.snapshot import write_snapshot
from patients.entry.locking import Extent
from tests.patients.entry import desk, signing_desk
from trial.people.access import SystemPerson
from trial.protocol.study import site_today
from trial.trail.actor import Source

pytestmark = pytest.mark.django_db
CUTOFF = date(2024, 6, 1)
BY = SystemPerson("lock")


def cut(**how: Any) -> Lock:
    return make_cut(Asked(CUTOFF, "interim", **how), by=BY, source=Source.COMMAND)


def later_changes() -> None:
    """A value changed, one taken out, a row added, a row void, a date moved, a page begun, a subject new."""
    subject = desk.infused("HZ01-001")
    desk.save(desk.page_of(subject, "DX"), {"cd7_pct": "50.0", "cns_status": ""}, why=desk.BECAUSE)
    desk.save(desk.page_of(subject, "DM"), header={"form_date": "2023-12-10"}, why=desk.BECAUSE)
    log = desk.logged(subject, "AE")
    desk.save(log, rows={"1": {"void": "Y"}, "9": {"ae_term": "rash"}}, why=desk.BECAUSE)
    desk.save(desk.page_of(subject, "RESP", "C28"), desk.RESP, on="2024-01-21")
    desk.save(desk.page_of(subject, "VS", "C1"), header={"form_date": "2024-01-06", "not_done": "Y"})
    desk.infused("HZ01-002")


@pytest.fixture
def known(db: None) -> datetime:
    """A moment by which something was known, before all of it changed."""
    subject = desk.infused()
    rows = {"1": {"ae_term": "fever", "ae_start": "2024-01-08"}, "2": {"ae_term": "cough"}}
    desk.save(desk.logged(subject, "AE"), rows=rows)
    return timezone.now()


def test_a_past_moment_gives_the_cut_that_was_made_then(known: datetime) -> None:
    made = cut()
    later_changes()
    assert cut().snapshot_id != made.snapshot_id
    again = cut(known_at=known)
    assert again.snapshot == made.snapshot
    assert again.known_at == known
    sources = [pl.read_parquet(lock.sources_path).sort(pl.all()) for lock in (made, again)]
    assert sources[0].equals(sources[1])


def test_each_of_several_moments_is_reproduced_to_the_byte(tmp_path: Path) -> None:
    """After each act the cut as known now is what is told of that moment when all is over."""
    kept: list[tuple[datetime, bytes]] = []

    def keep() -> None:
        sealed = write_snapshot(tmp_path, CUTOFF, content_of_cut(CUTOFF, Extent(), None))
        kept.append((timezone.now(), sealed.path.read_bytes()))

    subject = desk.infused()
    for answers in ({"cd7_pct": "50.0"}, {"cd7_pct": "51.0"}, {"cns_status": ""}, {"cd7_pct": "92.0"}):
        keep()
        desk.save(desk.page_of(subject, "DX"), answers, why=desk.BECAUSE)
    keep()
    for moment, as_it_was in kept:
        sealed = write_snapshot(tmp_path, CUTOFF, content_of_cut(CUTOFF, Extent(), moment))
        assert sealed.path.read_bytes() == as_it_was
    assert len({as_it_was for _moment, as_it_was in kept}) == 5


def test_an_approval_counts_from_the_moment_that_it_stood() -> None:
    def values(moment: datetime | None) -> list[list[Value]]:
        return [values for _facts, values in content_of_cut(site_today(), Extent(), moment)]

    subject = signing_desk.screened()
    before = timezone.now()
    signing_desk.sign(signing_desk.eligibility(subject), signing_desk.principal_investigator())
    now = values(None)
    assert values(timezone.now()) == now != values(before)


def test_a_birth_date_that_came_later_was_not_known_and_a_corrected_one_cannot_be_told() -> None:
    subject = desk.consented()
    before = timezone.now()
    desk.save(desk.page_of(subject, "ELIG"), {"enrol_dt": "2024-01-01"})
    desk.save(desk.page_of(subject, "DM"), desk.DM, on=desk.CONSENT)
    known = timezone.now()
    ages = [facts.age_days_at_enrolment for facts, _values in content_of_cut(CUTOFF, Extent(), before)]
    assert ages == [None]
    desk.save(desk.page_of(subject, "DM"), {"birth_date": "1990-01-01"}, why=desk.BECAUSE)
    with pytest.raises(NotReproduced, match="HZ01-001"):
        list(content_of_cut(CUTOFF, Extent(), known))


def test_the_command_cuts_as_known_at_a_moment(known: datetime) -> None:
    made = cut()
    later_changes()
    output = StringIO()
    call_command("lock", cutoff=CUTOFF, reason="again", known_at=known, stdout=output, stderr=StringIO())
    again = Lock.objects.get(pk=int(output.getvalue()))
    assert (again.snapshot, again.known_at) == (made.snapshot, known)


@pytest.mark.parametrize("typed", ["2100-01-01T00:00", "yesterday"])
def test_the_command_refuses_a_moment_that_is_none_or_has_not_come(typed: str) -> None:
    with pytest.raises(CommandError, match="known-at"):
        call_command("lock", "--cutoff", "2024-06-01", "--reason", "again", "--known-at", typed)
    assert not Lock.objects.exists()


def test_before_anybody_was_there_is_nothing() -> None:
    desk.infused()
    long_ago = datetime(2000, 1, 1, tzinfo=timezone.get_current_timezone())
    assert list(content_of_cut(CUTOFF, Extent(), long_ago)) == []


@pytest.mark.requirement("LK-06")
def test_a_cut_of_a_site_or_a_subject_holds_that_alone_and_has_no_run() -> None:
    one, other = desk.infused(), desk.consented("HZ02-001")
    of_site, of_subject = cut(extent=Extent(site=other.site)), cut(extent=Extent(subject=one))
    assert (of_site.scope, of_site.of, of_site.snapshot.subjects) == ("site", "HZ02", 1)
    assert (of_subject.scope, of_subject.of, of_subject.snapshot.subjects) == ("subject", "HZ01-001", 1)
    assert not of_site.snapshot.runs.exists()
    assert cut().snapshot.subjects == 2
