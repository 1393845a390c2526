"""Every act that there is leaves exactly one event, which names its actor and its object (AT-09)."""

from pathlib import Path
from typing import Any

import pytest

from patients.web.acts import ACTS as ACTS_IN_WORDS
from tests.acts import accounts, casebook, signing_in, study  # noqa: F401  they fill the table
from tests.acts.kinds import kinds_in_source
from tests.acts.world import ACTS, Act, World
from tests.patients.web import people
from tests.trial.people import persons
from trial.environment import SecretPlace
from trial.people.roles import Role
from trial.trail.kinds import ACCOUNT_ACTS, ACTS_OVER_SITES, REGISTRY_ACTS
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    settings.SNAPSHOT_DIR = tmp_path / "snapshots"
    settings.CHIMERA_HOME = tmp_path
    settings.SEAL_KEY = SecretPlace(path=tmp_path / "keys" / "seal_key", made_here=True)
    settings.NEW_SEAL_KEY = SecretPlace(path=tmp_path / "keys" / "new_seal_key", made_here=True)
    coordinator = people.a_member(Role.COORDINATOR, name="lin.qiao")
    manager = people.a_member(Role.DATA_MANAGER, name="mei.zhang")
    secret = persons.with_telephone(manager)
    return World(people.a_subject(), coordinator, manager, secret, tmp_path, monkeypatch)


@pytest.mark.requirement("AT-09")
def test_each_kind_of_act_in_the_source_is_done_by_a_row_of_the_table() -> None:
    """A new act fails here until a row does it."""
    found = kinds_in_source()
    assert len(found) >= 50, "the kinds are read from the source"
    assert found == {each.name for each in ACTS}
    assert set(ACTS_IN_WORDS) - {"ledger.begun"} == found, "each is said in words"


@pytest.mark.requirement("AT-09")
@pytest.mark.parametrize(
    "act", [pytest.param(each, id=each.prepare.__name__, marks=each.marks) for each in ACTS]
)
def test_an_act_is_exactly_one_event_with_its_actor_and_its_object(act: Act, world: World) -> None:
    deed = act.prepare(world)
    before = TrailEvent.objects.latest("pk").pk
    deed()
    event = TrailEvent.objects.get(pk__gt=before, action=act.name)  # raises unless it is one
    assert event.actor.startswith(act.actor)
    assert event.site or act.name in ACCOUNT_ACTS | REGISTRY_ACTS | ACTS_OVER_SITES, "somebody reads it"
    objects = (event.about, event.site, f"{event.subject} {event.visit} {event.form}".strip())
    assert any(each.startswith(act.about) and each for each in objects), objects
