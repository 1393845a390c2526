"""A text that two people hid is gone, the trail still verifies, and no other change comes through."""

import json
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from analytics.locks.seal import make_lock
from patients.casebook.page import Page, Subject
from patients.entry.exporting import export_registry
from patients.entry.refusals import Conflict
from patients.oversight.out_of_reach import kept_elsewhere
from patients.oversight.queries import Query
from patients.oversight.redaction import (
    NeedsAnother,
    Redaction,
    approve_redaction,
    refuse_redaction,
    request_redaction,
)
from tests.patients.entry import desk
from trial.people.access import actor_at
from trial.people.models import Account
from trial.people.roles import TABLE, Permission, Role
from trial.protocol.study import site_today
from trial.trail import hiding, seals
from trial.trail.actor import Source, acting
from trial.trail.archive import write_archive
from trial.trail.comparing import Fault
from trial.trail.hiding import HidingUnderway, NotHideable
from trial.trail.ledger import LedgerLeaf, hides, leaf_hash
from trial.trail.models import TrailChange, TrailEvent
from trial.trail.record import Place, record_event
from trial.trail.seals import public_key, seal_trail
from trial.trail.verification import Verification
from trial.trail.verify_archive import faults as faults_of_archive

pytestmark = pytest.mark.django_db

NAME = 'Wang Wu, 王五 "the brother"'
WHY = desk.Reason("other", f"called {NAME} at home")
ALTERED = {"payload is not what was hashed", "altered"}


@pytest.fixture
def subject(settings: Any, tmp_path: Any) -> Subject:
    """A name stands in a text, in a corrected text and in a reason; all of it is sealed."""
    settings.CHIMERA_HOME = tmp_path
    subject = desk.consented()
    page = desk.page_of(subject, "DX")
    desk.save(page, {"karyotype_iscn": f"see {NAME}"}, on=desk.CONSENT)
    desk.save(page, {"karyotype_iscn": f"{NAME} says 46,XY"}, why=WHY)
    desk.save(page, {"relapse_n": "2"})
    seal_trail()
    return subject


@pytest.fixture
def manager(subject: Subject) -> Account:
    return desk.a_member(Role.DATA_MANAGER, user_name="mei.zhang")


@pytest.fixture
def investigator(subject: Subject) -> Account:
    return desk.a_member(Role.PRINCIPAL_INVESTIGATOR, user_name="shen.yi")


def hidden(subject: Subject, manager: Account, investigator: Account, text: str = NAME) -> TrailEvent:
    asked = request_redaction(subject, text, reason="a relative's name", by=manager)
    approve_redaction(asked, by=investigator)
    seal_trail()
    return TrailEvent.objects.get(
        action="redaction.done", about__startswith="[hidden ", changes__new=asked.digest
    )


def verified() -> Verification:
    anchor = {line["number"]: line for line in seals.read_anchor(seals.anchor_file())}
    verification = Verification([public_key()], anchor)
    verification.found = list(verification.faults())  # type: ignore[attr-defined]
    return verification


def faults() -> list[Fault]:
    return verified().found  # type: ignore[attr-defined,no-any-return]


@pytest.mark.requirement("AT-12")
def test_what_two_people_hid_is_gone_and_the_trail_is_whole(
    subject: Subject, manager: Account, investigator: Account, tmp_path: Any
) -> None:
    for form in (NAME, json.dumps(NAME, ensure_ascii=False)[1:-1]):
        assert form in desk.all_text()
    event = hidden(subject, manager, investigator)
    for form in (NAME, "王五", json.dumps(NAME, ensure_ascii=False)[1:-1], json.dumps(NAME)[1:-1]):
        assert form not in desk.all_text()
    export_registry(tmp_path / "casebook")
    assert "王五" not in "".join(sheet.read_text("utf-8-sig") for sheet in (tmp_path / "casebook").iterdir())
    verification = verified()
    assert verification.found == []  # type: ignore[attr-defined]
    assert verification.hidings == 1
    told = {change.item: change.new for change in event.changes.all()}
    assert (event.actor, told["requested_by"], event.reason) == ("shen.yi", "mei.zhang", "a relative's name")
    assert told["digest"] == Redaction.objects.get().digest
    assert desk.rows_that_differ_from_their_newest_version() == []
    assert desk.texts(desk.page_of(subject, "DX"))["karyotype_iscn"] == f"{event.about} says 46,XY"


