"""Acts on subjects, visits and pages: registering, saving, signing, hiding, importing, taking out."""

from datetime import date
from io import StringIO

import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.urls import reverse

from patients.casebook.page import Page, Subject
from patients.coding.codes import NoCode
from patients.coding.coding_act import Seen
from patients.coding.schemes import Kind
from patients.coding.withdrawing import withdraw_codes
from patients.entry.asking import direct_query, raise_query
from patients.entry.attachments import (
    Attachment,
    Described,
    add_attachment,
    open_attachment,
    withdraw_attachment,
)
from patients.entry.doubles import answer_double, doubles_among
from patients.entry.freezing import Keeper, freeze_pages, thaw_pages
from patients.entry.laboratory_mapping import keep_mapping
from patients.entry.locking import (
    Extent,
    Wish,
    ask_for_lock,
    ask_for_unlock,
    lock_again,
    lock_casebooks,
    refuse_request,
    unlock_casebook,
)
from patients.entry.opening import open_log
from patients.entry.query_act import Assigned, Question, Target
from patients.entry.query_moves import (
    answer_query,
    close_queries,
    close_query,
    comment_on_query,
    reopen_query,
)
from patients.entry.register import register_identity, register_site, register_subject
from patients.entry.verifying import Verifier, take_back, verify_page
from patients.oversight import identity_reads
from patients.oversight.casebook_locks import LockRequest
from patients.oversight.queries import Priority, Query
from patients.oversight.redaction import (
    Redaction,
    approve_redaction,
    refuse_redaction,
    request_redaction,
)
from patients.oversight.signatures import SignatureFall
from patients.schedule.placing import open_visit
from tests.acts.world import TEST, Deed, World, act
from tests.patients.coding import distributions
from tests.patients.entry import casebooks, desk, signing_desk
from tests.patients.entry.uploaded import pdf
from tests.patients.laboratories.test_loading import CENTRAL, LABORATORIES, NEUT, RANGES, table
from tests.patients.web import people
from tests.patients.web.people import SETUP
from trial.people.access import actor_at
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.actor import Source, acting


@act("site.registered", TEST, "HZ02")
def register_a_site(world: World) -> Deed:
    return lambda: register_site("HZ02", "Ningbo", by=SETUP, source=Source.COMMAND)


@act("subject.registered", TEST, "HZ01-002")
def register_a_subject(world: World) -> Deed:
    site = world.subject.site
    return lambda: register_subject("HZ01-002", site, by=SETUP, source=Source.COMMAND)


@act("identity.recorded", TEST, "HZ01-001")
def record_identity(world: World) -> Deed:
    named = {"full_name": "Invented", "hospital_number": "1"}
    return lambda: register_identity(world.subject, **named, by=SETUP, source=Source.COMMAND)


@act("double.answered", "lin.qiao", "HZ01-001 HZ01-002")
def say_that_two_subjects_are_two_people(world: World) -> Deed:
    people.a_subject("HZ01-002")
    for code in ("HZ01-001", "HZ01-002"):
        people.save(people.page_of(Subject.objects.get(code=code), "DM", "SCR"), {"birth_date": "1992-04-04"})
    [pair] = doubles_among([world.subject])
    said = {"reason": "both charts were compared", "seen": pair.seen, "by": world.coordinator}
    return lambda: answer_double(pair, is_one_person=False, **said)


@act("visit.opened", TEST, "HZ01-001 UNS1")
def open_a_visit(world: World) -> Deed:
    def deed() -> None:
        with transaction.atomic(), acting(actor_at(SETUP, site="HZ01", source=Source.COMMAND)):
            open_visit(world.subject, "UNS1", date(2025, 6, 1))

    return deed


@act("pages.opened", "lin.qiao", "HZ01-001  AE")
def open_a_log(world: World) -> Deed:
    return lambda: open_log(world.subject, "AE", by=world.coordinator)


@act("page.saved", "lin.qiao", "HZ01-001 SCR DM")
def save_a_page(world: World) -> Deed:
    return lambda: people.save(world.page, {"sex": "F"}, by=world.coordinator)


@act("page.saved", "lin.qiao", "HZ01-001 SCR DM")
def open_a_query_by_a_save(world: World) -> Deed:
    """What an edit check asks is a change inside the act of the save, with the step as its author."""
    return lambda: people.save(world.page, {"sex": "F", "fertile": "Y"}, by=world.coordinator)


