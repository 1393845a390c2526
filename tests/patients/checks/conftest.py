"""What a registry holds beside the casebook in which a check is shown."""

from datetime import date

import pytest

from tests.patients.entry import desk
from trial.people.roles import Role
from trial.protocol.models import ConsentVersion


@pytest.fixture(autouse=True)
def registry(db: None) -> None:
    """A releaser of the cell-therapy laboratory, a coordinator, and a second version of the consent."""
    desk.a_member(Role.CELL_LAB, user_name="qa.hz01")
    desk.a_member(Role.COORDINATOR, user_name="coordinator.hz01")
    began = date(2025, 6, 1)
    ConsentVersion.objects.create(version="2.0", language="zh", approved_on=began, in_force_from=began)
