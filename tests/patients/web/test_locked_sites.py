"""A site that is locked, alone or with the study, gets no subject by any channel (LK-02)."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from patients.casebook.page import Page, Subject, Visit
from patients.entry.locking import lock_casebooks
from patients.models import Eligibility
from tests.patients.entry import casebooks, desk
from tests.patients.entry.locking_desk import approver, asked, manager
from tests.patients.entry.test_odm_import import CONSENT, document, group, page
from tests.patients.web import people
from tests.patients.web.api.test_imports import post, zipped
from trial.people.access import actor_at
from trial.people.models import Site
from trial.people.roles import Role
from trial.trail.actor import Source, acting

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db, pytest.mark.requirement("LK-02")]
LOCKED = "The site is locked"
ODM = document(page("ELIG", group("ELIG", *CONSENT)))
WAYS = ("browser", "odm by rest", "casebook by rest", "casebook by command", "odm by command")


@pytest.fixture(params=[None, "HZ01"], ids=["study", "site"])
def closed(request: pytest.FixtureRequest) -> Site:
    """A site with one subject, locked with the study or alone."""
    site = desk.consented("HZ01-001").site
    lock_casebooks(asked(site=site if request.param else None), by=approver())
    return site


def by_browser() -> tuple[int, str]:
    answer = people.signed_in(desk.a_member()).post(reverse("new-subject"), {"site": "HZ01"})
    return answer.status_code, answer.content.decode()


def by_rest(what: str, body: str | bytes) -> tuple[int, str]:
    answer = post(people.signed_in(manager()), what, body)
    assert not json.loads(answer.content)["clean"]
    return answer.status_code, answer.content.decode()


def by_command(name: str, path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    try:
        call_command(name, path)
    except SystemExit as ended:
        return int(ended.code or 0), "".join(capsys.readouterr())
    return 0, "".join(capsys.readouterr())


def kept() -> list[int]:
    """How much there is of what a subject consists of, versions included."""
    tables: tuple[Any, ...] = (Site, Subject, Subject.history, Visit, Page, Page.history, Eligibility)
    return [getattr(table, "objects", table).count() for table in tables]


def a_casebook(folder: Path, site: str) -> Path:
    """The consent of a subject that is not there, at a site."""
    found = casebooks.sheets()
    chosen = {name: found[name] for name in ("ELIG", "SUBJECTS")}
    for rows in chosen.values():
        for row in rows:
            row["subject_id"] = f"{site}-009"
    chosen["SUBJECTS"][0]["site"] = site
    return casebooks.write(folder, chosen)


@pytest.mark.parametrize("way", WAYS)
def test_no_channel_enters_a_subject_at_a_locked_site(
    closed: Site, way: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = kept()
    folder, odm = a_casebook(tmp_path / "casebook", "HZ01"), ODM.replace("HZ01-001", "HZ01-009")
    (tmp_path / "odm.xml").write_text(odm)
    zip_of = zipped({path.name: path.read_bytes() for path in folder.iterdir()})
    ways = {
        "browser": (423, by_browser),
        "odm by rest": (200, lambda: by_rest("odm", odm)),
        "casebook by rest": (200, lambda: by_rest("casebook", zip_of)),
        "casebook by command": (1, lambda: by_command("import_casebook", folder, capsys)),
        "odm by command": (1, lambda: by_command("import_odm", tmp_path / "odm.xml", capsys)),
    }
    expected, act = ways[way]
    status, said = act()
    assert (status, LOCKED in said) == (expected, True), said
    assert kept() == before


def test_a_locked_study_gets_no_site_for_a_subject_that_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.consented("HZ01-001")
    lock_casebooks(asked(), by=approver())
    ended, said = by_command("import_casebook", a_casebook(tmp_path, "HZ07"), capsys)
    assert (ended, LOCKED in said) == (1, True), said
    assert not Site.objects.filter(code="HZ07").exists()


def test_another_site_goes_on() -> None:
    desk.consented("HZ01-001")
    coordinator = people.a_member(Role.COORDINATOR, "HZ02")
    lock_casebooks(asked(site=Site.objects.get(code="HZ01")), by=approver())
    answer = people.signed_in(coordinator).post(reverse("new-subject"), {"site": "HZ02"})
    assert (answer.status_code, Subject.objects.filter(code="HZ02-001").count()) == (302, 1)


# --- past the application ----------------------------------------------------------------------------------
BROUGHT = "INSERT INTO patients_subject (code, site_id, patient_id) VALUES ('HZ01-009', {site}, '')"
MOVED = "UPDATE patients_subject SET site_id = {site} WHERE code = 'HZ02-001'"


def test_raw_sql_and_a_shell_bring_no_subject(closed: Site) -> None:
    with pytest.raises(IntegrityError, match="site is locked"), transaction.atomic():
        run(BROUGHT, closed)
    actor = actor_at(desk.SYSTEM, site="HZ01", source=Source.COMMAND)
    with pytest.raises(IntegrityError, match="site is locked"), transaction.atomic(), acting(actor):
        Subject(code="HZ01-009", site=closed).save()


def test_raw_sql_moves_no_subject_to_a_locked_site() -> None:
    closed = desk.consented("HZ01-001").site
    desk.consented("HZ02-001")
    lock_casebooks(asked(site=closed), by=approver())
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        run(MOVED, closed)


def run(statement: str, site: Site) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement.format(site=site.pk))
