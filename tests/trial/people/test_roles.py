"""The table of the roles: duties that must be apart are (AC-05)."""

import pytest

from trial.people.roles import APART, SENTENCES, TABLE, Permission, Role, joined

MAY_NOT = {
    Role.COORDINATOR: {Permission.VERIFY, Permission.LOCK, Permission.EXPORT, Permission.QUERY},
    Role.INVESTIGATOR: {Permission.VERIFY, Permission.LOCK, Permission.QUERY},
    Role.PRINCIPAL_INVESTIGATOR: {Permission.VERIFY, Permission.LOCK},
    Role.CELL_LAB: {Permission.READ_IDENTITY, Permission.VERIFY, Permission.LOCK},
    Role.MONITOR: {Permission.ENTER, Permission.LOCK, Permission.READ_IDENTITY, Permission.EXPORT},
    Role.DATA_MANAGER: {Permission.ENTER, Permission.VERIFY, Permission.READ_IDENTITY},
    Role.MEDICAL_MONITOR: {Permission.ENTER, Permission.READ_IDENTITY},
    Role.STATISTICIAN: {Permission.READ, Permission.ENTER, Permission.READ_IDENTITY},
    Role.SPONSOR: {Permission.READ, Permission.ENTER, Permission.READ_IDENTITY},
    Role.AUDITOR: {Permission.ENTER, Permission.EXPORT, Permission.READ_IDENTITY, Permission.LOCK},
}
"""The right column of the specification, 5.3, as far as there are rights for it."""
AFTER_ENTRY = {
    Permission.VERIFY,
    Permission.QUERY,
    Permission.JUDGE,
    Permission.FREEZE,
    Permission.LOCK,
    Permission.IMPORT,
}


@pytest.mark.requirement("AC-05")
@pytest.mark.parametrize("role", Role)
def test_no_role_holds_together_what_must_be_apart(role: Role) -> None:
    assert joined(TABLE[role]) == []


@pytest.mark.requirement("AC-05")
def test_who_enters_neither_verifies_nor_closes_queries_nor_locks() -> None:
    for role in Role:
        if Permission.ENTER in TABLE[role]:
            assert not TABLE[role] & AFTER_ENTRY, role


@pytest.mark.requirement("AC-05")
@pytest.mark.parametrize("role", MAY_NOT)
def test_a_role_may_not_what_the_specification_says(role: Role) -> None:
    assert not TABLE[role] & MAY_NOT[role]


@pytest.mark.requirement("AC-05")
def test_only_the_medical_monitor_judges_for_the_sponsor() -> None:
    assert [role for role in Role if Permission.JUDGE in TABLE[role]] == [Role.MEDICAL_MONITOR]


@pytest.mark.requirement("AC-05")
def test_an_account_administrator_sees_no_trial_data() -> None:
    manage = {Permission.MANAGE_ACCOUNTS, Permission.READ_ACCESS, Permission.READ_ACCOUNT_TRAIL}
    assert TABLE[Role.ACCOUNT_ADMINISTRATOR] == manage
    assert [role for role in Role if Permission.MANAGE_ACCOUNTS in TABLE[role]] == [
        Role.ACCOUNT_ADMINISTRATOR
    ]
    assert APART[Permission.MANAGE_ACCOUNTS] == set(Permission) - manage


@pytest.mark.requirement("AC-05")
def test_who_locks_is_not_the_only_one_who_approves_an_unlock() -> None:
    approve = {role for role in Role if Permission.APPROVE_LOCK in TABLE[role]}
    assert any(Permission.LOCK not in TABLE[role] for role in approve)


@pytest.mark.requirement("AC-03")
def test_identity_is_for_those_who_care_for_the_subject() -> None:
    for role in Role:
        if Permission.READ_IDENTITY in TABLE[role]:
            assert {Permission.READ, Permission.ENTER} <= TABLE[role], role


def test_every_right_is_somebodys_and_is_said_in_words() -> None:
    assert set(SENTENCES) == set(Permission) == set().union(*TABLE.values())
    assert set(TABLE) == set(Role)
