"""Who follows `/api/v1/sync` has what the registry has."""

import pytest

from tests.analytics.exports.live.conftest import Registry, a_token, get, walked
from tests.analytics.exports.live.replica import Replica, of_lists
from tests.patients.entry import desk
from trial.people.tokens import Dates
from trial.trail.ledger import LedgerLeaf
from trial.trail.models import TrailEvent
from trial.trail.seals import seal_trail

pytestmark = pytest.mark.django_db


def followed(key: str, replica: Replica | None = None) -> Replica:
    replica = replica or Replica()
    while replica.follow(lambda address: get(address, key).json()):
        pass
    return replica


@pytest.mark.parametrize("dates", Dates)
def test_a_replica_is_what_the_registry_is(registry: Registry, dates: Dates) -> None:
    """Derived values of other pages, corrections, emptied items, rows made void and restored."""
    key = a_token(dates=dates)
    replica = followed(key)
    values, states = of_lists(walked("items", key), walked("pages", key))
    assert replica.standing == values
    assert replica.states == states
    desk.save(registry.log, rows={"2": {"void": "N"}}, why=desk.BECAUSE)
    desk.save(registry.log, rows={"1": {"void": "Y"}, "3": {"ae_term": "cough"}}, why=desk.BECAUSE)
    dm = desk.page_of(registry.died, "DM")
    desk.save(dm, {"hctci": "", "hctci__missing": "unknown", "sex": "F"}, why=desk.BECAUSE)
    desk.save(dm, {"hbcab": ""}, why=desk.BECAUSE)
    before = replica.standing
    assert followed(key, replica).standing == before  # nothing of it is sealed
    seal_trail()
    assert followed(key, replica).standing == of_lists(walked("items", key), [])[0]
    assert {row for _subject, form, _visit, row, _item in replica.standing if form == "AE"} == {"2", "3"}
    assert replica.seen == sorted(set(replica.seen), key=int)


def test_reading_makes_nothing_to_read(registry: Registry) -> None:
    """Each answer is an act on the trail; who polls does not see its own, and comes to an end."""
    key = a_token()
    replica, acts = followed(key), TrailEvent.objects.count()
    for _ in range(2):
        seal_trail()
        followed(key, replica)
    assert TrailEvent.objects.count() == acts
    assert replica.after == LedgerLeaf.objects.latest("seq").seq
    assert "data.exported" not in {act["action"] for act in walked("trail", key)}


def test_the_end_of_a_page_is_told_by_its_number(registry: Registry) -> None:
    key = a_token()
    first = get("sync?limit=3", key).json()
    numbers = [one["seq"] for one in first["entries"]]
    assert first["after"] == numbers[-1] < first["sealed"]
    assert len(set(numbers)) == 3
    assert f"after={first['after']}" in first["next"]