@act("identity.viewed", "lin.qiao", "HZ01-001 SCR DM")
def look_at_an_identity(world: World) -> Deed:
    people.save(world.page, {"birth_date": "1992-04-04"})
    client = people.signed_in(world.coordinator)
    return lambda: client.get(world.page.get_absolute_url())


@act("casebook.imported", "system:import", "in")
def import_a_casebook(world: World) -> Deed:
    """Each page is an act of its own, and the import as a whole is one."""
    folder = casebooks.write(world.folder / "in", casebooks.sheets(1))
    return lambda: casebooks.imported(folder)


@act("casebook.exported", "system:export", "casebook")
def take_the_casebook_out(world: World) -> Deed:
    return lambda: call_command("export_casebook", world.folder / "out", verbosity=0, stdout=StringIO())


@act("subject.checked", "system:check_data", "HZ01-002")
def check_a_subject(world: World) -> Deed:
    """Time alone brings visits of a subject who was not transplanted."""
    with time_machine.travel("2024-02-01 12:00+08:00", tick=False):
        desk.infused("HZ01-002")

    def deed() -> None:
        with time_machine.travel("2024-03-01 12:00+08:00", tick=False):
            call_command("check_data", "HZ01-002", quiet=True, stdout=StringIO(), stderr=StringIO())

    return deed


@act("identity.alerted", "system:identity-watch", "lin.qiao")
def look_at_identities_too_often(world: World) -> Deed:
    people.save(world.page, {"birth_date": "1992-04-04"})
    world.monkeypatch.setattr(identity_reads, "MOST_IN_AN_HOUR", 0)
    client = people.signed_in(world.coordinator)
    return lambda: client.get(world.page.get_absolute_url())


# --- signing -----------------------------------------------------------------------------------------------
@act("page.signed", "wei.shen.hz01", "HZ01-002 SCR ELIG")
def sign_a_page(world: World) -> Deed:
    by, subject = signing_desk.principal_investigator(), signing_desk.screened("HZ01-002")
    return lambda: signing_desk.sign(signing_desk.eligibility(subject), by)


@act("page.saved", desk.SYSTEM.user_name, "HZ01-002 SCR ELIG")
def let_a_signature_fall(world: World) -> Deed:
    """A signature falls inside the save that changed the page."""
    by, subject = signing_desk.principal_investigator(), signing_desk.screened("HZ01-002")
    signing_desk.sign(signing_desk.eligibility(subject), by)

    def deed() -> None:
        desk.save(signing_desk.eligibility(subject), {"spo2_ra_pct": "96"}, why=desk.BECAUSE)
        assert SignatureFall.objects.get().event.action == "page.saved"

    return deed


# --- verifying ---------------------------------------------------------------------------------------------
def _verified(world: World) -> tuple[Page, Verifier]:
    people.save(world.page, {"hctci": "2"})
    by = Verifier(people.a_member(Role.MONITOR, name="ke.fan"))
    page = desk.now(world.page)
    verify_page(page, [("", "hctci")], seen=page.version, by=by)
    return page, by


@act("page.verified", "ke.fan", "HZ01-001 SCR DM")
def verify_a_value(world: World) -> Deed:
    return lambda: _verified(world)


@act("page.unverified", "ke.fan", "HZ01-001 SCR DM")
def take_a_verification_back(world: World) -> Deed:
    page, by = _verified(world)
    page = desk.now(page)
    return lambda: take_back(page, [("", "hctci")], "another source", seen=page.version, by=by)


# --- freezing ----------------------------------------------------------------------------------------------
def _frozen(world: World) -> Page:
    people.save(world.page, desk.DM, {"form_date": "2025-05-16"}, complete=True)
    page = desk.now(world.page)
    freeze_pages(page.subject, {page.pk: page.version}, Keeper(world.manager, "ready to be cut"))
    return page


@act("pages.frozen", "mei.zhang", "HZ01-001")
def freeze_a_page(world: World) -> Deed:
    return lambda: _frozen(world)


@act("pages.thawed", "mei.zhang", "HZ01-001")
def thaw_a_page(world: World) -> Deed:
    page = _frozen(world)
    return lambda: thaw_pages(page.subject, {page.pk: page.version}, Keeper(world.manager, "a late result"))


# --- locking -----------------------------------------------------------------------------------------------
LOCKED_FOR = Wish("interim analysis", "an invented casebook")


