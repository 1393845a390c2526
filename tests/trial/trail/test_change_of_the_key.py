"""The key of the seals is handed over, is lost, or is forged; what was sealed before stays verified (F23)."""

import importlib.util
import json
import logging
import subprocess
import venv
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction

from patients.oversight.redaction import approve_redaction, request_redaction
from tests.patients.entry import desk
from tests.trial.trail.test_tampering import an_act, full_rights
from trial.environment import SecretPlace
from trial.people.roles import Role
from trial.trail import key_changes, seals, tasks
from trial.trail.alarms import Alarm
from trial.trail.archive import write_archive
from trial.trail.key_changes import CannotChangeKey, begin_anew, hand_over
from trial.trail.ledger import LedgerLeaf
from trial.trail.merkle import root_of
from trial.trail.models import TrailEvent
from trial.trail.seals import Seal, hash_of_signature, public_key, read_anchor, seal_trail
from trial.trail.signing_keys import NoSigningKey, keys_at_hand, public_half
from trial.trail.verification import Verification
from trial.trail.verify_archive import main as verify_archive
from trial.trail.verify_archive import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("AT-08")]

WHOLE, ALTERED, CANNOT_TELL = 0, 1, 2
WHY = "the disk of the key broke"
Signed = dict[str, Any]


class Registry:
    """A registry in a folder, with its keys and what a sponsor holds of it."""

    def __init__(self, home: Path, settings: Any) -> None:
        self.home, self.settings = home, settings
        settings.CHIMERA_HOME = home
        settings.SEAL_KEY = SecretPlace(path=home / "keys" / "seal_key", made_here=True)
        settings.NEW_SEAL_KEY = SecretPlace(path=home / "keys" / "new_seal_key", made_here=True)
        an_act(1)
        seal_trail()
        self.first = public_key()

    @property
    def key_file(self) -> Path:
        return self.home / "keys" / "seal_key"

    @property
    def anchor(self) -> dict[int, Signed]:
        return {line["number"]: line for line in read_anchor(seals.anchor_file())}

    def sealed_act(self) -> None:
        an_act(2)
        assert seal_trail()

    def lose_the_key(self) -> None:
        self.key_file.rename(self.home / "elsewhere")

    def handed_over(self) -> str:
        """The new public key, after an act before and one after the change."""
        self.sealed_act()
        seal = hand_over(on_behalf_of="ana")
        self.sealed_act()
        return seal.successor

    def begun_anew(self) -> str:
        self.sealed_act()
        self.lose_the_key()
        an_act(3)
        seal = begin_anew(WHY, on_behalf_of="ana")
        self.sealed_act()
        return seal.key

    def found(self, *keys: str, anchor: dict[int, Signed] | None = None) -> list[str]:
        """What the verification in Chimera finds, breaks of the chain included."""
        verification = Verification(keys, anchor or {})
        faults = [fault.what for fault in verification.faults()]
        return faults + ["begun anew" for _break in verification.chain.breaks()]

    def of_archive(self, folder: Path, *keys: str) -> int:
        """The exit code of the stand-alone verification."""
        return verify_archive([str(folder), f"--anchor={seals.anchor_file()}", *(f"--key={k}" for k in keys)])


@pytest.fixture
def registry(settings: Any, tmp_path: Path) -> Registry:
    return Registry(tmp_path, settings)


# --- handed over -----------------------------------------------------------------------------------------
def test_the_new_key_seals_and_all_is_whole_by_either(registry: Registry) -> None:
    """F23, rotated: a sponsor may hold the first key, the new one, or both."""
    new = registry.handed_over()
    assert public_key() == new != registry.first
    assert [seal.key for seal in Seal.objects.all()] == [registry.first] * 3 + [new]
    for keys in ((registry.first,), (new,), (registry.first, new)):
        assert registry.found(*keys, anchor=registry.anchor) == []
    event = TrailEvent.objects.get(action="seal_key.changed")
    assert [(change.old, change.new) for change in event.changes.all()] == [(registry.first, new)]
    assert event.actor_name == "ana"


