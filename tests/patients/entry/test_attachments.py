"""Redacted sources attached to a page: what is taken, what is kept, who opens it."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile

from patients.casebook.page import Page, PageState, Subject
from patients.entry import attachments
from patients.entry.attached_files import FileDamaged, remove_unattached
from patients.entry.attachments import (
    Attachment,
    Described,
    NotAttached,
    Withdrawn,
    add_attachment,
    attached_names,
    open_attachment,
    withdraw_attachment,
)
from patients.entry.refusals import PageClosed, UnknownPage
from patients.entry.tasks import remove_orphans
from patients.oversight.redaction import approve_redaction, request_redaction
from tests.access.registry import put_in_state
from tests.patients.entry import desk, signing_desk
from tests.patients.entry.uploaded import pdf
from tests.patients.web import people
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.append_only import WrittenOnce
from trial.trail.models import TrailEvent
from trial.trail.seals import public_key, seal_trail
from trial.trail.verification import Verification

pytestmark = pytest.mark.django_db
SAID = Described("Bone marrow report", "pathology_report", is_redacted=True)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.ATTACHMENT_DIR = tmp_path / "attachments"
    return settings.ATTACHMENT_DIR


@pytest.fixture
def subject() -> Subject:
    return people.a_subject()


@pytest.fixture
def page(subject: Subject) -> Page:
    return people.page_of(subject, "RESP", "SCR")


@pytest.fixture
def coordinator() -> Account:
    return people.a_member(Role.COORDINATOR, name="lin.qiao", printed="Lin Qiao")


def attached(page: Page, by: Account, said: Described = SAID, content: bytes | None = None) -> Attachment:
    file = SimpleUploadedFile("Wang Wu.pdf", pdf() if content is None else content)
    return add_attachment(page, file, said, by=by)


@pytest.mark.requirement("SE-04")
def test_a_source_is_kept_encrypted_under_a_name_of_chance(
    page: Page, coordinator: Account, folder: Path
) -> None:
    attachment = attached(page, coordinator)
    (file,) = folder.iterdir()
    assert file.name == attachment.name
    assert len(file.name) == 32
    assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert b"%PDF" not in file.read_bytes()
    assert open_attachment(attachment, by=coordinator) == pdf()
    kept = str(list(Attachment.objects.values())) + str(list(TrailEvent.objects.values()))
    assert "Wang Wu" not in kept, "the name of the file"


def test_the_trail_holds_the_hash_and_each_opening(page: Page, coordinator: Account) -> None:
    attachment = attached(page, coordinator)
    open_attachment(attachment, by=coordinator)
    added, opened = TrailEvent.objects.filter(action__startswith="attachment.").order_by("id")
    assert (added.actor, added.about, opened.action) == ("lin.qiao", str(page), "attachment.opened")
    assert added.changes.get().new == attachment.sha256 == opened.changes.get().new
    assert attachment.event_id == added.act


REFUSED = [
    (Described("", "emr", True), pdf, "Title"),
    (Described("x" * 121, "emr", True), pdf, "Title"),
    (Described("a\0b", "emr", True), pdf, "Title"),
    (Described("call 13812345678", "emr", True), pdf, "identity"),
    (Described("Report", "diary", True), pdf, "kind"),
    (Described("Report", "emr", False), pdf, "unreadable"),
    (Described("Report", "emr", True), lambda: b"MZ", "not a PDF"),
]


@pytest.mark.requirement("PV-03", "SE-04")
@pytest.mark.parametrize(("said", "content", "why"), REFUSED)
def test_what_is_not_taken_leaves_neither_row_nor_file(
    page: Page, coordinator: Account, folder: Path, said: Described, content: Any, why: str
) -> None:
    with pytest.raises(NotAttached, match=why):
        attached(page, coordinator, said, content())
    assert not Attachment.objects.exists()
    assert not folder.exists() or not list(folder.iterdir())


def test_without_a_file_nothing_is_attached(page: Page, coordinator: Account) -> None:
    with pytest.raises(NotAttached, match="file"):
        add_attachment(page, None, SAID, by=coordinator)


def test_who_does_not_enter_the_page_attaches_nothing(page: Page) -> None:
    with pytest.raises(PermissionDenied):
        attached(page, people.a_member(Role.MONITOR))
    with pytest.raises(UnknownPage):
        attached(page, people.a_member(Role.COORDINATOR, "HZ02"))


def test_a_closed_page_takes_none_and_gives_none_back(page: Page, coordinator: Account) -> None:
    attachment = attached(page, coordinator)
    put_in_state(page, PageState.FROZEN)
    with pytest.raises(PageClosed):
        attached(page, coordinator)
    with pytest.raises(PageClosed):
        withdraw_attachment(attachment, "a name was left", by=coordinator)
    assert open_attachment(attachment, by=coordinator) == pdf()


def test_before_consent_nothing_is_attached(coordinator: Account) -> None:
    page = people.page_of(people.a_subject("HZ01-002", consented=False), "RESP", "SCR")
    with pytest.raises(NotAttached, match="consent"):
        attached(page, coordinator)


def test_a_row_that_is_not_kept_leaves_no_file(
    page: Page, coordinator: Account, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("no event")

    monkeypatch.setattr(attachments, "record_event", fails)
    with pytest.raises(RuntimeError):
        attached(page, coordinator)
    assert (list(folder.iterdir()), Attachment.objects.count()) == ([], 0)


def test_a_withdrawal_is_a_second_row_and_closes_the_file_to_most(page: Page, coordinator: Account) -> None:
    attachment = attached(page, coordinator)
    withdraw_attachment(attachment, "a name was left", by=coordinator)
    found = Attachment.objects.select_related("withdrawal").get()
    assert found.is_withdrawn
    assert TrailEvent.objects.latest("id").reason == "a name was left"
    with pytest.raises(PermissionDenied):
        open_attachment(found, by=coordinator)
    assert open_attachment(found, by=people.a_member(Role.PRINCIPAL_INVESTIGATOR)) == pdf()
    with pytest.raises(Withdrawn):
        withdraw_attachment(found, "a name was left", by=coordinator)
    for delete in (found.delete, found.save):
        with pytest.raises(WrittenOnce):
            delete()


@pytest.mark.parametrize("reason", ["", "name", "call 13812345678"])
def test_a_withdrawal_says_why(page: Page, coordinator: Account, reason: str) -> None:
    attachment = attached(page, coordinator)
    with pytest.raises(NotAttached):
        withdraw_attachment(attachment, reason, by=coordinator)


def test_a_changed_exchanged_or_lost_file_is_not_shown(
    page: Page, coordinator: Account, folder: Path
) -> None:
    one, other = attached(page, coordinator), attached(page, coordinator, content=pdf() + b"\n")
    (folder / one.name).write_bytes((folder / other.name).read_bytes())
    (folder / other.name).write_bytes(b"gAAAA")
    for attachment in (one, other):
        with pytest.raises(FileDamaged):
            open_attachment(attachment, by=coordinator)
    (folder / one.name).unlink()
    with pytest.raises(FileDamaged):
        open_attachment(one, by=coordinator)
    assert not TrailEvent.objects.filter(action="attachment.opened").exists()


@pytest.mark.requirement("ES-04")
def test_a_source_attached_after_a_signature_changes_nothing_that_was_signed() -> None:
    by, subject = signing_desk.principal_investigator(), signing_desk.screened("HZ01-002")
    page = signing_desk.eligibility(subject)
    signature = signing_desk.sign(page, by)
    attached(signing_desk.eligibility(subject), by)
    page = signing_desk.eligibility(subject)
    assert page.state == PageState.SIGNED
    signature.refresh_from_db()
    assert not signature.has_fallen


def test_files_without_a_row_go_after_a_day(page: Page, coordinator: Account, folder: Path) -> None:
    kept = attached(page, coordinator)
    for name, age_h in (("old", 25), ("new", 1)):
        (folder / name).write_bytes(b"x")
        at = time.time() - age_h * 3600
        os.utime(folder / name, (at, at))
    os.utime(folder / kept.name, (0, 0))
    remove_orphans()
    assert {file.name for file in folder.iterdir()} == {kept.name, "new"}
    assert remove_unattached(attached_names()) == 0


# --- hiding what was typed about it ------------------------------------------------------------------------
@pytest.mark.requirement("AT-12")
def test_a_name_in_a_title_and_in_a_reason_is_hidden(
    page: Page, coordinator: Account, settings: Any, tmp_path: Path
) -> None:
    """Also where the title is as long as a title may be, which the marker makes longer."""
    settings.CHIMERA_HOME = tmp_path
    name = "Wang 五"
    attachment = attached(page, coordinator, Described(name.rjust(120, "x"), "emr", is_redacted=True))
    withdraw_attachment(attachment, f"it says {name}", by=coordinator)
    manager = people.a_member(Role.DATA_MANAGER, name="mei.zhang")
    asked = request_redaction(page.subject, name, reason="a relative's name", by=manager)
    approve_redaction(asked, by=people.a_member(Role.PRINCIPAL_INVESTIGATOR, name="shen.yi"))
    seal_trail()
    kept = Attachment.objects.select_related("withdrawal").get()
    marker = TrailEvent.objects.get(action="redaction.done").about
    assert (kept.title, kept.withdrawal.reason) == (marker.rjust(114 + len(marker), "x"), f"it says {marker}")
    assert name not in desk.all_text()
    verification = Verification([public_key()], {})
    assert list(verification.faults()) == []
    assert verification.hidings == 1


@pytest.mark.requirement("AT-12")
def test_a_text_of_another_subject_stays(
    page: Page, coordinator: Account, settings: Any, tmp_path: Path
) -> None:
    settings.CHIMERA_HOME = tmp_path
    other = people.page_of(people.a_subject("HZ01-002"), "RESP", "SCR")
    for one in (page, other):
        attached(one, coordinator, Described("of Wang Wu", "emr", is_redacted=True))
    manager = people.a_member(Role.DATA_MANAGER, name="mei.zhang")
    asked = request_redaction(page.subject, "Wang Wu", reason="a relative's name", by=manager)
    approve_redaction(asked, by=people.a_member(Role.PRINCIPAL_INVESTIGATOR, name="shen.yi"))
    assert [one.title == "of Wang Wu" for one in Attachment.objects.all()] == [False, True]
