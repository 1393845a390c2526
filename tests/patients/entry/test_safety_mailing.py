"""Mails about serious events: to whom, when, saying what, once, after the save and never in its way."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from patients.casebook.page import Page
from patients.entry import safety_mailing, tasks
from patients.entry.register import register_identity
from patients.entry.safety_mailing import Sent, send_due
from patients.oversight.safety_clocks import SeriousNotice
from patients.oversight.safety_mail import MOST_TRIES, TRY_AGAIN_AFTER, SafetyMail, SafetyMailOutcome
from tests.patients.entry import desk
from tests.patients.entry.mail_server import MailServer, serving
from tests.patients.oversight.test_safety_clocks import AWARE, EVENT, SUSAR, log
from tests.trial.people.test_safety_contacts import HOW, START, a_contact
from tests.trial.trail.faults import counted
from trial.people.safety_contacts import end_contact

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def events() -> Page:
    """A serious event of a subject whose name is on record, and the contact of the site."""
    subject = desk.infused()
    named = {"full_name": "Canary Zhaolin", "hospital_number": "H7745531"}
    register_identity(subject, **named, by=desk.SYSTEM, source=HOW["source"])
    a_contact()
    return log(subject, "AE", {"1": EVENT})


def at(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


def headlines() -> list[str]:
    return [f"{each.to[0]} {each.subject}" for each in mail.outbox]


def test_a_serious_event_is_told_once_and_says_nothing_of_the_patient(events: Page) -> None:
    assert send_due() == Sent(1, 0)
    assert send_due() == Sent(0, 0)
    (told,) = mail.outbox
    assert (told.to, told.subject) == (["ward@hz01.example"], "HZ01-001: a serious adverse event was saved")
    for said in (
        "Site: HZ01",
        "Form: AE, row 1",
        "23 hours left",
        f"http://127.0.0.1:8000/pages/{events.pk}/",
    ):
        assert said in told.body
    for kept_back in ("sepsis", "Canary", "H7745531", "1992", "2024-02-10"):
        assert kept_back not in told.body + told.subject
    outcome = SafetyMailOutcome.objects.get()
    assert (outcome.sent, outcome.way, outcome.problem) == (True, "locmem", "")


def test_it_is_told_in_the_language_of_the_contact(events: Page) -> None:
    a_contact("desk@hz01.example", language="zh-hans")
    send_due()
    assert len({each.body for each in mail.outbox}) == 2
    assert "剩余" in mail.outbox[0].body or "小时" in mail.outbox[0].body


def test_only_contacts_of_the_site_in_their_time_are_told(events: Page) -> None:
    a_contact("other@hz02.example", site="HZ02")
    past = a_contact("past@hz01.example")
    end_contact(past, START + timedelta(1), **HOW, reason="it has moved")
    a_contact("future@hz01.example", starts=timezone.localdate() + timedelta(days=1))
    send_due()
    assert [each.to for each in mail.outbox] == [["ward@hz01.example"]]


def test_a_clock_is_told_when_it_reaches_the_configured_hours(events: Page) -> None:
    page = log(events.subject, "SAE", {"1": AWARE})
    send_due(at("2024-02-12 08:59"))
    assert headlines() == ["ward@hz01.example HZ01-001: a serious adverse event was saved"]
    send_due(at("2024-02-12 09:00"))
    send_due(at("2024-02-13 09:00"))
    assert headlines()[1:] == [
        "ward@hz01.example HZ01-001: a report of a serious adverse event has not gone to the sponsor"
    ]
    assert "Form: SAE, row 1" in mail.outbox[1].body
    desk.save(page, rows={"1": {name: text for name, text in SUSAR.items() if name not in AWARE}})
    send_due(at("2024-02-16 23:59"))
    assert len(mail.outbox) == 2, "48 hours before the seventh day is over, and not earlier"
    send_due(at("2024-02-17 00:00"))
    assert headlines()[2:] == ["ward@hz01.example HZ01-001: a SUSAR has to go to the authority"]
    assert "48 hours left (due 2024-02-19 00:00 +0800)" in mail.outbox[2].body


def test_what_was_done_in_time_is_not_told(events: Page) -> None:
    log(events.subject, "SAE", {"1": SUSAR | {"sae_expected": "expected"}})
    assert send_due() == Sent(0, 0)


def test_a_report_that_the_sponsor_has_not_judged_is_told_before_its_days_are_over(events: Page) -> None:
    log(events.subject, "SAE", {"1": AWARE | {"sae_to_sponsor_dt": "2024-02-11 15:00"}})
    assert send_due(at("2024-02-16 23:59")) == Sent(0, 0)
    assert send_due(at("2024-02-17 00:00")) == Sent(1, 0)
    assert headlines() == [
        "ward@hz01.example HZ01-001: a report of a serious adverse event has to be judged by the sponsor"
    ]


def test_an_event_without_a_report_is_told_again_after_a_day(events: Page) -> None:
    send_due()
    send_due(SeriousNotice.objects.get().at + timedelta(hours=24))
    assert headlines()[1:] == ["ward@hz01.example HZ01-001: a serious adverse event has no report"]


def test_a_serious_event_of_before_is_known_from_now_on(
    events: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that was saved before Chimera kept when it knew of it."""
    monkeypatch.setattr("patients.entry.save.note_serious", lambda *_of: None)
    desk.save(events, rows={"2": EVENT})
    assert SeriousNotice.objects.count() == 1
    send_due()
    assert SeriousNotice.objects.filter(row_key="2").count() == 1
    assert len(mail.outbox) == 2


