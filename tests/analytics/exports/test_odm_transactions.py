"""ODM-XML Transactional: whoever replays it comes to the snapshot, and it says who did what, when and why."""

import random
from datetime import date
from pathlib import Path

import pytest
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
from patients.oversight.signatures import Meaning
from tests.analytics.exports.odm_judges import NS, judge
from tests.analytics.exports.odm_replay import replayed, sealed
from tests.patients.entry import desk, signing_desk
from trial.people.access import SystemPerson
from trial.people.tokens import Dates
from trial.trail.actor import Source

pytestmark = pytest.mark.django_db
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
    return make_lock(date(2026, 6, 30), "acts", by=SystemPerson("lock"), source=Source.COMMAND)


def test_a_replay_comes_to_the_snapshot(lock: Lock, tmp_path: Path) -> None:
    write_transactions(lock, tmp_path / "t.xml", about(lock, ALL))
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
