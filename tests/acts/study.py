"""Acts of the registry as a whole: review, export, verification, configuration, approvals, locks and runs."""

from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics.locks.seal import make_lock
from analytics.reports.report_print import print_report
from analytics.runs import steps
from analytics.runs.compute import compute_run
from analytics.runs.models import Step
from analytics.runs.start import run_of
from analytics.runs.stopping import cancel_run, restart_run
from patients.oversight.review import mark_reviewed, stretch
from tests.access.registry import a_closed_visit
from tests.acts.world import TEST, Deed, World, act
from tests.patients.coding.distributions import meddra
from tests.patients.entry import desk
from tests.patients.web import people
from tests.patients.web.people import SETUP
from tests.trial.people import persons
from tests.trial.people.test_safety_contacts import a_contact
from tests.trial.protocol.requests import a_request
from tests.trial.protocol.test_approvals import GIVEN, HOW, approval
from trial.backup import making
from trial.backup.age_files import make_key
from trial.backup.contents import Contents
from trial.backup.fingerprints import Fingerprints
from trial.backup.restoring import record_restored
from trial.people.roles import Permission
from trial.people.safety_contacts import end_contact
from trial.protocol.approvals import end_approval, record_approval, record_consent, supersede_consent
from trial.protocol.closing import record_closing
from trial.protocol.configuration import SETTINGS
from trial.protocol.configuring import configure, refuse_value
from trial.protocol.models import ConsentVersion
from trial.trail import clocks
from trial.trail.actor import Source
from trial.trail.alarms import end_alarm, raise_alarm
from trial.trail.key_changes import begin_anew, hand_over
from trial.trail.seals import seal_trail


@act("trail.reviewed", "mei.zhang", "HZ01-001")
def review_the_trail(world: World) -> Deed:
    seen = stretch("HZ01", "HZ01-001", by=world.manager)
    return lambda: mark_reviewed(seen, by=world.manager)


@act("visit.closed", TEST, "remote 2025-08-05 to 2025-08-05")
def close_a_monitoring_visit(world: World) -> Deed:
    return a_closed_visit


@act("visit_report.exported", "mei.zhang", "visit 2025-08-05")
def take_the_report_of_a_visit_out(world: World) -> Deed:
    client, url = people.signed_in(world.manager), reverse("visit-report", args=["HZ01", a_closed_visit()])
    return lambda: client.post(url, {"language": "en"})


@act("trail.exported", "mei.zhang", "HZ01-001")
def take_the_trail_out(world: World) -> Deed:
    client = people.signed_in(world.manager)
    url = reverse("trail-export", args=["csv"])
    return lambda: list(client.post(url, {"subject": "HZ01-001"}).streaming_content)  # type: ignore[call-overload]


@act("screening_log.exported", "lin.qiao", "")
def take_the_screening_log_out(world: World) -> Deed:
    client = people.signed_in(world.coordinator)
    return lambda: client.post(reverse("log-file", args=["HZ01"]))


@act("dictionary.loaded", "system:dictionary", "invented-events 1 en")
def load_a_dictionary(world: World) -> Deed:
    folder = meddra(world.folder / "meddra")
    arguments = ("load_dictionary", "invented-events", folder)
    return lambda: call_command(*arguments, dictionary_version="1", stdout=StringIO())


@act("deviations.exported", "lin.qiao", "")
def take_the_deviations_out(world: World) -> Deed:
    client = people.signed_in(world.coordinator)
    return lambda: client.post(reverse("deviations-file"))


@act("safety.exported", "lin.qiao", "")
def take_the_clocks_out(world: World) -> Deed:
    client = people.signed_in(world.coordinator)
    return lambda: client.post(reverse("safety-file"))


@act("safety_contact.added", TEST, "ward@hz01.example")
def add_a_safety_contact(world: World) -> Deed:
    return lambda: a_contact()


@act("safety_contact.ended", TEST, "ward@hz01.example")
def end_a_safety_contact(world: World) -> Deed:
    contact = a_contact()
    return lambda: end_contact(contact, contact.starts, by=SETUP, source=Source.COMMAND, reason="moved")