def test_the_key_changes_more_than_once(registry: Registry) -> None:
    keys = [registry.first, registry.handed_over(), registry.handed_over(), registry.handed_over()]
    assert len(set(keys)) == 4
    for key in keys:
        assert registry.found(key, anchor=registry.anchor) == []


def test_in_a_folder_the_new_key_takes_the_place_of_the_old_one(registry: Registry) -> None:
    registry.handed_over()
    kept = {path.name for path in registry.key_file.parent.iterdir()}
    assert kept == {"seal_key", "seal_key.until-3"}
    assert registry.key_file.stat().st_mode & 0o077 == 0


def test_a_change_that_was_interrupted_does_not_keep_the_next_from_being_made(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_changes, "_lay_the_old_key_aside", lambda: None)
    second = registry.handed_over()
    assert public_key() == second  # lies beside the old one, and the newest seal says which it is
    monkeypatch.undo()
    third = registry.handed_over()
    assert registry.found(registry.first, second, third, anchor=registry.anchor) == []


def test_where_the_environment_names_the_keys_both_may_lie_ready(registry: Registry) -> None:
    registry.settings.NEW_SEAL_KEY = SecretPlace("the next one")
    assert public_key() == registry.first
    hand_over(on_behalf_of="ana")
    assert public_key() == public_half(keys_at_hand()[1])
    registry.settings.SEAL_KEY, registry.settings.NEW_SEAL_KEY = SecretPlace("the next one"), SecretPlace()
    registry.sealed_act()
    assert registry.found(registry.first, anchor=registry.anchor) == []


def test_a_key_that_waits_for_its_place_is_named(registry: Registry) -> None:
    """The first key is named by the environment, which Chimera does not write; the new one was made here."""
    registry.settings.SEAL_KEY = SecretPlace(registry.key_file.read_text().strip())
    assert public_key() == registry.first
    registry.handed_over()
    with pytest.raises(
        CannotChangeKey, match=f"{registry.key_file.parent}/new_seal_key: put it in the place"
    ):
        hand_over(on_behalf_of="ana")


def test_the_old_key_is_not_handed_over_to(registry: Registry) -> None:
    old = registry.key_file.read_text()
    registry.handed_over()
    registry.settings.NEW_SEAL_KEY = SecretPlace(old)
    with pytest.raises(CannotChangeKey):
        hand_over(on_behalf_of="ana")
    assert TrailEvent.objects.filter(action="seal_key.changed").count() == 1


def test_before_the_first_seal_there_is_nothing_to_hand_over(settings: Any, tmp_path: Path) -> None:
    settings.CHIMERA_HOME = tmp_path
    for change in (hand_over, partial(begin_anew, WHY)):
        with pytest.raises(CannotChangeKey, match="nothing is sealed yet"):
            change(on_behalf_of="ana")


def test_a_seal_of_before_has_the_text_that_it_had(registry: Registry) -> None:
    """Its signature, its line in the anchor and in an archive hold none of the later columns."""
    seal = Seal.objects.get(number=1)
    names = {"number", "first", "last", "count", "root", "previous", "at", "key"}
    assert set(json.loads(text_of(seal.as_data()))) == names
    assert set(seal.as_data()) == {*names, "signature"}
    assert set(registry.anchor[1]) == {*names, "signature", "leaves"}


@pytest.fixture
def bare_python(tmp_path: Path) -> Path:
    """A Python with the standard library and one library for Ed25519 signatures."""
    venv.create(tmp_path / "bare", with_pip=False)
    [packages] = (tmp_path / "bare").glob("lib/*/site-packages")
    for part in ("cryptography", "cffi", "_cffi_backend"):
        origin = importlib.util.find_spec(part)
        assert origin is not None
        path = Path(str(origin.origin))
        path = path.parent if path.name == "__init__.py" else path
        (packages / path.name).symlink_to(path)
    return tmp_path / "bare" / "bin" / "python"