def _lock_asked(world: World) -> LockRequest:
    extent = Extent(subject=world.subject)
    return ask_for_lock(extent, date(2025, 8, 5), LOCKED_FOR, by=world.manager)


def _second() -> Account:
    return desk.a_member(Role.PRINCIPAL_INVESTIGATOR, user_name="wei.shen")


def _locked(world: World) -> None:
    lock_casebooks(_lock_asked(world), by=_second())


def _unlock_asked(world: World) -> LockRequest:
    _locked(world)
    return ask_for_unlock(world.subject, [], 24, LOCKED_FOR, by=world.manager)


@act("lock.requested", "mei.zhang", "request ")
def ask_for_a_lock(world: World) -> Deed:
    return lambda: _lock_asked(world)


@act("lock.approved", "wei.shen", "request ")
def approve_a_lock(world: World) -> Deed:
    request, second = _lock_asked(world), _second()
    return lambda: lock_casebooks(request, by=second)


@act("casebook.locked", "wei.shen", "HZ01-001")
def lock_a_casebook(world: World) -> Deed:
    request, second = _lock_asked(world), _second()
    return lambda: lock_casebooks(request, by=second)


@act("lock.refused", "wei.shen", "request ")
def refuse_a_lock(world: World) -> Deed:
    request, second = _lock_asked(world), _second()
    return lambda: refuse_request(request, by=second)


@act("unlock.requested", "mei.zhang", "request ")
def ask_for_an_unlocking(world: World) -> Deed:
    return lambda: _unlock_asked(world)


@act("unlock.refused", "mei.zhang", "request ")
def withdraw_an_unlocking(world: World) -> Deed:
    request = _unlock_asked(world)
    return lambda: refuse_request(request, by=world.manager)


@act("casebook.unlocked", "wei.shen", "request ")
def unlock_a_casebook(world: World) -> Deed:
    request = _unlock_asked(world)
    return lambda: unlock_casebook(request, by=_second())


@act("casebook.relocked", "mei.zhang", "HZ01-001")
def lock_a_casebook_again(world: World) -> Deed:
    unlocking = unlock_casebook(_unlock_asked(world), by=_second())
    return lambda: lock_again(unlocking, by=world.manager, source=Source.WEB)


# --- queries -----------------------------------------------------------------------------------------------
def _asked(world: World) -> Query:
    return raise_query(Target(page=world.page, item="sex"), Question("Please check."), by=world.manager)


@act("query.raised", "mei.zhang", "HZ01-001 SCR DM")
def raise_a_query(world: World) -> Deed:
    return lambda: _asked(world)


@act("query.answered", "lin.qiao", "HZ01-001 SCR DM")
def answer_a_query(world: World) -> Deed:
    query = _asked(world)
    return lambda: answer_query(query, "It is right.", by=world.coordinator)


@act("query.commented", "lin.qiao", "HZ01-001 SCR DM")
def add_to_a_query(world: World) -> Deed:
    query = _asked(world)
    return lambda: comment_on_query(query, "I am asking the ward.", by=world.coordinator)


@act("query.closed", "mei.zhang", "HZ01-001 SCR DM")
def close_a_query(world: World) -> Deed:
    query = _asked(world)
    return lambda: close_query(query, "seen in the source", by=world.manager)


@act("query.closed", "mei.zhang", "HZ01-001")
def close_several_queries(world: World) -> Deed:
    """What is done at once to several queries of a subject is one act."""
    queries = [_asked(world), raise_query(Target(page=world.page), Question("And?"), by=world.manager)]
    return lambda: close_queries(queries, "seen in the source", by=world.manager)


@act("query.reopened", "mei.zhang", "HZ01-001 SCR DM")
def open_a_query_again(world: World) -> Deed:
    query = _asked(world)
    close_query(query, "seen in the source", by=world.manager)
    return lambda: reopen_query(query, "of another day", by=world.manager)


@act("query.directed", "mei.zhang", "HZ01-001 SCR DM")
def give_a_query_to_somebody(world: World) -> Deed:
    query, to = _asked(world), Assigned(user_name="lin.qiao")
    return lambda: direct_query(query, to, Priority.HIGH, by=world.manager)