@pytest.mark.requirement("AT-12")
def test_an_archive_of_it_verifies_without_chimera(
    subject: Subject, manager: Account, investigator: Account, tmp_path: Any
) -> None:
    hidden(subject, manager, investigator)
    write_archive(tmp_path / "archive")
    assert list(faults_of_archive(tmp_path / "archive", {})) == []
    ledger = tmp_path / "archive" / "ledger.jsonl"
    assert "王五" not in ledger.read_text()
    lines = ledger.read_text().splitlines()
    forged = [line.replace("46,XY", "47,XY") for line in lines]
    ledger.write_text("\n".join(forged) + "\n")
    assert any("is not what was hashed" in fault for fault in faults_of_archive(tmp_path / "archive", {}))


@pytest.mark.requirement("AT-12")
def test_a_second_text_is_hidden_in_what_was_hidden_in_before(
    subject: Subject, manager: Account, investigator: Account
) -> None:
    hidden(subject, manager, investigator)
    hidden(subject, manager, investigator, "at home")
    assert "at home" not in desk.all_text()
    verification = verified()
    assert (verification.found, verification.hidings) == ([], 2)  # type: ignore[attr-defined]


@pytest.mark.requirement("AT-12")
def test_a_text_that_is_typed_again_over_its_marker_is_hidden_again(
    subject: Subject, manager: Account, investigator: Account
) -> None:
    """The leaf of that save holds both, the marker as the old value and the text as the new one."""
    hidden(subject, manager, investigator)
    desk.save(desk.now(desk.page_of(subject, "DX")), {"karyotype_iscn": NAME}, why=desk.BECAUSE)
    seal_trail()
    asked = request_redaction(subject, NAME, reason="typed once more", by=manager)
    approve_redaction(asked, by=investigator)
    seal_trail()
    for form in (NAME, json.dumps(NAME, ensure_ascii=False)[1:-1], json.dumps(NAME)[1:-1]):
        assert form not in desk.all_text()
    assert faults() == []


def test_it_takes_two_people(subject: Subject, manager: Account, investigator: Account) -> None:
    asked = request_redaction(subject, NAME, reason="a relative's name", by=manager)
    for decide in (approve_redaction, refuse_redaction):
        with pytest.raises(NeedsAnother):
            decide(asked, by=manager)
    assert NAME in desk.all_text()
    refuse_redaction(asked, by=investigator)
    assert NAME in desk.all_text()
    asked.refresh_from_db()
    assert (asked.state, asked.text, asked.decided_by) == ("refused", "", "shen.yi")
    with pytest.raises(NeedsAnother):  # it is decided
        approve_redaction(asked, by=desk.a_member(Role.DATA_MANAGER, user_name="other"))


@pytest.mark.parametrize("role", [role for role in Role if Permission.REDACT not in TABLE[role]])
def test_nobody_else_asks_or_decides(role: Role, subject: Subject, manager: Account) -> None:
    stranger = desk.a_member(role, user_name="some.body")
    with pytest.raises(PermissionDenied):
        request_redaction(subject, NAME, reason="a relative's name", by=stranger)
    asked = request_redaction(subject, NAME, reason="a relative's name", by=manager)
    with pytest.raises(PermissionDenied):
        approve_redaction(asked, by=stranger)