@pytest.mark.requirement("RB-02")
def test_an_archive_verifies_by_either_key_without_chimera(
    registry: Registry, tmp_path: Path, bare_python: Path
) -> None:
    python = str(bare_python)
    assert subprocess.run([python, "-I", "-c", "import django"], capture_output=True, check=False).returncode
    new = registry.handed_over()
    folder = tmp_path / "archive"
    write_archive(folder)
    for keys in ([], [registry.first], [new], [registry.first, new]):
        given = [f"--key={key}" for key in keys]
        command = [python, "-I", "verify_archive.py", ".", f"--anchor={seals.anchor_file()}", *given]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (WHOLE, "whole\n"), done.stderr


def test_what_was_hidden_with_the_key_of_the_time_stays_hidden(registry: Registry, tmp_path: Path) -> None:
    subject = desk.consented()
    page = desk.page_of(subject, "DX")
    desk.save(page, {"karyotype_iscn": "see Wang Wu and Li Si"}, on=desk.CONSENT)
    hide(subject, "Wang Wu", "mei.zhang", "shen.yi")
    new = registry.handed_over()
    hide(subject, "Li Si", "mei.zhu", "shen.er")
    seal_trail()
    verification = Verification([new], registry.anchor)
    assert list(verification.faults()) == []
    assert verification.hidings == 2
    write_archive(tmp_path / "archive")
    assert registry.of_archive(tmp_path / "archive", registry.first) == WHOLE


def hide(subject: Any, text: str, asks: str, decides: str) -> None:
    manager = desk.a_member(Role.DATA_MANAGER, user_name=asks)
    asked = request_redaction(subject, text, reason="a relative's name", by=manager)
    approve_redaction(asked, by=desk.a_member(Role.PRINCIPAL_INVESTIGATOR, user_name=decides))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_key_does_not_change_under_a_hiding(registry: Registry) -> None:
    """SQLite has one writer at a time."""
    with ThreadPoolExecutor(1) as other, transaction.atomic():
        seals.share_barrier()  # what a hiding does first
        with pytest.raises(OperationalError):
            other.submit(hand_over_elsewhere).result()
    assert public_key() == registry.first
    assert not TrailEvent.objects.filter(action="seal_key.changed").exists()
    hand_over(on_behalf_of="ana")
    assert public_key() != registry.first


def hand_over_elsewhere() -> None:
    try:
        hand_over(on_behalf_of="ana")
    finally:
        connection.close()


def test_a_hiding_signed_with_a_key_that_was_handed_over_is_refused(registry: Registry) -> None:
    """Who kept the old key, and has all rights on the database, hides nothing more with it."""
    subject = desk.consented()
    desk.save(desk.page_of(subject, "DX"), {"karyotype_iscn": "see Wang Wu"}, on=desk.CONSENT)
    old = keys_at_hand()[0]
    registry.handed_over()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trial.trail.hiding.signing_key", lambda: old)
        hide(subject, "Wang Wu", "mei.zhang", "shen.yi")
    assert "hiding that no two people signed" in registry.found(registry.first, anchor=registry.anchor)
    seal_trail()
    assert "hiding that no two people signed" in registry.found(registry.first, anchor=registry.anchor)


# --- forged ----------------------------------------------------------------------------------------------
@pytest.fixture
def forger() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def signed(seal: Signed, key: Ed25519PrivateKey, counter: Ed25519PrivateKey | None = None) -> Signed:
    """The seal signed again by whoever has a key."""
    told = {name: value for name, value in seal.items() if name not in ("signature", "countersignature")}
    again = {**told, "signature": key.sign(text_of(told)).hex()}
    return {**again, "countersignature": counter.sign(text_of(told)).hex()} if counter else again


def rewrite(*changed: Signed) -> None:
    """As the owner of the tables could: these seals, each following the one before, and none after them."""
    columns = [column.column for column in Seal._meta.concrete_fields]
    names, places = ", ".join(f'"{name}"' for name in columns), ", ".join(["%s"] * len(columns))
    with transaction.atomic(), full_rights() as execute:
        execute("DELETE FROM trial_seal WHERE number >= %s", changed[0]["number"])
        for seal in changed:
            execute(
                f"INSERT INTO trial_seal ({names}) VALUES ({places})",
                *(seal.get(name, "") for name in columns),
            )