# --- coding ------------------------------------------------------------------------------------------------
@act("terms.coded", "mei.zhang", "HZ01-002 AE")
def code_a_term(world: World) -> Deed:
    distributions.loaded(Kind.INVENTED_EVENTS, distributions.meddra(world.folder / "meddra"))
    distributions.events_of("HZ01-002", r1="fever", r2="fever")
    return lambda: distributions.code("Fever", world.manager)


@act("terms.uncoded", "mei.zhang", "HZ01-002 AE")
def withdraw_a_code(world: World) -> Deed:
    code_a_term(world)()
    seen = [Seen.of(term) for term in distributions.the_terms() if term.subject == "HZ01-002"]
    return lambda: withdraw_codes(seen, why=NoCode.UNCLEAR, by=world.manager)


@act("terms.exported", "lin.qiao", "csv")
def take_the_terms_out(world: World) -> Deed:
    client = people.signed_in(world.coordinator)
    return lambda: client.post(reverse("coding-csv"))


@act("queries.exported", "lin.qiao", "csv")
def take_the_queries_out(world: World) -> Deed:
    client = people.signed_in(world.coordinator)
    return lambda: client.post(reverse("queries-csv"))


# --- attaching ---------------------------------------------------------------------------------------------
def _attached(world: World) -> Attachment:
    said = Described("Bone marrow report", "pathology_report", is_redacted=True)
    return add_attachment(world.page, SimpleUploadedFile("x.pdf", pdf()), said, by=world.coordinator)


@act("attachment.added", "lin.qiao", "HZ01-001 SCR DM")
def attach_a_source(world: World) -> Deed:
    return lambda: _attached(world)


@act("attachment.opened", "lin.qiao", "HZ01-001 SCR DM")
def open_an_attached_source(world: World) -> Deed:
    attachment = _attached(world)
    return lambda: open_attachment(attachment, by=world.coordinator)


@act("attachment.withdrawn", "lin.qiao", "HZ01-001 SCR DM")
def withdraw_an_attached_source(world: World) -> Deed:
    attachment = _attached(world)
    return lambda: withdraw_attachment(attachment, "a name was left", by=world.coordinator)


# --- hiding ------------------------------------------------------------------------------------------------
def _hiding_asked(world: World) -> tuple[Redaction, Account]:
    people.save(people.page_of(world.subject, "DX", "SCR"), {"karyotype_iscn": "see Wang Wu"})
    asked = request_redaction(world.subject, "Wang Wu", reason="a relative", by=world.manager)
    return asked, people.a_member(Role.PRINCIPAL_INVESTIGATOR, name="shen.yi")


@act("redaction.requested", "mei.zhang", "HZ01-001")
def ask_to_hide_a_text(world: World) -> Deed:
    people.save(people.page_of(world.subject, "DX", "SCR"), {"karyotype_iscn": "see Wang Wu"})
    return lambda: request_redaction(world.subject, "Wang Wu", reason="a relative", by=world.manager)


@act("redaction.refused", "shen.yi", "HZ01-001")
def refuse_to_hide_a_text(world: World) -> Deed:
    asked, another = _hiding_asked(world)
    return lambda: refuse_redaction(asked, by=another)


@act("redaction.done", "shen.yi", "HZ01-001")
def hide_a_text(world: World) -> Deed:
    asked, another = _hiding_asked(world)
    return lambda: approve_redaction(asked, by=another)


# --- laboratories ------------------------------------------------------------------------------------------
@act("laboratories.loaded", "system:", "table.csv")
def load_laboratories(world: World) -> Deed:
    path = table(world.folder, LABORATORIES, CENTRAL)
    return lambda: call_command("load_laboratories", path, verbosity=0, stdout=StringIO())


@act("ranges.loaded", "system:", "ranges.csv")
def load_ranges(world: World) -> Deed:
    laboratories = table(world.folder, LABORATORIES, CENTRAL)
    call_command("load_laboratories", laboratories, verbosity=0, stdout=StringIO())
    path = table(world.folder, RANGES, NEUT, name="ranges")
    return lambda: call_command("load_ranges", path, verbosity=0, stdout=StringIO())


@act("laboratory_mapping.changed", "lin.qiao", "HZ01 1")
def say_how_a_laboratory_file_is_read(world: World) -> Deed:
    columns = {"subject": "ID", "moment": "When", "test": "Test", "value": "Result"}
    said = {"columns": columns, "tests": {"X": "WBC"}, "units": {}, "laboratory": "HZ-LAB"}
    return lambda: keep_mapping(world.subject.site, **said, by=world.coordinator)
