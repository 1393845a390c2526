"""The header of a page obeys the rule of its rows: version, conflict and reason are those of each item."""

from collections.abc import Mapping
from typing import NamedTuple

import pytest
from django.db import transaction

from patients.casebook.form import declared_forms
from patients.casebook.header import FIELDS, HEADER
from patients.casebook.page import Page
from patients.entry.reasons import Reason
from patients.entry.refusals import Clash, Conflict, Refused
from tests.patients.entry import desk
from tests.patients.entry.test_saving import A_REASON, NOT_A_REASON
from trial.people.access import actor_at
from trial.trail.actor import Source, acting

pytestmark = pytest.mark.django_db

FIRST = {"form_date": "2023-12-10", "not_done": "Y", "not_done_reason": "too_ill", "src_doc": "emr"}


class Case(NamedTuple):
    """One item of the header: what others make of it, what the editor makes of it, both as they are shown."""

    item: str
    theirs: str
    mine: str
    theirs_shown: str
    mine_shown: str


CASES = (
    Case("form_date", "2023-12-11", "2023-12-12", "2023-12-11", "2023-12-12"),
    Case("form_date", "2023-12-11", "", "2023-12-11", ""),
    Case("not_done_reason", "died", "refused", "died", "refused"),
    Case("not_done_reason", "", "refused", "", "refused"),
    Case("src_doc", "emr|lab_system", "phone_contact", "EMR; lab system", "phone contact"),
    Case("src_doc", "", "phone_contact", "", "phone contact"),
)
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.item} {case.theirs}-{case.mine}")


@pytest.fixture
def page() -> Page:
    """A page of which everything in the header was said at version 1."""
    page = desk.page_of(desk.consented(), "DX")
    desk.save(page, {"relapse_n": "1"}, header=FIRST)
    return desk.now(page)


def header_of(page: Page) -> dict[str, str]:
    kept = desk.now(page)
    return {name: item.text(getattr(kept, column)) for name, item, column in FIELDS}


def clashes(
    page: Page, header: Mapping[str, str], base: int, answers: Mapping[str, str] | None = None
) -> list[Clash]:
    before = desk.content()
    with pytest.raises(Conflict) as conflict:
        desk.save(page, answers, header=header, base=base, why=desk.BECAUSE)
    assert desk.content() == before
    return list(conflict.value.clashes)


def unexplained(page: Page, header: Mapping[str, str], why: Reason | None = None) -> list[tuple[str, str]]:
    """The items for which a reason is asked; nothing may be written meanwhile."""
    before = desk.content()
    with pytest.raises(Refused) as refusal:
        desk.save(page, header=header, why=why)
    assert desk.content() == before
    return [(finding.item, finding.check) for finding in refusal.value.findings]


def test_no_form_has_an_item_of_the_name_of_one_of_the_header() -> None:
    """A place is a row key and an item, and a single form's row has the empty key of the header."""
    for model in declared_forms():
        assert HEADER.keys().isdisjoint(item.name for item in model.items())


# --- versions and merging -------------------------------------------------------------------------------
@pytest.mark.requirement("DI-01")
def test_each_item_has_the_version_at_which_it_last_changed(page: Page) -> None:
    assert page.header_versions == dict.fromkeys(FIRST, 1)
    desk.save(page, {"relapse_n": "2"}, header=FIRST, why=desk.BECAUSE)
    desk.save(page, header=FIRST | {"src_doc": ""}, why=desk.BECAUSE)
    assert desk.now(page).header_versions == dict.fromkeys(FIRST, 1) | {"src_doc": 3}


@pytest.mark.requirement("DI-01")
def test_edits_of_different_items_merge(page: Page) -> None:
    desk.save(page, on="2023-12-11", base=1, why=desk.BECAUSE)
    desk.save(page, header={"src_doc": "phone_contact"}, base=1, why=desk.BECAUSE)
    desk.save(page, {"relapse_n": "2"}, base=1, why=desk.BECAUSE)
    changed = {"form_date": "2023-12-11", "src_doc": "phone_contact"}
    assert header_of(page) == FIRST | changed | {"recorded": ""}
    assert (desk.texts(page)["relapse_n"], desk.now(page).version) == ("2", 4)


