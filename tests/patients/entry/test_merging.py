"""Two people on one page: edits of different items merge, edits of the same one are told with both values."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest
from django.db import connections

from patients.casebook.header import FIELDS, HEADER
from patients.casebook.page import Page
from patients.entry.reasons import Reason
from patients.entry.refusals import Clash, Conflict
from patients.models import Demographics, DiseaseHistory
from tests.patients.entry import desk
from trial.people.models import Account
from trial.trail.models import TrailEvent

ROUNDS = int(os.environ.get("RACES", "300"))  # 10,000 in `make faults`


@pytest.fixture
def page(db: None) -> Page:
    """Demographics as saved at version 1."""
    page = desk.page_of(desk.consented(), "DM")
    desk.save(page, desk.DM, on=desk.CONSENT)
    return page


def clashes(page: Page, answers: dict[str, str], base: int) -> list[Clash]:
    before = desk.content()
    with pytest.raises(Conflict) as conflict:
        desk.save(page, answers, base=base, why=desk.BECAUSE)
    assert desk.content() == before
    return list(conflict.value.clashes)


# --- by hand --------------------------------------------------------------------------------------------
@pytest.mark.requirement("DI-01")
def test_edits_of_different_items_merge(page: Page) -> None:
    desk.save(page, {"hctci": "5"}, base=1, why=desk.BECAUSE)
    desk.save(page, {"race": "WHITE"}, base=1, why=desk.BECAUSE)
    kept = desk.texts(page)
    assert (kept["hctci"], kept["race"], desk.now(page).version) == ("5", "WHITE", 3)


@pytest.mark.requirement("DI-01")
def test_edits_of_the_same_item_are_told_with_both_values(page: Page) -> None:
    desk.save(page, {"race": "WHITE"}, base=1, why=desk.BECAUSE)
    (clash,) = clashes(page, {"race": "OTHER", "hctci": "5"}, 1)
    assert clash == Clash("", "race", "Race", mine="Other", theirs="White")
    assert desk.texts(page)["race"] == "WHITE"


@pytest.mark.requirement("DI-01")
def test_every_item_in_question_is_told(page: Page) -> None:
    desk.save(page, {"race": "WHITE", "hctci": "5", "country": "USA"}, base=1, why=desk.BECAUSE)
    found = clashes(page, {"race": "OTHER", "hctci": "6", "sex": "F"}, 1)
    assert {(clash.item, clash.mine, clash.theirs) for clash in found} == {
        ("race", "Other", "White"),
        ("hctci", "6", "5"),
    }


@pytest.mark.requirement("DI-01")
def test_the_same_change_twice_is_no_conflict(page: Page) -> None:
    desk.save(page, {"race": "WHITE"}, base=1, why=desk.BECAUSE)
    before = desk.content()
    assert desk.save(page, {"race": "WHITE"}, base=1).changed == 0
    assert desk.content() == before


@pytest.mark.requirement("DI-01")
def test_whoever_read_the_newest_version_may_change_it(page: Page) -> None:
    desk.save(page, {"race": "WHITE"}, base=1, why=desk.BECAUSE)
    desk.save(page, {"race": "OTHER"}, base=2, why=desk.BECAUSE)
    assert desk.texts(page)["race"] == "OTHER"


@pytest.mark.requirement("DI-01")
def test_a_change_back_and_forth_is_still_a_change(page: Page) -> None:
    """The value is as it was read, but somebody has decided twice meanwhile."""
    desk.save(page, {"race": "WHITE"}, base=1, why=desk.BECAUSE)
    desk.save(page, {"race": "ASIAN"}, base=2, why=desk.BECAUSE)
    (clash,) = clashes(page, {"race": "OTHER"}, 1)
    assert clash.theirs == "Asian"


@pytest.mark.requirement("DI-01")
def test_an_emptied_answer_is_a_change_like_any_other(page: Page) -> None:
    desk.save(page, {"hctci": ""}, base=1, why=desk.BECAUSE)
    (clash,) = clashes(page, {"hctci": "5"}, 1)
    assert (clash.mine, clash.theirs) == ("5", "")


@pytest.mark.requirement("DI-01")
def test_a_missing_reason_is_a_change_like_any_other(page: Page) -> None:
    desk.save(page, {"hctci": "", "hctci__missing": "unknown"}, base=1, why=desk.BECAUSE)
    (clash,) = clashes(page, {"hctci": "5"}, 1)
    assert (clash.mine, clash.theirs) == ("5", "Unknown")


@pytest.mark.requirement("DI-01")
def test_two_first_saves_merge_item_by_item(db: None) -> None:
    page = desk.page_of(desk.consented(), "DM")
    desk.save(page, {"sex": "F", "race": "ASIAN"}, base=0)
    desk.save(page, {"hctci": "5", "race": "ASIAN"}, base=0)
    assert desk.texts(page) == {"sex": "F", "race": "ASIAN", "hctci": "5"}
    assert [clash.item for clash in clashes(page, {"sex": "M"}, 0)] == ["sex"]


@pytest.mark.requirement("DI-01")
def test_a_conflict_comes_before_the_question_for_a_reason(page: Page) -> None:
    desk.save(page, {"race": "WHITE"}, base=1, why=desk.BECAUSE)
    with pytest.raises(Conflict):
        desk.save(page, {"race": "OTHER"}, base=1)


def test_a_derived_item_never_stands_in_the_way(page: Page) -> None:
    """Consent changes the age; whoever edits the demographics meanwhile is not asked about it."""
    subject = page.subject
    desk.save(desk.page_of(subject, "ELIG"), {"icf_main_dt": "2022-04-03 10:00"}, why=desk.BECAUSE)
    desk.save(page, {"hctci": "5"}, base=1, why=desk.BECAUSE)
    assert desk.texts(page)["age_consent"] == "29.9"


def test_the_birth_date_of_a_conflict_is_told_to_those_who_type_it(page: Page) -> None:
    desk.save(page, {"birth_date": "1991"}, base=1, why=desk.BECAUSE)
    (clash,) = clashes(page, {"birth_date": "1990"}, 1)
    assert (clash.mine, clash.theirs) == ("1990", "1991")


# --- many times ----------------------------------------------------------------------------------------
ITEMS = {
    "relapse_n": [str(n) for n in range(11)],
    "bm_blast_scr_pct": [f"{n}.{n % 10}" for n in range(100)],
    "pb_blast_scr_pct": [f"{n}.0" for n in range(100)],
    "cd7_pct": [f"{n}.5" for n in range(99)],
    "cd7_mfi": ["bright", "moderate", "dim", "unknown"],
    "lip_markers": [f"CD7+ CD{n}+" for n in range(100)],
    "form_date": [f"2023-12-{day}" for day in range(10, 32)],
    "src_doc": ["", "emr", "emr|lab_system", "phone_contact"],
}


@dataclass
class Editor:
    """Somebody who has read a version of the page and typed something."""

    base: int
    typed: dict[str, str]

    @property
    def answers(self) -> dict[str, str]:
        return {name: text for name, text in self.typed.items() if name not in HEADER}

    @property
    def header(self) -> dict[str, str]:
        return {name: text for name, text in self.typed.items() if name in HEADER}


@dataclass
class Expected:
    """What the page must hold, and when each item last changed."""

    version: int = 0
    kept: dict[str, str] = field(default_factory=dict)
    changed_at: dict[str, int] = field(default_factory=dict)

    @property
    def filled(self) -> dict[str, str]:
        return {name: text for name, text in self.kept.items() if text}

    def different(self, editor: Editor) -> set[str]:
        return {name for name, text in editor.typed.items() if text != self.kept.get(name, "")}

    def in_conflict(self, editor: Editor) -> set[str]:
        return {name for name in self.different(editor) if self.changed_at.get(name, 0) > editor.base}

    def save(self, editor: Editor) -> None:
        if different := self.different(editor):
            self.version += 1
            self.changed_at |= dict.fromkeys(different, self.version)
            self.kept |= {name: editor.typed[name] for name in different}


def an_editor(random: Random, version: int) -> Editor:
    names = random.sample(list(ITEMS), random.randint(1, len(ITEMS)))
    return Editor(version, {name: random.choice(ITEMS[name]) for name in names})


def told(page: Page, editor: Editor) -> set[str]:
    """The items that a save is told to be in conflict; none where it went through."""
    try:
        desk.save(page, editor.answers, header=editor.header, base=editor.base, why=desk.BECAUSE)
    except Conflict as conflict:
        return {clash.item for clash in conflict.clashes}
    return set()


def content_of(page: Page) -> dict[str, str]:
    """What stands on the page, in its header and in its row."""
    header = {name: item.text(getattr(page, column)) for name, item, column in FIELDS if name in ITEMS}
    return {name: text for name, text in (header | desk.texts(page)).items() if text}


@pytest.mark.requirement("DI-01")
def test_in_many_races_nothing_is_lost_and_every_conflict_is_told(
    db: None, tried: Callable[[int], None]
) -> None:
    """Two read, two save, in any order, some having read several versions ago."""
    tried(2 * ROUNDS)
    random = Random(1)
    page = desk.page_of(desk.consented(), "DX")
    expected = Expected()
    waiting: list[Editor] = []
    conflicts = merges = 0
    for _ in range(ROUNDS):
        waiting = [*waiting[-3:], *(an_editor(random, expected.version) for _ in range(2))]
        random.shuffle(waiting)
        for editor in [waiting.pop() for _ in range(random.randint(1, 2))]:
            in_conflict = expected.in_conflict(editor)
            assert told(page, editor) == in_conflict
            if in_conflict:
                conflicts += 1
            else:
                merges += editor.base < expected.version
                expected.save(editor)
    page = desk.now(page)
    assert page.version == expected.version
    assert content_of(page) == expected.filled
    assert desk.row_of(page).item_versions | page.header_versions == expected.changed_at
    assert min(conflicts, merges) > ROUNDS / 20
    told_by_trail = replayed(TrailEvent.objects.filter(form="DX").order_by("pk"))
    assert {name: text for name, text in told_by_trail.items() if text} == expected.filled


def replayed(events) -> dict[str, str]:
    """The page as the trail tells it: each change begins where the last one ended."""
    state: dict[str, str] = {}
    for event in events.prefetch_related("changes"):
        for change in event.changes.all():
            if change.item in ITEMS:
                assert state.get(change.item, "") == change.old
                state[change.item] = change.new
    return state


# --- two at the same moment -----------------------------------------------------------------------------
def at_once(page: Page, *saves: tuple[Account, dict[str, str]], base: int) -> list[object]:
    """Each save in a thread of its own, all begun together; what came of each."""
    meet = threading.Barrier(len(saves), timeout=30)
    results: list[object] = [None] * len(saves)

    def run(number: int, by: Account, answers: dict[str, str]) -> None:
        try:
            meet.wait()
            results[number] = desk.save(page, answers, by=by, base=base, why=Reason("late_source"))
        except Conflict as conflict:
            results[number] = conflict
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number, *save)) for number, save in enumerate(saves)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert None not in results
    return results


@pytest.mark.requirement("DI-01")
def test_two_saves_at_the_same_moment_lose_nothing(transactional_db: None) -> None:
    page = desk.page_of(desk.consented(), "DM")
    desk.save(page, desk.DM, on=desk.CONSENT)
    ana, ben = desk.a_member(), desk.a_member(user_name="ben.wu")
    for number in range(8):
        base = desk.now(page).version
        mine, theirs = str(2 * number + 1), str(2 * number + 2)
        results = at_once(page, (ana, {"hctci": mine}), (ben, {"hctci": theirs}), base=base)
        (conflict,) = [result for result in results if isinstance(result, Conflict)]
        kept = desk.texts(page)["hctci"]
        assert kept in (mine, theirs)
        (clash,) = conflict.clashes
        assert {clash.mine, clash.theirs} == {mine, theirs}
        assert clash.theirs == kept
        assert desk.now(page).version == base + 1
    assert desk.rows_that_differ_from_their_newest_version() == []


@pytest.mark.requirement("DI-01")
def test_two_saves_of_different_items_at_the_same_moment_both_stand(transactional_db: None) -> None:
    page = desk.page_of(desk.consented(), "DM")
    desk.save(page, desk.DM, on=desk.CONSENT)
    ana, ben = desk.a_member(), desk.a_member(user_name="ben.wu")
    for number in range(8):
        base = desk.now(page).version
        race = ("WHITE", "OTHER")[number % 2]
        at_once(page, (ana, {"hctci": str(number + 10)}), (ben, {"race": race}), base=base)
        kept = desk.texts(page)
        assert (kept["hctci"], kept["race"], desk.now(page).version) == (str(number + 10), race, base + 2)
    assert Demographics.history.count() == 1 + 16
    assert set(Demographics.history.values_list("history_user_id", flat=True)[:16]) == {"ana.li", "ben.wu"}


@pytest.mark.requirement("DI-01")
def test_two_first_saves_at_the_same_moment_make_one_row(transactional_db: None) -> None:
    subject = desk.consented()
    page = desk.page_of(subject, "DX")
    ana, ben = desk.a_member(), desk.a_member(user_name="ben.wu")
    at_once(page, (ana, {"dx_type": "aml"}), (ben, {"relapse_n": "1"}), base=0)
    assert DiseaseHistory.objects.filter(page=page).count() == 1
    assert desk.texts(page) == {"dx_type": "aml", "relapse_n": "1"}


def test_saves_of_two_forms_of_one_subject_at_the_same_moment_see_each_other(transactional_db: None) -> None:
    """Rules look across the forms of a subject, so its saves wait for each other: an age is never left
    as it was before the other save."""
    subject = desk.consented()
    demographics, eligibility = desk.page_of(subject, "DM"), desk.page_of(subject, "ELIG")
    desk.save(demographics, desk.DM, on=desk.CONSENT)
    meet = threading.Barrier(2, timeout=30)

    def run(page: Page, answers: dict[str, str]) -> None:
        try:
            meet.wait()
            desk.save(page, answers, why=desk.BECAUSE)
        finally:
            connections.close_all()

    for year in range(1985, 1991):
        threads = [
            threading.Thread(target=run, args=(demographics, {"birth_date": f"{year}-04-04"})),
            threading.Thread(target=run, args=(eligibility, {"icf_main_dt": f"{year + 35}-04-20 10:00"})),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert desk.texts(demographics)["age_consent"] == "35.0"