def next_to(before: Signed, key: Ed25519PrivateKey, **told: str) -> Signed:
    """A seal over the leaves after another, as a forger makes it."""
    leaves = list(LedgerLeaf.objects.filter(seq__gt=before["last"]).order_by("seq"))
    return signed(
        {
            **{name: before[name] for name in ("at",)},
            "number": before["number"] + 1,
            "first": leaves[0].seq,
            "last": leaves[-1].seq,
            "count": len(leaves),
            "root": root_of([bytes.fromhex(leaf.leaf) for leaf in leaves]).hex(),
            "previous": hash_of_signature(before["signature"]),
            "key": public_half(key),
            **told,
        },
        key,
    )


def test_a_key_that_nobody_handed_over_to(registry: Registry, forger: Ed25519PrivateKey) -> None:
    an_act(2)
    rewrite(next_to(registry.anchor[1], forger))
    assert registry.found(registry.first) == ["sealed with another key"]
    assert registry.found(registry.first, public_half(forger)) == ["sealed with another key"] * 2


def test_the_new_key_alone_cannot_hand_over_to_itself(registry: Registry, forger: Ed25519PrivateKey) -> None:
    """The hand-over claims to be of the old key, and is signed by the new one."""
    new = public_half(forger)
    handing = signed({**registry.anchor[1], "successor": new}, forger, forger)
    an_act(2)
    rewrite(handing, next_to(handing, forger))
    assert registry.found(registry.first) == [
        "seal altered: its signature does not hold",
        "sealed with another key",
    ]


def test_a_key_is_not_taken_in_that_did_not_sign(registry: Registry, forger: Ed25519PrivateKey) -> None:
    """The old key alone cannot hand over to the public key of somebody else."""
    old = keys_at_hand()[0]
    handing = signed({**registry.anchor[1], "successor": public_half(forger)}, old, old)
    rewrite(handing)
    assert registry.found(registry.first) == ["hand-over that the new key did not sign"]


def test_the_old_key_seals_nothing_after_it_handed_over(registry: Registry) -> None:
    old = keys_at_hand()[0]
    registry.handed_over()
    before = Seal.objects.get(number=3).as_data()
    rewrite(next_to(before, old))
    assert registry.found(registry.first) == ["sealed with another key"]


def test_a_history_in_which_the_old_key_never_handed_over(registry: Registry) -> None:
    """With the old key and all rights: the anchor shows it, and so does the new public key."""
    old = keys_at_hand()[0]
    new = registry.handed_over()
    rewrite(next_to(Seal.objects.get(number=2).as_data(), old))
    assert registry.found(registry.first) == []
    assert registry.found(registry.first, new) == ["sealed with another key"]
    assert registry.found(new) == ["sealed with another key"]
    assert "seal is not that of the anchor" in registry.found(registry.first, anchor=registry.anchor)


def test_the_old_key_hands_over_to_another_one(registry: Registry, forger: Ed25519PrivateKey) -> None:
    old = keys_at_hand()[0]
    new = registry.handed_over()
    handing = Seal.objects.get(number=3).as_data()
    forged = signed({**handing, "successor": public_half(forger)}, old, forger)
    rewrite(forged, next_to(forged, forger))
    assert registry.found(registry.first, new) == ["sealed with another key"]
    assert "seal is not that of the anchor" in registry.found(registry.first, anchor=registry.anchor)


def test_a_key_that_was_given_up_does_not_come_back(registry: Registry) -> None:
    old = keys_at_hand()[0]
    registry.handed_over()
    now = keys_at_hand()[0]
    last = Seal.objects.get(number=4).as_data()
    rewrite(signed({**last, "successor": registry.first}, now, old))
    assert registry.found(registry.first) == ["handed over to a key that had sealed before"]


