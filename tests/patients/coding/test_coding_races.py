"""Two people code one term at the same time, and a coordinator changes its text meanwhile."""

from collections.abc import Callable
from pathlib import Path

import pytest

from patients.casebook.page import Page
from patients.coding.codes import Coding, How
from patients.coding.coding_act import Choice, NotCoded, Seen, TermChanged, code_terms
from patients.coding.schemes import Kind
from tests.patients.coding.distributions import events_of, loaded, meddra, states, term_called, the_terms
from tests.patients.entry import desk
from tests.patients.entry.test_freezing_races import all_begun_together
from trial.people.models import Account
from trial.people.roles import Role

HERE, ROUNDS = "HZ01-001", 6


@pytest.fixture
def coders(transactional_db: None, tmp_path: Path) -> list[Account]:
    loaded(Kind.MEDDRA, meddra(tmp_path))
    events_of(**{f"r{number}": "fever" for number in range(1, ROUNDS + 1)})
    return [desk.a_member(Role.DATA_MANAGER, user_name=name) for name in ("mei.zhang", "bo.lin")]


def coding(seen: Seen, name: str, by: Account) -> Callable[[], object]:
    choice = Choice(seen, term_called(name))

    def act() -> object:
        try:
            return code_terms([choice], how=How.CHOSEN, by=by)
        except NotCoded as refused:
            return refused

    return act


def test_of_two_who_code_at_once_one_is_told_to_look_again(coders: list[Account]) -> None:
    for term in the_terms():
        seen = Seen.of(term)
        came = all_begun_together(coding(seen, "Fever", coders[0]), coding(seen, "Pyrexia", coders[1]))
        assert sorted(map(str, map(type, came))) == sorted([str(int), str(TermChanged)])
    assert Coding.objects.count() == ROUNDS


def test_a_text_that_changes_meanwhile_is_never_coded_as_the_old_one(coders: list[Account]) -> None:
    for number, term in enumerate(the_terms(), 1):
        page, key = Page.objects.get(pk=term.page), str(number)

        def change(page: Page = page, key: str = key) -> object:
            return desk.save(page, rows={key: {"ae_term": "chills"}}, why=desk.BECAUSE).changed

        coded, changed = all_begun_together(coding(Seen.of(term), "Fever", coders[0]), change)
        assert changed == 1
        assert states()[HERE, key] == ("uncoded" if isinstance(coded, TermChanged) else "changed")