@act("casebook.printed", "lin.qiao", "HZ01-001")
def print_a_casebook(world: World) -> Deed:
    client = people.signed_in(world.coordinator)
    return lambda: client.post(reverse("casebook", args=["HZ01-001"]), {"language": "en"})


@act("sae.printed", "lin.qiao", "HZ01-001  SAE")
def print_a_report(world: World) -> Deed:
    people.infuse(world.subject)
    entered = {"ae_term": "sepsis", "ae_start": "2025-06-10", "ae_serious": "Y"}
    desk.save(desk.logged(world.subject, "AE"), rows={"1": entered})
    page = desk.logged(world.subject, "SAE")
    desk.save(page, rows={"1": {"sae_ae": "1", "sae_report_type": "initial"}})
    client = people.signed_in(world.coordinator)
    return lambda: client.post(reverse("report-pdf", args=[page.pk]), {"event": "1"})


@act("trail.verified", "system:verification", "")
def verify_the_trail(world: World) -> Deed:
    def deed() -> None:
        with pytest.raises(SystemExit):
            call_command("verify_trail", "--json", verbosity=0)

    return deed


@act("trail.archived", "system:archive", "")
def archive_the_trail(world: World) -> Deed:
    return lambda: call_command("archive_trail", world.folder / "archive", verbosity=0)


def an_empty_file(path: Path) -> Fingerprints:
    path.touch()
    return {}


@act("backup.made", "system:backup", "chimera-")
def make_a_backup(world: World) -> Deed:
    world.monkeypatch.setattr(settings, "BACKUP_RECIPIENTS", [make_key(world.folder / "key")])
    world.monkeypatch.setattr(making, "write_database", an_empty_file)  # a test is inside a transaction
    return lambda: call_command("back_up", world.folder, verbosity=0, stderr=StringIO())


@act("backup.restored", "system:backup", "chimera.tar.age of 2025-08-05")
def put_a_backup_back(world: World) -> Deed:
    listed = Contents("2025-08-05T02:00:00+00:00", "sqlite", {}, 0, {}, {}, {})
    return lambda: record_restored(Path("chimera.tar.age"), listed)


@act("seal_key.changed", "system:key", "key of the seals")
def change_the_signing_key(world: World) -> Deed:
    seal_trail()
    return lambda: hand_over(on_behalf_of="ana")


@act("seal_key.lost", "system:key", "key of the seals")
def lose_the_signing_key(world: World) -> Deed:
    seal_trail()
    settings.SEAL_KEY.path.unlink()
    return lambda: begin_anew("the disk broke", on_behalf_of="ana")


@act("alarm.raised", "system:watch", "seal key")
def raise_an_alarm(world: World) -> Deed:
    return lambda: raise_alarm("seal key", "it is not there")


@act("alarm.ended", "system:watch", "seal key")
def end_an_alarm(world: World) -> Deed:
    raise_alarm("seal key", "it is not there")
    return lambda: end_alarm("seal key")


@act("configuration.changed", TEST, "ctcae_version")
def change_the_configuration(world: World) -> Deed:
    text = str(SETTINGS["ctcae_version"].default)
    return lambda: configure("ctcae_version", text, by=SETUP, reason="test", approver="the trial team")


@act("configuration.requested", TEST, "cd7_min")
def ask_for_a_configuration(world: World) -> Deed:
    return lambda: a_request("30", by=SETUP)


@act("configuration.refused", "mei.zhang", "cd7_min")
def refuse_a_configuration(world: World) -> Deed:
    asked = a_request("30", by=SETUP)
    return lambda: refuse_value(asked, by=world.manager, source=Source.WEB)


@act("study.closed", TEST, "study")
def close_the_study(world: World) -> Deed:
    how = {"reason": "the last visit was made", "by": SETUP, "source": Source.WEB}
    return lambda: record_closing(date(2025, 8, 1), **how)


@act("lock.made", TEST, "lock ")
def make_a_lock(world: World) -> Deed:
    return lambda: make_lock(date(2025, 8, 5), "interim analysis", by=SETUP, source=Source.COMMAND)