def test_a_hand_over_without_its_second_signature(registry: Registry) -> None:
    new = registry.handed_over()
    with transaction.atomic(), full_rights() as execute:
        execute("UPDATE trial_seal SET countersignature = '' WHERE number = 3")
    assert registry.found(new) == [
        "hand-over that the new key did not sign",
        *["sealed with another key"] * 2,
    ]


@pytest.mark.parametrize("forge", ["successor", "key", "signature", "countersignature"])
def test_an_archive_with_a_forged_hand_over(
    forge: str, registry: Registry, forger: Ed25519PrivateKey, tmp_path: Path
) -> None:
    registry.handed_over()
    write_archive(tmp_path / "archive")
    file = tmp_path / "archive" / "seals.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    forged = {
        "successor": lambda seal: signed({**seal, "successor": public_half(forger)}, forger, forger),
        "key": lambda seal: signed({**seal, "key": public_half(forger)}, forger, forger),
        "signature": lambda seal: signed(seal, forger),
        "countersignature": lambda seal: {**seal, "countersignature": seal["signature"]},
    }[forge](lines[2])
    file.write_text("".join(json.dumps(line) + "\n" for line in [*lines[:2], forged, *lines[3:]]))
    assert verify_archive([str(tmp_path / "archive"), f"--key={registry.first}"]) == ALTERED


# --- lost ------------------------------------------------------------------------------------------------
def test_the_key_is_moved_away_and_saves_go_on(registry: Registry, settings: Any, caplog: Any) -> None:
    """F23: the task of the next minute says so, in log, trail and mail; once it is back, it ends."""
    settings.SECURITY_CONTACT = "security@example.org"
    caplog.set_level(logging.WARNING)
    registry.lose_the_key()
    subject = desk.consented()
    page = desk.page_of(subject, "DM")
    desk.save(page, desk.DM, on=desk.CONSENT)
    sealed = Seal.objects.count()
    for _minute in range(2):
        tasks.seal()
    assert Seal.objects.count() == sealed
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 2
    assert registry.first[:16] in errors[0]
    assert TrailEvent.objects.filter(action="alarm.raised").count() == len(mail.outbox) == 1
    assert registry.found(registry.first, anchor=registry.anchor) == []  # old seals, with the public key
    (registry.home / "elsewhere").rename(registry.key_file)
    tasks.seal()
    assert Seal.objects.count() > sealed
    assert not Alarm.objects.exists()
    assert TrailEvent.objects.filter(action="alarm.ended").count() == 1
    assert registry.found(registry.first, anchor=registry.anchor) == []


def test_the_alarm_comes_where_nothing_waits_to_be_sealed(registry: Registry) -> None:
    registry.lose_the_key()
    tasks.seal()
    assert Alarm.objects.get().name == "seal-key"


@pytest.mark.parametrize("content", ["", "another key than the one in force"])
def test_a_key_that_is_another_one_seals_nothing(content: str, registry: Registry) -> None:
    """It would leave a seal that nobody can take back, and that no verification believes."""
    registry.key_file.write_text(content)
    an_act(2)
    with pytest.raises(NoSigningKey):
        seal_trail()
    assert Seal.objects.count() == 1
    with pytest.raises(CommandError, match=registry.first[:16]):
        call_command("seal_trail")


