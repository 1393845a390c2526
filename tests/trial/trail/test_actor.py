"""Who acts: every write has an author, and the trail keeps that author as frozen text."""

import threading
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connections, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from patients.casebook.page import Subject, Visit
from patients.entry.register import register_member, register_site
from trial import __version__
from trial.people.access import SystemPerson, actor_at
from trial.people.middleware import ActorMiddleware
from trial.people.models import Account, Member, Site
from trial.people.roles import Role
from trial.protocol.study import STUDY
from trial.trail.actor import Actor, AnonymousWrite, Source, acting, current_actor, system_actor
from trial.trail.models import TrailChange, TrailEvent
from trial.trail.record import Change, Place, record_event

ANA = Actor("ana.li", "Ana Li", "coordinator", "HZ01", Source.WEB, "a" * 32)
BEN = Actor("ben.wu", "Ben Wu", "monitor", "HZ02", Source.API, "b" * 32)
SETUP = SystemPerson("test")


@pytest.fixture
def site(db: None) -> Site:
    return register_site("HZ01", "Hangzhou", by=SETUP, source=Source.COMMAND)


def a_subject(site: Site, code: str = "HZ01-001") -> Subject:
    with transaction.atomic():
        subject = Subject(code=code, site=site)
        subject.save()
    return subject


def test_nobody_acts_at_first() -> None:
    with pytest.raises(AnonymousWrite):
        current_actor()


def test_the_inner_actor_acts_and_the_outer_one_acts_again_afterwards() -> None:
    with acting(ANA):
        with acting(BEN):
            assert current_actor() is BEN
        assert current_actor() is ANA


def test_a_failed_act_leaves_nobody_acting() -> None:
    with pytest.raises(RuntimeError), acting(ANA):
        raise RuntimeError
    with pytest.raises(AnonymousWrite):
        current_actor()


@pytest.mark.requirement("AT-13")
def test_an_automatic_step_is_named_with_its_version() -> None:
    actor = system_actor("derivation", Source.TASK, on_behalf_of="root")
    assert actor.user_name == f"system:derivation@{__version__}"
    assert (actor.printed_name, actor.role, actor.source) == ("root", "system", Source.TASK)


def test_each_automatic_step_has_a_request_id_of_its_own() -> None:
    ids = {system_actor("import", Source.IMPORT).request_id for _ in range(100)}
    assert len(ids) == 100
    assert {len(one) for one in ids} == {32}


# --- a write without an author -------------------------------------------------------------------------
def save_a_row(site: Site) -> None:
    Subject(code="HZ01-009", site=site).save()


def insert_rows(site: Site) -> None:
    subject = Subject.objects.get(code="HZ01-001")
    Visit.objects.create_with_history([Visit(subject=subject, code="SCR")])


def write_an_event(site: Site) -> None:
    record_event("test", Place(site=site.code))


@pytest.mark.parametrize("write", [save_a_row, insert_rows, write_an_event])
def test_a_write_without_an_author_is_refused_and_writes_nothing(write, site: Site) -> None:
    with acting(ANA):
        a_subject(site)
    counted = [model.objects.count() for model in (Subject, Visit, TrailEvent)]
    with pytest.raises(AnonymousWrite), transaction.atomic():
        write(site)
    assert [model.objects.count() for model in (Subject, Visit, TrailEvent)] == counted


def test_an_event_outside_a_transaction_is_refused(transactional_db: None) -> None:
    with acting(ANA), pytest.raises(transaction.TransactionManagementError):
        record_event("test", Place())
    assert TrailEvent.objects.count() == 0


# --- frozen in the history -----------------------------------------------------------------------------
def test_a_version_holds_its_author_as_text(site: Site) -> None:
    with acting(ANA):
        subject = a_subject(site)
    version = subject.history.get()
    assert version.history_user_id == "ana.li"
    assert (version.actor_name, version.actor_role, version.organisation) == ("Ana Li", "coordinator", "HZ01")
    assert (version.source, version.request_id) == ("web", "a" * 32)


def test_versions_inserted_together_hold_their_author_too(site: Site) -> None:
    with acting(ANA):
        subject = a_subject(site)
    with acting(BEN), transaction.atomic():
        Visit.objects.create_with_history([Visit(subject=subject, code=code) for code in ("SCR", "DON")])
    authors = Visit.history.values_list("history_user_id", "actor_role", "organisation", "source")
    assert list(authors) == [("ben.wu", "monitor", "HZ02", "api")] * 2


def test_each_version_keeps_its_own_author(site: Site) -> None:
    with acting(ANA):
        subject = a_subject(site)
    with acting(BEN), transaction.atomic():
        subject.patient_id = "P-1"
        subject.save()
    newest_first = subject.history.values_list("history_type", "history_user_id", "patient_id")
    assert list(newest_first) == [("~", "ben.wu", "P-1"), ("+", "ana.li", "")]


# --- frozen in the trail -------------------------------------------------------------------------------
@pytest.fixture
def coordinator(site: Site) -> Account:
    granted = register_member(
        "ana.li", "Ana Li", Role.COORDINATOR, site, by=SETUP, source=Source.COMMAND, reason="starts today"
    )
    return granted.account


