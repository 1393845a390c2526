"""Two web servers and two workers over one PostgreSQL and one Redis are one registry (scale out)."""

import json
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.analytics.workers import LEASE, Row, take_in, undisturbed, worker
from tests.conftest import Registry
from tests.faults.check_login_flood import PASSWORD, sign_in
from tests.faults.judge import judge
from tests.faults.studies import studies
from tests.faults.test_workers import Bell
from tests.faults.web import Web, ask, web_server
from tests.trial.storage.conftest import access, s3_endpoint
from trial.storage.access import Access

__all__ = ["access", "s3_endpoint"]
pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]
FILL = """
from tests.patients.web import people
from trial.people.roles import Role
print(people.page_of(people.a_subject(), "RESP", "SCR").pk)
for name in ("lin.qiao", "ana.li"):
    print(people.signed_in(people.a_member(Role.COORDINATOR, name=name)).cookies["sessionid"].value)
"""
MOST_OF_NAME = 5


@dataclass(frozen=True)
class House:
    """Two web servers, a page, and the sessions of two coordinators."""

    registry: Registry
    webs: tuple[Web, Web]
    page: int
    lin: str
    ana: str

    def url(self, web: int) -> str:
        return f"{self.webs[web].address}/api/v1/pages/{self.page}"

    def save(self, web: int, session: str, version: int, **values: str) -> int:
        reasons = {"": {name: {"code": "late_source"} for name in values}} if version else {}
        body = {"base_version": version, "rows": {"": values}, "reasons": reasons}
        return int(ask(self.url(web), session, body)["version"])


@pytest.fixture
def house(registry: Registry) -> Iterator[House]:
    told = registry.run("shell", "--verbosity=0", "-c", FILL).stdout.split()
    with web_server(registry) as one, web_server(registry) as other:
        yield House(registry, (one, other), int(told[0]), *told[1:])


@pytest.mark.requirement("DI-01")
def test_what_is_saved_at_one_web_server_stands_at_the_other(house: House) -> None:
    """A session opened anywhere is good everywhere, other items merge, and the same one is a conflict."""
    assert house.save(0, house.lin, 0, mol_marker="M1") == 1
    assert ask(house.url(1), house.lin)["rows"][""]["mol_marker"] == "M1"
    assert house.save(1, house.ana, 1, mol_marker="M2") == 2
    assert house.save(0, house.lin, 1, pb_blast="1.0") == 3, "another item: both stand"
    with pytest.raises(urllib.error.HTTPError) as refused:
        house.save(0, house.lin, 1, mol_marker="M3")
    assert refused.value.code == 409
    (clash,) = json.loads(refused.value.read())["conflicts"]
    assert (clash["mine"], clash["theirs"]) == ("M3", "M2")
    body = {"base_version": 3, "rows": {"": {"mol_marker": "M4"}}}
    body["reasons"] = {"": {"mol_marker": {"code": "late_source"}}}
    answers = [ask(house.url(web), house.lin, body, "one-key") for web in (0, 1, 0)]
    assert [answer["version"] for answer in answers] == [4, 4, 4], "sent again to another server: done once"
    assert judge(house.registry, {house.page: ["M1", "M2", "M4"]}) == []


@pytest.mark.requirement("AC-11")
def test_wrong_passwords_are_counted_for_both_web_servers(house: House) -> None:
    for number in range(MOST_OF_NAME):
        answered = sign_in(house.webs[number % 2], "ana.li", "a wrong one", from_=f"127.0.0.{10 + number}")
    assert answered in (200, 429)
    for web in house.webs:
        assert sign_in(web, "ana.li", PASSWORD, from_="127.0.0.1") == 429
        assert sign_in(web, "lin.qiao", PASSWORD, from_="127.0.0.1") == 302


@pytest.mark.requirement("LK-07")
@pytest.mark.parametrize("by", ["a folder", "a store"])
def test_a_run_that_two_workers_share_ends_in_one_result(
    registry: Registry, redis_url: str, tried: Callable[..., None], by: str, request: pytest.FixtureRequest
) -> None:
    """With a store each of them has a folder of its own, and neither has the snapshot in it."""
    (row,) = take_in(registry, *(sealed := studies(registry, 1, 200 if by == "a store" else 400)))
    shared = LEASE | {"CHIMERA_BROKER_URL": redis_url, "CHIMERA_RUN_SLICE_SUBJECTS": "20"}
    shared["CHIMERA_RUN_LEASE_SECONDS"] = "60"
    own: list[dict[str, str]] = [{}, {}]
    if by == "a store":
        shared |= stored(registry, request.getfixturevalue("access"))
        own = [{"CHIMERA_SNAPSHOT_DIR": str(registry.home / name)} for name in ("first", "second")]
    bell = Bell(redis_url)
    with ExitStack() as stack:
        one, other = (stack.enter_context(worker(registry, **shared, **each)) for each in own)
        stack.callback(bell.close)
        held: set[str] = set()

        def ended() -> bool:
            held.update(holders(row))
            return row.state == "done"

        bell.ring(row)
        bell.ring(row)
        one.wait_until(ended)
        assert other.process.poll() is None
    assert row.result == undisturbed(sealed[0])
    assert row.count("analytics_run") == row.count("trial_trailevent", "action = 'run.finished'") == 1
    assert len(held) > 1, "both had a part in it"
    assert judge(registry) == []


def stored(registry: Registry, access: Access) -> dict[str, str]:
    """The snapshots of a registry in a store; what a process needs to read them there."""
    found = {f"CHIMERA_STORE_{name.upper()}": getattr(access, name) for name in ("endpoint", "key", "secret")}
    found["CHIMERA_SNAPSHOT_STORE"] = f"s3://{access.bucket}/{access.prefix}"
    registry.run("fill_store", env=found)
    return found


def holders(row: Row) -> list[str]:
    """Who holds a part of the run just now."""
    told = row.ask("SELECT string_agg(DISTINCT holder, ' ') FROM analytics_runpart WHERE state = 'running'")[
        0
    ]
    return (told or "").split()