@pytest.mark.requirement("DI-01")
def test_two_first_saves_merge_item_by_item() -> None:
    page = desk.page_of(desk.consented(), "DX")
    desk.save(page, header={"form_date": "2023-12-10", "src_doc": "emr"}, base=0)
    desk.save(page, header={"not_done": "Y", "src_doc": "emr"}, base=0)
    kept = {"form_date": "2023-12-10", "not_done": "Y", "not_done_reason": "", "src_doc": "emr"}
    assert header_of(page) == kept | {"recorded": ""}
    assert [clash.item for clash in clashes(page, {"form_date": "2023-12-11"}, 0)] == ["form_date"]


# --- conflicts ------------------------------------------------------------------------------------------
@pytest.mark.requirement("DI-01")
@each_case
def test_edits_of_the_same_item_are_told_with_both_values(case: Case, page: Page) -> None:
    desk.save(page, header={case.item: case.theirs}, base=1, why=desk.BECAUSE)
    (clash,) = clashes(page, {case.item: case.mine}, 1)
    label = str(HEADER[case.item].declared.label)
    assert clash == Clash("", case.item, label, mine=case.mine_shown, theirs=case.theirs_shown)
    assert header_of(page)[case.item] == case.theirs


@pytest.mark.requirement("DI-01")
@each_case
def test_the_same_change_twice_is_no_conflict(case: Case, page: Page) -> None:
    desk.save(page, header={case.item: case.theirs}, base=1, why=desk.BECAUSE)
    before = desk.content()
    assert desk.save(page, header={case.item: case.theirs}, base=1).changed == 0
    assert desk.content() == before


@pytest.mark.requirement("DI-01")
@each_case
def test_a_change_back_and_forth_is_still_a_change(case: Case, page: Page) -> None:
    """The value is as it was read, but somebody has decided twice meanwhile."""
    desk.save(page, header={case.item: case.theirs}, why=desk.BECAUSE)
    desk.save(page, header={case.item: FIRST[case.item]}, why=desk.BECAUSE)
    assert [clash.item for clash in clashes(page, {case.item: case.mine}, 1)] == [case.item]


@pytest.mark.requirement("DI-01")
def test_not_done_taken_back_and_said_again_clashes_with_its_denial(page: Page) -> None:
    desk.save(page, header={"not_done": "N"}, why=desk.BECAUSE)
    desk.save(page, header={"not_done": "Y"}, why=desk.BECAUSE)
    (clash,) = clashes(page, {"not_done": "N"}, 1)
    assert (clash.mine, clash.theirs) == ("No", "Yes")


@pytest.mark.requirement("DI-01")
def test_items_of_header_and_row_are_told_together(page: Page) -> None:
    desk.save(page, {"relapse_n": "2"}, on="2023-12-11", why=desk.BECAUSE)
    found = clashes(page, {"form_date": "2023-12-12", "src_doc": ""}, 1, {"relapse_n": "3"})
    assert [(clash.item, clash.mine, clash.theirs) for clash in found] == [
        ("form_date", "2023-12-12", "2023-12-11"),
        ("relapse_n", "3", "2"),
    ]


@pytest.mark.requirement("DI-01")
def test_a_conflict_comes_before_the_question_for_a_reason(page: Page) -> None:
    desk.save(page, on="2023-12-11", base=1, why=desk.BECAUSE)
    with pytest.raises(Conflict):
        desk.save(page, on="2023-12-12", base=1)


# --- reasons --------------------------------------------------------------------------------------------
@pytest.mark.requirement("AT-04")
@pytest.mark.parametrize("reason", NOT_A_REASON.values(), ids=NOT_A_REASON)
def test_a_change_without_a_reason_is_refused(reason: Reason | None, page: Page) -> None:
    assert unexplained(page, {"form_date": "2023-12-11"}, reason) == [("form_date", "X-SYS-03")]


@pytest.mark.requirement("AT-04")
@pytest.mark.parametrize("reason", A_REASON.values(), ids=A_REASON)
def test_a_change_with_a_reason_is_kept_with_it(reason: Reason, page: Page) -> None:
    desk.save(page, on="2023-12-11", why=reason)
    change = desk.changes_of(desk.last_event())["form_date"]
    assert (change.old, change.new) == ("2023-12-10", "2023-12-11")
    assert (change.reason_code, change.reason) == (reason.code, reason.text)