def an_event(account: Account) -> TrailEvent:
    place = Place("HZ01", "HZ01-001", "SCR", "DM", "1.0", "HZ01-001 SCR DM")
    change = Change(
        "sex", "Sex at birth", "M", "F", old_shown="Male", new_shown="Female", reason_code="late_source"
    )
    with transaction.atomic(), acting(actor_at(account, site="HZ01", source=Source.WEB, request_id="r" * 32)):
        return record_event("page.saved", place, [change])


@pytest.mark.requirement("AT-02")
def test_an_entry_says_what_where_who_when_and_why(coordinator: Account) -> None:
    before = timezone.now()
    event = an_event(coordinator)
    change = event.changes.get()
    where = (event.study, event.site, event.subject, event.visit, event.form, event.form_version)
    assert where == (STUDY.study_id, "HZ01", "HZ01-001", "SCR", "DM", "1.0")
    assert (change.item, change.label, change.old, change.new) == ("sex", "Sex at birth", "M", "F")
    assert (change.old_shown, change.new_shown, change.reason_code) == ("Male", "Female", "late_source")
    who = (event.actor, event.actor_name, event.actor_role, event.organisation)
    assert who == ("ana.li", "Ana Li", "coordinator", "HZ01")
    assert (event.request_id, event.source, change.author) == ("r" * 32, "web", "ana.li")
    assert before <= event.at <= timezone.now()
    assert event.at.utcoffset().total_seconds() == 0


@pytest.mark.requirement("AT-02")
def test_an_entry_stays_when_the_role_and_the_name_change(coordinator: Account) -> None:
    event = an_event(coordinator)
    Member.objects.filter(account=coordinator).update(role=Role.MONITOR, ends=timezone.now())
    Account.objects.filter(pk=coordinator.pk).update(printed_name="Ana Wang", is_active=False)
    kept = TrailEvent.objects.get(pk=event.pk)
    assert (kept.actor_name, kept.actor_role) == ("Ana Li", "coordinator")


def test_a_person_with_several_roles_acts_in_all_of_them(coordinator: Account, site: Site) -> None:
    register_member(
        "ana.li", "Ana Li", Role.INVESTIGATOR, site, by=SETUP, source=Source.COMMAND, reason="second role"
    )
    event = an_event(Account.objects.get(user_name="ana.li"))
    assert set(event.actor_role.split(", ")) == {"coordinator", "investigator"}


def test_a_reason_of_any_length_is_kept_whole(coordinator: Account) -> None:
    words = "The laboratory sent a corrected report. " * 50
    with transaction.atomic(), acting(ANA):
        event = record_event("test", Place(), [Change("sex", "Sex", "M", "F", reason=words)], reason=words)
    assert event.reason == TrailChange.objects.get(event=event).reason == words


@pytest.mark.requirement("AT-13")
def test_the_change_of_an_engine_names_it_inside_the_event_of_a_person(coordinator: Account) -> None:
    engine = system_actor("derivation", Source.TASK).user_name
    with transaction.atomic(), acting(ANA):
        changes = [Change("sex", "Sex", "", "F"), Change("age_consent", "Age", "", "40.0", author=engine)]
        event = record_event("page.saved", Place(), changes)
    assert event.actor == "ana.li"
    assert list(event.changes.values_list("author", flat=True)) == ["ana.li", engine]


def test_an_event_that_fails_leaves_no_change_behind(site: Site) -> None:
    changes: Iterator[Change] = (Change("a", "A", "", "1") if n == 0 else 1 / 0 for n in range(2))
    with pytest.raises(ZeroDivisionError), transaction.atomic(), acting(ANA):
        record_event("test", Place(), changes)
    assert not TrailEvent.objects.filter(action="test").exists()
    assert not TrailChange.objects.filter(item="a").exists()


# --- requests at the same time (pitfall 17) ----------------------------------------------------------
def test_a_request_without_sign_in_cannot_write() -> None:
    def view(request) -> HttpResponse:
        with pytest.raises(AnonymousWrite):
            current_actor()
        return HttpResponse()

    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    assert ActorMiddleware(view)(request).status_code == 200


def test_requests_at_the_same_time_do_not_share_their_person(transactional_db: None) -> None:
    site = register_site("HZ01", "Hangzhou", by=SETUP, source=Source.COMMAND)
    # A pool has four connections: one for each of them, one for this thread, one to spare.
    people = [Account.objects.create_account(f"person.{n}", f"Person {n}") for n in range(2)]
    meet = threading.Barrier(len(people), timeout=20)

    def view(request) -> HttpResponse:
        meet.wait()
        with transaction.atomic():
            a_subject(site, f"HZ01-10{request.user.user_name[-1]}")
            record_event("test", Place())
        meet.wait()
        return HttpResponse(f"{current_actor().user_name} {current_actor().request_id}")

    answers: dict[str, str] = {}

    def ask(person: Account) -> None:
        request = RequestFactory().get("/")
        request.user = person
        try:
            answers[person.user_name] = ActorMiddleware(view)(request).content.decode()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert {name: answer.split()[0] for name, answer in answers.items()} == {
        person.user_name: person.user_name for person in people
    }
    assert len({answer.split()[1] for answer in answers.values()}) == len(people)
    versions = Subject.history.values_list("code", "history_user_id")
    assert {(code[-1], name[-1]) for code, name in versions} == {(str(n), str(n)) for n in range(len(people))}
