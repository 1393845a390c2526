"""ODM-XML Transactional: whoever replays it comes to the snapshot, and it says who did what, when and why."""

import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from odmlib.exceptions import OdmlibError

from analytics.exports.about import about
from analytics.exports.disclosure import Disclosure
from analytics.exports.files import NoSuchFile
from analytics.exports.odm.files import TRANSACTIONAL, odm_file
from analytics.exports.odm.transactional_file import write_transactions
from analytics.locks.models import Lock
from analytics.locks.seal import make_lock
from patients.casebook.page import Page
from patients.entry import query_act
from patients.entry.asking import raise_query
from patients.entry.reasons import Reason
from patients.entry.verifying import Verifier, verify_page
from patients.oversight.signatures import Meaning
from tests.analytics.exports.odm_judges import NS, judge
from tests.analytics.exports.odm_replay import replayed, sealed
from tests.patients.entry import desk, signing_desk
from trial.people.access import SystemPerson
from trial.people.roles import Role
from trial.people.tokens import Dates
from trial.trail.actor import Source

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]
ALL = Disclosure(Dates.TRUE, "2025-BGH-1")
WHY = Reason(text="as the source says")
MORE = ({}, {"ae_term": ""}, {"ae_grade": "3"}, {"ae_grade": "", "ae_grade__missing": "unknown"})


def acts(page: Page, chosen: random.Random, count: int) -> None:
    """Saves as they come: rows are added, changed, emptied, explained, made void and restored."""
    void: dict[str, bool] = {}
    for number in range(count):
        key = str(chosen.randint(1, 4))
        if void.get(key) or (key in void and chosen.random() < 0.3):
            void[key] = not void[key]
            answers = {"void": "Y" if void[key] else "N"}
        else:
            void.setdefault(key, False)
            answers = {"ae_term": f"fever & <{number}>", "ae_start": f"2025-0{chosen.randint(1, 3)}"}
            answers |= chosen.choice(MORE)
        day = {"form_date": f"2025-04-{number % 28 + 1:02}"}
        desk.save(desk.now(page), rows={key: answers}, why=WHY, header=day)


def written(lock: Lock, path: Path) -> None:
    write_transactions(lock.snapshot.path, lock.known_at or lock.made_at, path, about(lock, ALL))


@pytest.fixture
def lock() -> Lock:
    """A subject about whom much was done."""
    subject = signing_desk.screened()
    log = desk.logged(subject, "AE")
    acts(log, random.Random(5), 25)
    about_it = query_act.Target(page=desk.now(log), row_key="1", item="ae_term")
    raise_query(about_it, query_act.Question("Which fever?"), by=SystemPerson("test"))
    demographics = desk.page_of(subject, "DM")
    signing_desk.sign(desk.now(demographics), signing_desk.investigator(), Meaning.REVIEW)
    monitor = Verifier(desk.a_member(Role.MONITOR, user_name="ke.fan"))
    compared = [("", "abo_rh"), ("", "cmv_igg")]
    verify_page(desk.now(demographics), compared, seen=desk.now(demographics).version, by=monitor)
    desk.save(desk.now(demographics), {"abo_rh": "O+"}, why=WHY)  # with it both fall
    return a_cut()


def a_cut() -> Lock:
    return make_lock(date(2026, 6, 30), "acts", by=SystemPerson("lock"), source=Source.COMMAND)


def notes(document: Any, of: str) -> list[tuple[str, str]]:
    """What is flagged in this way, by item; of a whole page without one."""
    flags = document.iterfind(f".//o:Annotation/o:Flag[o:FlagType='{of}']", NS)
    return [(one.findtext("o:FlagValue", "", NS), one.xpath("string(../../@ItemOID)")) for one in flags]


def test_what_has_fallen_is_told_where_it_stood(lock: Lock, tmp_path: Path) -> None:
    written(lock, tmp_path / "t.xml")
    document = judge(tmp_path / "t.xml")
    blood, virus = "IT.DM.abo_rh", "IT.DM.cmv_igg"
    assert notes(document, "SDV") == [("verified", blood), ("verified", virus), ("fallen", blood)]
    assert notes(document, "SIGNATURE") == [("fallen", "")]
    (fallen,) = document.xpath(".//o:Annotation[o:Flag/o:FlagType='SIGNATURE']", namespaces=NS)
    assert "abo_rh" in fallen.findtext("o:Comment", "", NS)
    assert fallen.getparent().get("FormOID") == "F.DM"


def test_a_file_names_the_one_before_it(lock: Lock) -> None:
    first, second = (etree.parse(odm_file(one, TRANSACTIONAL, ALL).path).getroot() for one in (lock, a_cut()))
    assert first.get("PriorFileOID") is None
    assert second.get("PriorFileOID") == first.get("FileOID") != second.get("FileOID")


@pytest.fixture
def log() -> Page:
    return desk.logged(desk.consented(), "AE")


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.randoms(use_true_random=False), count=st.integers(1, 12))
def test_whatever_was_done_a_replay_comes_to_the_snapshot(
    log: Page, tmp_path: Path, chosen: random.Random, count: int
) -> None:
    with transaction.atomic():
        acts(log, chosen, count)
        lock = a_cut()
        written(lock, tmp_path / "t.xml")
        assert replayed(etree.parse(tmp_path / "t.xml")) == sealed(lock)
        transaction.set_rollback(True)


def test_a_replay_comes_to_the_snapshot(lock: Lock, tmp_path: Path) -> None:
    written(lock, tmp_path / "t.xml")
    document = judge(tmp_path / "t.xml")
    assert replayed(document) == sealed(lock)
    for kind in ("Insert", "Update", "Remove"):
        assert document.find(f".//o:ItemData[@TransactionType='{kind}']", NS) is not None
    assert document.find(".//o:ItemGroupData[@TransactionType='Remove']", NS) is not None
    reasons = {one.text for one in document.iterfind(".//o:ItemData/o:AuditRecord/o:ReasonForChange", NS)}
    assert "as the source says" in reasons
    assert any(one.text.endswith("Which fever?") for one in document.iterfind(".//o:Comment", NS))
    (signed,) = document.iterfind(".//o:Signature", NS)
    assert signed.find("o:SignatureRef", NS).get("SignatureOID") == "SD.review.1"

    whole, user = (tmp_path / "t.xml").read_text(), signed.find("o:UserRef", NS).get("UserOID")
    for before, after in (
        (f'<User OID="{user}"', '<User OID="USER.gone"'),
        ("<UserRef ", "<UserReference "),
        ("<SourceID>", "<SourceNumber>"),
    ):
        assert before in whole
        (tmp_path / "planted.xml").write_text(whole.replace(before, after, 1))
        with pytest.raises((etree.XMLSyntaxError, etree.DocumentInvalid, OdmlibError)):
            judge(tmp_path / "planted.xml")
    with pytest.raises(NoSuchFile):
        odm_file(lock, TRANSACTIONAL, Disclosure())