@pytest.mark.parametrize(
    ("text", "reason"), [("W", "a name"), ("nowhere", "a name"), (NAME, "no"), (NAME, f"it is {NAME}")]
)
def test_what_cannot_be_asked_for_is_refused(
    text: str, reason: str, subject: Subject, manager: Account
) -> None:
    with pytest.raises(ValidationError):
        request_redaction(subject, text, reason=reason, by=manager)
    assert not Redaction.objects.exists()


def test_a_text_that_is_part_of_a_name_or_a_code_is_not_hidden(
    subject: Subject, manager: Account, investigator: Account
) -> None:
    """`is` stands in what was typed, and also in the name of an item."""
    desk.save(desk.page_of(subject, "DX"), {"karyotype_iscn": "46 is"}, why=desk.BECAUSE)
    asked = request_redaction(subject, "is", reason="wrong text", by=manager)
    before = desk.content()
    with pytest.raises(NotHideable):
        approve_redaction(asked, by=investigator)
    assert desk.content() == before


def test_whoever_has_the_page_open_is_told(subject: Subject, manager: Account, investigator: Account) -> None:
    page: Page = desk.page_of(subject, "DX")
    hidden(subject, manager, investigator)
    with pytest.raises(Conflict):
        desk.save(page, {"karyotype_iscn": f"{NAME}!"}, base=page.version, why=desk.BECAUSE)


# --- what the tables refuse --------------------------------------------------------------------------------
def underway(hidden: str = "F", by: tuple[str, str] = ("mei.zhang", "shen.yi")) -> HidingUnderway:
    transaction_number = 0
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text::bigint")
            transaction_number = cursor.fetchone()[0]
    return HidingUnderway.objects.create(
        hidden=hidden,
        written=hidden,
        marker="[hidden abc]",
        requested_by=by[0],
        approved_by=by[1],
        transaction=transaction_number,
    )


def attempt(sql: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


REFUSED = [
    "UPDATE trial_trailchange SET new = 'another' WHERE new LIKE 'see%%'",
    "UPDATE trial_trailchange SET new = '[hidden abc]' WHERE new LIKE 'see%%'",
    "UPDATE trial_trailchange SET new = replace(new, 'see', '[hidden abc]'), old = 'x' WHERE id > 0",
    "UPDATE trial_trailevent SET actor = 'x'",
    "UPDATE trial_ledgerleaf SET payload = replace(payload, '2', '3')",
    "UPDATE patients_historicaldiseasehistory SET karyotype_iscn = 'x' WHERE karyotype_iscn LIKE 'see%%'",
    "DELETE FROM trial_trailchange",
]


@pytest.mark.requirement("AT-06", "AT-12")
@pytest.mark.parametrize("sql", REFUSED)
def test_while_a_hiding_is_under_way_every_other_change_is_refused(sql: str, subject: Subject) -> None:
    with transaction.atomic():
        underway("see")
        with pytest.raises(DatabaseError):
            attempt(sql)
        transaction.set_rollback(True)


@pytest.mark.requirement("AT-06", "AT-12")
def test_the_marker_goes_in_only_while_a_hiding_is_under_way(subject: Subject) -> None:
    sql = "UPDATE trial_trailchange SET new = replace(new, 'see', '[hidden abc]') WHERE new LIKE 'see%%'"
    with pytest.raises(DatabaseError):
        attempt(sql)
    with transaction.atomic():
        underway("see")
        attempt(sql)
        transaction.set_rollback(True)


@pytest.mark.requirement("AT-12")
def test_a_hiding_by_one_person_is_refused_by_the_database(subject: Subject) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        underway("see", ("mei.zhang", "mei.zhang"))


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ({"a": "x F y"}, {"a": "x [m] y"}, True),
        ({"a": "F F"}, {"a": "[m] [m]"}, True),
        ({"a": "[m] F"}, {"a": "[m] [m]"}, True),
        ({"a": "F F"}, {"a": "[m] F"}, False),
        ({"a": "x F y"}, {"a": "x y"}, False),
        ({"a": "x F y"}, {"a": "z [m] y"}, False),
        ({"a": "F", "b": 1}, {"a": "[m]", "b": 2}, False),
        ({"a": "F", "b": "1"}, {"a": "[m]"}, False),
        ({"a": "F"}, {"a": "F"}, False),
    ],
)
def test_a_change_hides_and_does_nothing_else(
    old: dict[str, Any], new: dict[str, Any], allowed: bool
) -> None:
    assert hides(json.dumps(old), json.dumps(new), "F", "F", "[m]") is allowed


