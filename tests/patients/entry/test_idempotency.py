"""One effect for one key: the answer is kept in one transaction with the act, or neither is."""

import threading
from typing import Any

import pytest
from django.db import connection, connections

from patients.casebook.page import Page
from patients.entry.idempotency import Answer, AnsweredRequest, KeyReused, digest_of, once
from patients.entry.refusals import Refused
from tests.patients.entry import desk
from tests.trial.trail.faults import StatementFailed, counted, failing_at
from trial.people.models import Account
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.requirement("DI-02")
SENT = 6  # identical requests at the same moment


def saving(page: Page, by: Account, key: str, hctci: str = "5", base: int = 0) -> Answer:
    def act() -> Answer:
        saved = desk.save(page, {"hctci": hctci}, by=by, base=base, why=desk.BECAUSE)
        return Answer(said=f"version {saved.page.version}", content={"changed": saved.changed})

    return once(act, by=by, key=key, digest=digest_of("/", [("hctci", [hctci])]))


@pytest.fixture
def ana(db: None) -> Account:
    return desk.a_member()


@pytest.fixture
def page(ana: Account) -> Page:
    return desk.page_of(desk.consented(), "DM")


def saves() -> int:
    return TrailEvent.objects.filter(action="page.saved", form="DM").count()


def test_the_same_again_is_answered_as_before_and_does_nothing(page: Page, ana: Account) -> None:
    first = saving(page, ana, "k1")
    before = desk.content()
    assert [saving(page, ana, "k1") for _again in range(3)] == [first] * 3
    assert desk.content() == before


def test_it_is_answered_as_before_even_when_others_have_gone_on(page: Page, ana: Account) -> None:
    first = saving(page, ana, "k1")
    desk.save(page, {"hctci": "6"}, why=desk.BECAUSE)
    assert saving(page, ana, "k1") == first
    assert desk.texts(page)["hctci"] == "6"


def test_another_content_under_the_same_key_is_refused(page: Page, ana: Account) -> None:
    saving(page, ana, "k1")
    before = desk.content()
    with pytest.raises(KeyReused):
        saving(page, ana, "k1", hctci="6", base=1)
    assert desk.content() == before


def test_a_key_is_of_one_person(page: Page, ana: Account) -> None:
    saving(page, ana, "k1")
    ben = desk.a_member(user_name="ben.wu")
    assert saving(page, ben, "k1").content == {"changed": 0}
    assert AnsweredRequest.objects.count() == 2


def test_what_was_refused_may_be_tried_again(page: Page, ana: Account) -> None:
    with pytest.raises(Refused):
        saving(page, ana, "k1", hctci="many")
    assert saving(page, ana, "k1").content == {"changed": 1}


def test_without_a_key_each_is_an_act_of_its_own(page: Page, ana: Account) -> None:
    saving(page, ana, "")
    assert saving(page, ana, "", base=1).content == {"changed": 0}
    assert not AnsweredRequest.objects.exists()


def test_the_answer_cannot_be_read_in_the_database(page: Page, ana: Account) -> None:
    once(lambda: Answer(said="Canary"), by=ana, key="k1", digest=digest_of("/", [("name", ["Canary"])]))
    assert "Canary" not in desk.all_text()


def test_a_crash_at_any_statement_leaves_both_or_neither(page: Page, ana: Account) -> None:
    saving(page, ana, "k0", hctci="0")
    with counted() as sent:
        saving(page, ana, "k1", hctci="1", base=1)
    for number in range(1, len(sent) + 1):
        before = desk.content()
        with pytest.raises(StatementFailed), failing_at(number):
            saving(page, ana, "k2", hctci="2", base=2)
        assert desk.content() == before, sent[number - 1]
    assert saving(page, ana, "k2", hctci="2", base=2).said == "version 3"


def test_at_the_same_moment_one_is_done_and_all_are_answered_alike(transactional_db: None) -> None:
    ana, page = desk.a_member(), desk.page_of(desk.consented(), "DM")
    meet = threading.Barrier(SENT, timeout=30)
    answers: list[Any] = []

    def send() -> None:
        try:
            meet.wait()
            answers.append(saving(page, Account.objects.get(pk=ana.pk), "k1"))
        except Exception as failure:
            answers.append(failure)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _each in range(SENT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert answers == [Answer(said="version 1", content={"changed": 1})] * SENT
    assert saves() == 1
    assert connection.is_usable()
