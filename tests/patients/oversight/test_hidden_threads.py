"""What people typed in a thread can be hidden like any other text, and the trail stays whole."""

from pathlib import Path
from typing import Any

import pytest

from patients.casebook.page import Subject, Visit
from patients.entry.asking import raise_query
from patients.entry.query_act import Question, Target
from patients.entry.query_moves import close_query, comment_on_query
from patients.oversight.queries import Query, QueryMessage
from patients.oversight.redaction import approve_redaction, request_redaction
from tests.patients.entry import desk
from trial.people.roles import Role
from trial.trail import seals
from trial.trail.seals import public_key, seal_trail
from trial.trail.verification import Verification

pytestmark = pytest.mark.django_db
NAME = "Wang Wu, 王五"


@pytest.fixture
def subject(settings: Any, tmp_path: Path) -> Subject:
    settings.CHIMERA_HOME = tmp_path
    return desk.consented()


@pytest.mark.requirement("AT-12")
def test_a_name_in_a_thread_is_hidden_wherever_the_query_hangs(subject: Subject) -> None:
    manager = desk.a_member(Role.DATA_MANAGER, user_name="mei.zhang")
    investigator = desk.a_member(Role.PRINCIPAL_INVESTIGATOR, user_name="shen.yi")
    page = desk.page_of(subject, "DX")
    desk.save(page, {"karyotype_iscn": "46,XY"}, on=desk.CONSENT)
    visit = Visit.objects.get(subject=subject, code="SCR")
    on_item = raise_query(
        Target(page=page, item="karyotype_iscn"), Question(f"Of {NAME}, or of the donor?"), by=manager
    )
    desk.save(page, {"karyotype_iscn": f"{NAME} says 46,XY"}, why=desk.BECAUSE)
    whole = [
        raise_query(target, Question(f"Did {NAME} come?"), by=manager)
        for target in (Target(visit=visit), Target(subject=subject))
    ]
    comment_on_query(on_item, f"Asked {NAME} again.", by=investigator)
    close_query(whole[0], f"seen with {NAME}", by=manager)
    seal_trail()
    assert desk.all_text().count("王五") > 4
    approve_redaction(
        request_redaction(subject, NAME, reason="a relative's name", by=manager), by=investigator
    )
    seal_trail()
    assert "王五" not in desk.all_text()
    assert QueryMessage.objects.filter(text__contains="[hidden ").count() == 5
    assert QueryMessage.objects.filter(new__contains="[hidden ").count() == 1
    assert Query.objects.with_question().get(pk=whole[1].pk).text.startswith("Did [hidden ")
    anchor = {each["number"]: each for each in seals.read_anchor(seals.anchor_file())}
    assert list(Verification([public_key()], anchor).faults()) == []