# --- forged hidings ----------------------------------------------------------------------------------------
def forged_payload(seq: int, old: str, new: str) -> tuple[str, str]:
    """Rewrite the payload of a leaf with full rights; its hash before and after."""
    from tests.trial.trail.test_tampering import full_rights

    payload = LedgerLeaf.objects.get(seq=seq).payload
    assert old in payload
    with full_rights() as execute:
        execute("UPDATE trial_ledgerleaf SET payload = %s WHERE seq = %s", payload.replace(old, new), seq)
    return leaf_hash(payload), leaf_hash(payload.replace(old, new))


@pytest.mark.requirement("AT-08", "AT-12")
def test_a_hidden_text_that_is_put_back_is_found(
    subject: Subject, manager: Account, investigator: Account
) -> None:
    leaf = LedgerLeaf.objects.filter(payload__contains="王五").earliest("seq")
    event = hidden(subject, manager, investigator)
    with transaction.atomic():
        forged_payload(leaf.seq, event.about, json.dumps(NAME, ensure_ascii=False)[1:-1])
        assert {fault.what for fault in faults()} & ALTERED
        transaction.set_rollback(True)


@pytest.mark.requirement("AT-08", "AT-12")
def test_another_value_changed_under_a_true_hiding_is_found(
    subject: Subject, manager: Account, investigator: Account
) -> None:
    leaf = LedgerLeaf.objects.filter(payload__contains="46,XY").earliest("seq")
    hidden(subject, manager, investigator)
    with transaction.atomic():
        forged_payload(leaf.seq, "46,XY", "47,XY")
        assert any(f.what == "payload is not what was hashed" and f.row == str(leaf.seq) for f in faults())
        transaction.set_rollback(True)


@pytest.mark.requirement("AT-08", "AT-12")
@pytest.mark.parametrize("signature", ["", "00" * 64, "that of another"])
def test_a_forged_event_of_a_hiding_is_found(
    signature: str, subject: Subject, manager: Account, investigator: Account
) -> None:
    """Somebody with all rights rewrites an old value, and records an event that claims it was hidden."""
    from trial.trail.actor import Source, acting, system_actor
    from trial.trail.record import Change, Place, record_event

    true = hidden(subject, manager, investigator)
    leaf = LedgerLeaf.objects.filter(payload__contains="relapse_n").latest("seq")
    if signature == "that of another":
        signature = true.changes.get(item="signature").new
    with transaction.atomic():
        before, after = forged_payload(leaf.seq, '"relapse_n"', '"[hidden abc]"')
        changes = [
            Change("digest", "digest", "", "0" * 64),
            Change("requested_by", "requested_by", "", "mei.zhang"),
            Change("signature", "signature", "", signature),
            Change("claim", "trial_ledgerleaf", before, after, row_key=str(leaf.seq)),
        ]
        with acting(system_actor("test", Source.COMMAND)):
            record_event("redaction.done", Place(subject=subject.code), changes)
        seal_trail()
        found = {(fault.what, fault.row) for fault in faults()}
        assert ("payload is not what was hashed", str(leaf.seq)) in found
        assert "hiding that no two people signed" in {what for what, _row in found}
        transaction.set_rollback(True)


@pytest.mark.requirement("AT-08", "AT-12")
def test_a_version_changed_under_a_true_hiding_is_found(
    subject: Subject, manager: Account, investigator: Account
) -> None:
    from tests.trial.trail.test_tampering import full_rights

    hidden(subject, manager, investigator)
    table = "patients_historicaldiseasehistory"
    with transaction.atomic():
        with full_rights() as execute:
            execute(f"UPDATE {table} SET relapse_n = 3 WHERE karyotype_iscn LIKE '[hidden%%'")
        assert any(fault.what == "altered" and fault.table == table for fault in faults())
        transaction.set_rollback(True)