@act("run.finished", "system:run", "run ")
def finish_a_run(world: World) -> Deed:
    lock = make_lock(date(2025, 8, 5), "interim analysis", by=SETUP, source=Source.COMMAND)
    return lambda: compute_run(run_of(lock.snapshot).pk)


@act("run.failed", "system:run", "run ")
def fail_a_run(world: World) -> Deed:
    lock = make_lock(date(2025, 8, 5), "interim analysis", by=SETUP, source=Source.COMMAND)

    def broken(*_of: object) -> object:
        raise ZeroDivisionError("division by zero")

    world.monkeypatch.setitem(steps.COMPUTED_BY, Step.FIGURES, broken)
    return lambda: compute_run(run_of(lock.snapshot).pk)


@act("run.cancelled", "mei.zhang", "run ")
def cancel_a_run(world: World) -> Deed:
    run = run_of(make_lock(date(2025, 8, 5), "interim analysis", by=SETUP, source=Source.COMMAND).snapshot)
    return lambda: cancel_run(run, by=world.manager, site="HZ01")


@act("run.restarted", "mei.zhang", "run ")
def restart_a_run(world: World) -> Deed:
    run = run_of(make_lock(date(2025, 8, 5), "interim analysis", by=SETUP, source=Source.COMMAND).snapshot)
    cancel_run(run, by=world.manager, site="HZ01")
    return lambda: restart_run(run, by=world.manager, site="HZ01")


@act("report.exported", "mei.zhang", "lock ")
def take_a_report_out(world: World) -> Deed:
    lock = make_lock(date(2025, 8, 5), "interim analysis", by=SETUP, source=Source.COMMAND)
    compute_run(run_of(lock.snapshot).pk)
    return lambda: print_report(lock, "en", by=world.manager)


@act("results.exported", "a program", "lock ")
def take_results_out(world: World) -> Deed:
    lock = make_lock(date(2025, 8, 5), "interim analysis", by=SETUP, source=Source.COMMAND)
    compute_run(run_of(lock.snapshot).pk)
    shown = {"Authorization": f"Token {persons.a_token(Permission.READ_RESULTS)}"}
    return lambda: Client().get(f"/api/v1/locks/{lock.pk}/estimates", headers=shown)


@act("data.exported", "a program", "lock ")
def take_a_table_out(world: World) -> Deed:
    lock = make_lock(date(2025, 8, 5), "interim analysis", by=SETUP, source=Source.COMMAND)
    shown = {"Authorization": f"Token {persons.a_token(Permission.EXPORT)}"}
    return lambda: Client().get(f"/api/v1/locks/{lock.pk}/tables/ADSL/csv", headers=shown)


# --- approvals and consents --------------------------------------------------------------------------------
@act("approval.recorded", "system:test", "HZ02")
def record_an_approval(world: World) -> Deed:
    return lambda: record_approval(approval(), **HOW)


@act("approval.ended", "system:test", "HZ02")
def end_an_approval(world: World) -> Deed:
    recorded = record_approval(approval(), **HOW)
    return lambda: end_approval(recorded, GIVEN + timedelta(30), **HOW)


def _consent() -> ConsentVersion:
    return ConsentVersion(version="2.0", language="zh", approved_on=GIVEN, in_force_from=GIVEN)


@act("consent.recorded", "system:test", "2.0")
def record_a_consent(world: World) -> Deed:
    return lambda: record_consent(_consent(), **HOW)


@act("consent.superseded", "system:test", "2.0")
def supersede_a_consent(world: World) -> Deed:
    recorded = record_consent(_consent(), **HOW)
    return lambda: supersede_consent(recorded, GIVEN + timedelta(30), **HOW)


# --- clocks and the database -------------------------------------------------------------------------------
@act("clock.gap", "system:clock", "clocks")
def meet_a_clock_that_is_wrong(world: World) -> Deed:
    world.monkeypatch.setattr(clocks, "database_now", lambda: timezone.now() - timedelta(seconds=5))
    return lambda: clocks.refuse_if_clocks_disagree(Source.WEB)


@act("database.granted", "system:database", "role ", pytest.mark.postgresql)
def grant_the_database(world: World) -> Deed:
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE chimera_of_the_acts")
    return lambda: call_command("grant_database", "chimera_of_the_acts", stdout=StringIO())
