"""A token is narrow and short-lived, and what it takes out shows one moment."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.utils import timezone

from analytics.locks.models import Lock
from patients.casebook.page import Subject
from patients.entry.register import register_subject
from tests.analytics.exports.conftest import a_key
from tests.analytics.exports.test_cut_rest import body, get, rows
from trial.people.access import SystemPerson
from trial.people.models import Site
from trial.people.roles import Permission
from trial.people.tokens import MAX_DAYS, ExportToken, digest_of, issue_token
from trial.trail.actor import Source

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("exports")]
EXPORT, RESULTS = Permission.EXPORT, Permission.READ_RESULTS
GRANTED = {
    "locks": {EXPORT},
    "locks/latest/tables": {EXPORT},
    "locks/latest/tables/ADSL/csv": {EXPORT},
    "locks/latest/tables/SDTM.DM/xpt": {EXPORT},
    "locks/latest/tables/REGISTRY.CIBMTR4006/csv": {EXPORT},
    "locks/latest/estimates": {RESULTS},
    "schema": {EXPORT, RESULTS},
}
"""Which permission opens which address."""


@pytest.mark.requirement("AC-13")
def test_a_token_opens_what_it_was_given_and_nothing_else(lock: Lock) -> None:
    for permission in (EXPORT, RESULTS):
        key = a_key(permission)
        opened = {path for path in GRANTED if get(path, key).status_code == 200}
        assert opened == {path for path, needed in GRANTED.items() if permission in needed}
        assert {get(path, key).status_code for path in GRANTED.keys() - opened} == {403}
    for page in ("/subjects/", f"/locks/{lock.pk}/", "/people/"):
        answer = Client().get(page, headers={"Authorization": f"Token {a_key()}"})
        assert answer.status_code == 302, page


@pytest.mark.requirement("AC-13")
def test_a_token_is_kept_as_a_hash_and_ends(lock: Lock, key: str) -> None:
    assert get("locks", key).status_code == 200
    assert not [name for name, row in every_row() if key in row], "the clear token is kept"
    token = ExportToken.objects.get(digest=digest_of(key))
    assert token.last_used is not None
    assert token.expires <= timezone.now() + timedelta(days=MAX_DAYS) <= timezone.now() + timedelta(days=90)
    with pytest.raises(ValueError, match="90"):
        issue_token("b", by="test", sites=[], permissions=[EXPORT], days=MAX_DAYS + 1)
    for ended in ({"expires": timezone.now()}, {"revoked": timezone.now()}):
        ExportToken.objects.filter(pk=token.pk).update(expires=timezone.now() + timedelta(1), revoked=None)
        assert get("locks", key).status_code == 200
        ExportToken.objects.filter(pk=token.pk).update(**ended)
        assert get("locks", key).status_code == 401
        assert Client().get("/dataset-json/studies", headers={"api-key": key}).status_code == 422


def every_row() -> list[tuple[str, str]]:
    """Every row of every table of the database as text."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(model._meta.db_table)}")
            found += [(model._meta.label, str(row)) for row in cursor.fetchall()]
    return found


@pytest.mark.requirement("CP-05")
def test_an_export_shows_one_moment_whatever_is_written_meanwhile(lock: Lock, key: str) -> None:
    """Between two tables of a lock somebody registers subjects; each table is of the moment of the lock."""
    path = f"locks/{lock.pk}/tables"
    before = {one["SUBJID"] for one in rows(get(f"{path}/ADSL/csv", key))}
    for number in (901, 902):
        register(f"HZ01-{number}")
    assert Subject.objects.filter(code__startswith="HZ01-90").count() == 2
    after: dict[str, set[Any]] = {
        "ADTTE": {one["SUBJID"] for one in rows(get(f"{path}/ADTTE/csv", key))},
        "DM": {one["subject_id"] for one in rows(get(f"{path}/DM/csv", key))},
        "SDTM.DM": {one["SUBJID"] for one in rows(get(f"{path}/SDTM.DM/csv", key))},
    }
    assert after == dict.fromkeys(after, before)
    assert len(before) == 19
    assert body(get(f"{path}/ADSL/csv", key)) == body(get(f"{path}/ADSL/csv", key))


def register(code: str) -> None:
    site = Site.objects.get(code="HZ01")
    register_subject(code, site, by=SystemPerson("test"), source=Source.COMMAND)