def test_a_change_keeps_its_other_words(subject: Subject, manager: Account, investigator: Account) -> None:
    event = hidden(subject, manager, investigator)
    change = TrailChange.objects.get(item="karyotype_iscn", reason_code="other")
    assert (change.old, change.new) == (f"see {event.about}", f"{event.about} says 46,XY")
    assert change.reason == f"called {event.about} at home"


# --- what quotes it, and what is out of reach --------------------------------------------------------------
@pytest.fixture
def quoted(subject: Subject) -> Query:
    """A query whose sentence says the value that a check found."""
    query = Query(
        page=desk.page_of(subject, "DX"),
        item="karyotype_iscn",
        check_id="X-DX-99",
        severity="soft",
        message={"en": f"Is “{NAME}” a karyotype?", "zh-hans": f"“{NAME}”是核型吗?"},
    )
    with transaction.atomic(), acting(actor_at(desk.SYSTEM, site="HZ01", source=Source.COMMAND)):
        query.save()
        record_event("subject.checked", Place(site="HZ01", subject=subject.code))
    return query


@pytest.mark.requirement("AT-12")
def test_a_query_that_quotes_the_text_says_the_marker(
    quoted: Query, subject: Subject, manager: Account, investigator: Account
) -> None:
    seal_trail()
    event = hidden(subject, manager, investigator)
    quoted.refresh_from_db()
    assert quoted.message["en"] == f"Is “{event.about}” a karyotype?"
    assert quoted.message["zh-hans"].startswith(f"“{event.about}”")
    said = [version.message["en"] for version in Query.history.filter(id=quoted.pk)]
    assert len(said) == 2
    assert all(NAME not in each and event.about in each for each in said)
    assert faults() == []
    assert desk.rows_that_differ_from_their_newest_version() == []


@pytest.mark.requirement("AT-12")
def test_a_version_of_a_query_is_changed_in_no_other_way(
    quoted: Query, subject: Subject, manager: Account, investigator: Account
) -> None:
    history = Query.history.model
    said = json.dumps({"en": "nothing"})
    HidingUnderway.objects.create(
        hidden=NAME,
        written=json.dumps(NAME, ensure_ascii=False)[1:-1],
        marker="[hidden abcdefghijkl]",
        requested_by="a",
        approved_by="b",
        transaction=hiding._transaction(),
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        hiding._update(history, "message", quoted.history.get().pk, said)


@pytest.mark.requirement("AT-12")
def test_what_it_cannot_reach_is_named_before_and_in_the_act(
    subject: Subject, manager: Account, investigator: Account, settings: Any, tmp_path: Any
) -> None:
    settings.SNAPSHOT_DIR = tmp_path / "snapshots"
    early = make_lock(date(2020, 1, 1), "before", by=desk.SYSTEM, source=Source.COMMAND)
    lock = make_lock(site_today(), "interim", by=desk.SYSTEM, source=Source.COMMAND)
    assert early.snapshot != lock.snapshot
    call_command("archive_trail", tmp_path / "archive", stdout=StringIO())
    text = "王五"
    stays = kept_elsewhere(subject, text)
    assert stays[0] == f"snapshot {lock.snapshot.hash[:12]} (lock {lock.pk})"
    assert [place.partition(" · ")[0] for place in stays[1:]] == ["trail.archived"]
    assert kept_elsewhere(subject, "stands nowhere") == []
    event = hidden(subject, manager, investigator, text)
    told = [change.new for change in event.changes.all() if change.item == "kept_elsewhere"]
    assert told == stays
    assert faults() == []
    lock.snapshot.path.unlink()
    assert "its file is not here" in kept_elsewhere(subject, "at home")[0]