def test_the_work_of_the_worker_is_done_each_minute(settings: Any) -> None:
    every = {entry["task"]: entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert every["trial.trail.seal"] == every["trial.trail.watch_clocks"] == 60


def test_nothing_is_hidden_without_the_key(registry: Registry) -> None:
    subject = desk.consented()
    desk.save(desk.page_of(subject, "DX"), {"karyotype_iscn": "see Wang Wu"}, on=desk.CONSENT)
    registry.lose_the_key()
    with pytest.raises(NoSigningKey):
        hide(subject, "Wang Wu", "mei.zhang", "shen.yi")
    assert "Wang Wu" in desk.all_text()


def test_a_lost_key_is_replaced_and_the_verification_says_so(registry: Registry, tmp_path: Path) -> None:
    """F23, lost: the old seals verify with the old key; the new chain is believed once its key is trusted."""
    new = registry.begun_anew()
    assert registry.found(registry.first, anchor=registry.anchor) == ["begun anew"]
    assert registry.found(new, anchor=registry.anchor) == ["begun anew"]
    assert registry.found(registry.first, new, anchor=registry.anchor) == []
    event = TrailEvent.objects.get(action="seal_key.lost")
    assert event.reason == WHY
    write_archive(tmp_path / "archive")
    assert registry.of_archive(tmp_path / "archive", registry.first) == CANNOT_TELL
    assert registry.of_archive(tmp_path / "archive", registry.first, new) == WHOLE


def test_what_the_lost_key_hid_and_did_not_seal_stays_verified(registry: Registry) -> None:
    subject = desk.consented()
    desk.save(desk.page_of(subject, "DX"), {"karyotype_iscn": "see Wang Wu"}, on=desk.CONSENT)
    hide(subject, "Wang Wu", "mei.zhang", "shen.yi")
    registry.lose_the_key()
    new = begin_anew(WHY, on_behalf_of="ana").key
    assert registry.found(registry.first, new, anchor=registry.anchor) == []


def test_a_key_that_is_there_is_not_lost(registry: Registry) -> None:
    registry.settings.NEW_SEAL_KEY = SecretPlace("the next one")
    with pytest.raises(CannotChangeKey):
        begin_anew(WHY, on_behalf_of="ana")
    with pytest.raises(CommandError, match="go together"):
        call_command("change_seal_key", "--lost")
    assert not TrailEvent.objects.filter(action="seal_key.lost").exists()


def test_a_forged_loss_cannot_pass_for_a_whole_trail(registry: Registry, forger: Ed25519PrivateKey) -> None:
    """All rights on the database and a key of one's own: nothing says that it was a loss, or was none."""
    registry.sealed_act()
    rewrite(next_to(registry.anchor[1], forger, replaces=registry.first))
    assert registry.found(registry.first) == ["begun anew"]
    assert "seal is not that of the anchor" in registry.found(registry.first, anchor=registry.anchor)


@pytest.mark.parametrize("claims", ["", "00" * 32])
def test_a_loss_of_another_key_is_none(claims: str, registry: Registry, forger: Ed25519PrivateKey) -> None:
    an_act(2)
    rewrite(next_to(registry.anchor[1], forger, **({"replaces": claims} if claims else {})))
    assert registry.found(registry.first) == ["sealed with another key"]


# --- by the command --------------------------------------------------------------------------------------
def exit_of(*command: str) -> int:
    with pytest.raises(SystemExit) as ended:
        call_command(*command)
    return int(ended.value.code or 0)


def test_the_commands_tell_it(registry: Registry, capsys: Any, tmp_path: Path) -> None:
    call_command("change_seal_key")
    second = capsys.readouterr().out.strip()
    assert second == public_key()
    assert exit_of("verify_trail") == WHOLE
    registry.lose_the_key()
    assert exit_of("verify_trail") == WHOLE  # it needs no private key
    with pytest.raises(CommandError, match="Nothing has changed"):
        call_command("change_seal_key")
    call_command("change_seal_key", "--lost", "--reason", WHY)
    third = capsys.readouterr().out.splitlines()[-1]
    assert exit_of("verify_trail") == CANNOT_TELL
    told = capsys.readouterr().out
    assert third in told
    assert "a key was lost" in told
    keys = [f"--key={registry.first}", f"--key={third}"]
    assert exit_of("verify_trail", *keys) == WHOLE
    assert json.loads(json_of(capsys, "verify_trail", "--json", *keys))["key"] == third
    call_command("archive_trail", str(tmp_path / "archive"))
    anchor = f"--anchor={seals.anchor_file()}"
    assert exit_of("verify_trail", f"--archive={tmp_path / 'archive'}", anchor) == CANNOT_TELL
    assert exit_of("verify_trail", f"--archive={tmp_path / 'archive'}", anchor, *keys) == WHOLE


def json_of(capsys: Any, *command: str) -> str:
    capsys.readouterr()
    exit_of(*command)
    return str(capsys.readouterr().out)
