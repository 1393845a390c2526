"""A data cut goes out with the signatures that its pages had at its moment."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from django.utils import timezone

from analytics.locks.export import export_lock
from analytics.locks.models import Lock
from analytics.locks.seal import Asked, make_cut, make_lock
from patients.casebook.page import Subject
from patients.oversight.signatures import Meaning, Signature
from tests.patients.entry import desk
from tests.patients.entry.signing_desk import (
    eligibility,
    investigator,
    principal_investigator,
    raw,
    screened,
    sign,
)
from trial.people.access import SystemPerson
from trial.protocol.study import site_today
from trial.trail.actor import Source

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("ES-02")]


def cut(cutoff: date) -> Lock:
    return make_lock(cutoff, "interim", by=SystemPerson("lock"), source=Source.COMMAND)


def exported(lock: Lock, folder: Path) -> list[tuple[str, str, str]]:
    """Form, signer and standing of each signature of the cut."""
    export_lock(lock, folder)
    if not (path := folder / "SIGNATURES.csv").exists():
        return []
    return pl.read_csv(path, infer_schema=False).select("form", "user_name", "standing").rows()


@pytest.fixture
def signed() -> Subject:
    subject = screened()
    sign(eligibility(subject), principal_investigator())
    return subject


def test_it_holds_those_made_until_its_moment(signed: Subject, tmp_path: Path) -> None:
    lock = cut(site_today())
    sign(desk.page_of(signed, "DM"), investigator(), Meaning.REVIEW)
    assert exported(lock, tmp_path / "first") == [("ELIG", "wei.shen.hz01", "valid")]
    assert [form for form, *_rest in exported(cut(site_today()), tmp_path / "second")] == ["DM", "ELIG"]


def test_a_fall_of_later_is_not_told_and_one_of_before_is(signed: Subject, tmp_path: Path) -> None:
    lock = cut(site_today())
    desk.save(eligibility(signed), {"spo2_ra_pct": "96"}, why=desk.BECAUSE)
    assert exported(lock, tmp_path / "before") == [("ELIG", "wei.shen.hz01", "stood")]
    later = exported(cut(site_today()), tmp_path / "after")
    assert later == [("ELIG", "wei.shen.hz01", "fallen")]


def test_a_cut_as_known_before_holds_what_was_signed_by_then(signed: Subject, tmp_path: Path) -> None:
    moment = timezone.now()
    sign(desk.page_of(signed, "DM"), investigator(), Meaning.REVIEW)
    desk.save(eligibility(signed), {"spo2_ra_pct": "96"}, why=desk.BECAUSE)
    asked = Asked(site_today(), "as known then", known_at=moment)
    lock = make_cut(asked, by=SystemPerson("lock"), source=Source.COMMAND)
    assert exported(lock, tmp_path / "out") == [("ELIG", "wei.shen.hz01", "stood")]


def test_a_page_past_the_cut_off_brings_no_signature(signed: Subject, tmp_path: Path) -> None:
    assert Signature.objects.exists()
    assert exported(cut(date(2023, 1, 1)), tmp_path / "out") == []


def test_what_does_not_belong_to_its_page_is_not_valid(signed: Subject, tmp_path: Path) -> None:
    lock = cut(site_today())
    raw("UPDATE patients_eligibility SET spo2_ra_pct = 95 WHERE page_id = %s", eligibility(signed).pk)
    assert exported(lock, tmp_path / "out") == [("ELIG", "wei.shen.hz01", "not_valid")]
