"""A coordinator, who may sign in with a password alone, and a data manager, who may not."""

import pytest

from tests.trial.people import persons
from trial.people.models import Account
from trial.people.roles import Role


@pytest.fixture
def coordinator(db: None) -> Account:
    return persons.a_person(Role.COORDINATOR)


@pytest.fixture
def manager(db: None) -> Account:
    return persons.a_person(Role.DATA_MANAGER, "mei.zhang")