@pytest.mark.requirement("AT-04")
def test_each_changed_item_needs_a_reason_of_its_own(page: Page) -> None:
    changed = {"form_date": "2023-12-11", "not_done": "N", "not_done_reason": "", "src_doc": "lab_system"}
    assert unexplained(page, changed) == [(name, "X-SYS-03") for name in changed]
    desk.save(page, header=changed, why={name: Reason(text=f"because {name}") for name in changed})
    told = desk.changes_of(desk.last_event())
    assert {name: told[name].reason for name in changed} == {name: f"because {name}" for name in changed}
    assert (told["not_done"].old, told["not_done"].new, told["not_done"].new_shown) == ("Y", "N", "No")


@pytest.mark.requirement("AT-04")
@pytest.mark.parametrize("source", [Source.WEB, Source.API, Source.IMPORT])
def test_every_channel_needs_a_reason(source: Source, page: Page) -> None:
    with pytest.raises(Refused):
        desk.save(page, on="2023-12-11", source=source)
    desk.save(page, on="2023-12-11", why=desk.BECAUSE, source=source)
    assert desk.now(page).header_versions["form_date"] == 2


@pytest.mark.requirement("AT-03", "AT-04")
@pytest.mark.parametrize("item", FIRST)
def test_a_first_entry_needs_no_reason_and_keeps_none(item: str) -> None:
    page = desk.page_of(desk.consented(), "DX")
    desk.save(page, {"relapse_n": "1"}, header={"not_done": "N", "src_doc": ""})
    desk.save(page, header={item: FIRST[item]}, why=Reason("other", "given all the same"))
    change = desk.changes_of(desk.last_event())[item]
    assert (change.old, change.new, change.reason) == ("", FIRST[item], "")


@pytest.mark.requirement("AT-04")
def test_an_answer_that_was_emptied_is_no_first_entry(page: Page) -> None:
    desk.save(page, header={"form_date": ""}, why=desk.BECAUSE)
    assert unexplained(page, {"form_date": "2023-12-10"}) == [("form_date", "X-SYS-03")]


def test_a_reason_that_looks_like_an_identity_is_refused(page: Page) -> None:
    asked = unexplained(page, {"form_date": "2023-12-11"}, Reason("other", "call 13800138000"))
    assert asked == [("form_date", "X-SYS-04")]


# --- pages from before ----------------------------------------------------------------------------------
@pytest.fixture
def old(page: Page) -> Page:
    """A page that was last saved, as version 2, before the header had versions."""
    desk.save(page, {"relapse_n": "2"}, why=desk.BECAUSE)
    page = desk.now(page)
    with transaction.atomic(), acting(actor_at(desk.SYSTEM, site="HZ01", source=Source.COMMAND)):
        page.header_versions = {}
        page.save()
    return desk.now(page)


@pytest.mark.requirement("AT-04")
def test_what_stands_in_an_old_header_needs_a_reason_to_change(old: Page) -> None:
    assert unexplained(old, {"form_date": "2023-12-11"}) == [("form_date", "X-SYS-03")]


@pytest.mark.requirement("DI-01")
def test_whoever_read_an_old_page_before_its_last_save_is_told(old: Page) -> None:
    assert [clash.item for clash in clashes(old, {"form_date": "2023-12-11"}, 1)] == ["form_date"]
    desk.save(old, on="2023-12-11", base=2, why=desk.BECAUSE)
    assert header_of(old)["form_date"] == "2023-12-11"


@pytest.mark.requirement("DI-01")
def test_the_first_save_of_an_old_page_keeps_its_versions(old: Page) -> None:
    desk.save(old, {"relapse_n": "3"}, why=desk.BECAUSE)
    assert desk.now(old).header_versions == dict.fromkeys(FIRST, 2)
    desk.save(old, on="2023-12-11", base=2, why=desk.BECAUSE)
    assert desk.now(old).header_versions == dict.fromkeys(FIRST, 2) | {"form_date": 4}


def test_what_an_old_header_does_not_say_is_a_first_entry() -> None:
    page = desk.page_of(desk.consented(), "DX")
    desk.save(page, {"relapse_n": "1"})
    assert desk.now(page).header_versions == {}
    assert desk.save(page, on="2023-12-10").changed == 1