# --- after the save, and never in its way ------------------------------------------------------------------
def test_the_worker_is_rung_after_the_commit(
    events: Page, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(tasks.send_safety_mails, "apply_async", lambda **_how: rung.append("rung"))
    with django_capture_on_commit_callbacks() as callbacks:
        desk.save(events, rows={"2": EVENT})
        assert rung == []
    assert [callback() for callback in callbacks if callback is safety_mailing.ring] == [None]
    assert rung == ["rung"]
    with django_capture_on_commit_callbacks(execute=True):
        desk.save(events, rows={"3": EVENT | {"ae_serious": "N"}})
    assert rung == ["rung"], "nothing serious, nobody is rung"


def test_a_dead_broker_breaks_no_save(
    events: Page, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_how: object) -> None:
        raise OSError("no broker")

    monkeypatch.setattr(tasks.send_safety_mails, "apply_async", broken)
    with django_capture_on_commit_callbacks(execute=True):
        assert desk.save(events, rows={"2": EVENT}).changed
    tasks.send_safety_mails()
    assert len(mail.outbox) == 2, "the worker looks by itself"


# --- what fails is tried again ------------------------------------------------------------------------------
@pytest.fixture
def server(settings: Any) -> Any:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with serving() as found:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
        yield found


def test_it_goes_through_a_real_mail_server(events: Page, server: MailServer) -> None:
    assert send_due() == Sent(1, 0)
    (told,) = server.mails
    assert told["To"] == "ward@hz01.example"
    assert told["Subject"] == "HZ01-001: a serious adverse event was saved"
    assert "23 hours left" in told.get_content()
    assert SafetyMailOutcome.objects.get().way == "smtp"


def test_what_the_server_refuses_is_tried_again_until_it_is_taken(events: Page, server: MailServer) -> None:
    now = timezone.now()
    server.refuses = True
    assert send_due(now) == Sent(0, 1)
    assert send_due(now + MINUTE) == Sent(0, 0), "not at once"
    server.refuses = False
    assert send_due(now + TRY_AGAIN_AFTER) == Sent(1, 0)
    assert send_due(now + 2 * TRY_AGAIN_AFTER) == Sent(0, 0)
    outcomes = SafetyMailOutcome.objects.order_by("pk").values_list("sent", "problem")
    assert list(outcomes) == [(False, "SMTPRecipientsRefused"), (True, "")]
    assert len(server.mails) == 1


def test_a_server_that_is_down_keeps_nothing_else_from_being_tried(
    events: Page, server: MailServer, settings: Any
) -> None:
    a_contact("desk@hz01.example")
    settings.EMAIL_PORT = 1  # nobody listens there
    assert send_due() == Sent(0, 2)
    desk.save(events, rows={"2": EVENT})
    with pytest.raises(CommandError, match="0 mails sent, 2 not sent"):
        call_command("send_safety_mails")


def test_after_a_day_it_is_given_up(events: Page, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 1
    now = timezone.now()
    tries = [send_due(now + number * TRY_AGAIN_AFTER).failed for number in range(MOST_TRIES + 2)]
    serious = SafetyMail.objects.filter(reason="serious")
    assert serious.count() == MOST_TRIES == sum(1 for tried in tries[:MOST_TRIES] if tried)


def test_a_worker_that_was_killed_is_made_good(events: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """A try without an outcome is none that got through."""
    now = timezone.now()

    def killed(*_of: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(safety_mailing, "letter_of", killed)
        with pytest.raises(SystemExit):
            send_due(now)
    assert send_due(now + MINUTE) == Sent(0, 0)
    assert send_due(now + TRY_AGAIN_AFTER) == Sent(1, 0)


def test_two_workers_send_one_mail(events: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second finds the try taken that it saw as due a moment before."""
    letters = safety_mailing.letters_due(timezone.now())
    send_due()
    monkeypatch.setattr(safety_mailing, "letters_due", lambda _now: letters)
    assert send_due() == Sent(0, 0)
    assert len(mail.outbox) == 1


def test_what_was_sent_is_written_once(events: Page) -> None:
    send_due()
    for row in (SafetyMail.objects.get(), SafetyMailOutcome.objects.get(), SeriousNotice.objects.get()):
        with pytest.raises(TypeError):
            row.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        SafetyMailOutcome.objects.create(mail=SafetyMail.objects.get(), sent=False, at=timezone.now())


def test_the_command_does_what_the_worker_does(events: Page) -> None:
    said = StringIO()
    call_command("send_safety_mails", stderr=said)
    assert said.getvalue().strip() == "1 mails sent, 0 not sent."
    assert len(mail.outbox) == 1


def test_to_look_takes_the_same_statements_however_many_there_are(events: Page) -> None:
    def statements() -> int:
        with counted() as sent:
            safety_mailing.letters_due(timezone.now())
        return len(sent)

    few = statements()
    desk.save(events, rows={str(number): EVENT for number in range(2, 8)})
    assert statements() == few
