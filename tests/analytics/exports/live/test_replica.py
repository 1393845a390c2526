"""Programs read from a replica of PostgreSQL that streams, and lose nothing by its lag."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests import services
from tests.conftest import Registry
from tests.faults.test_database import filled

TELL = "from tests.analytics.exports.live.lagging import tell; tell()"
UNSAFE = {"fsync": "off", "synchronous_commit": "off"}


@pytest.fixture
def seen(registry_template: Registry, tmp_path: Path) -> dict[str, Any]:
    with services.cluster(UNSAFE) as primary, primary.running():
        registry = filled(primary.url, registry_template, tmp_path)
        with services.standby(primary) as replica:
            url = urlsplit(replica.url)._replace(path="/registry").geturl()
            done = registry.run("shell", "--verbosity=0", "-c", TELL, env={"REPLICA_DATABASE_URL": url})
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.postgresql
@pytest.mark.requirement("CP-05")
def test_a_replica_that_lags_makes_a_reader_miss_and_repeat_nothing(seen: dict[str, Any]) -> None:
    assert seen["first"] > 0 < seen["values"]
    assert (seen["still"], seen["stale"]) == (0, "4"), "the replica answers, and stands still"
    assert seen["ahead"] == [[], None, True], (
        "a place that it has not come to yet: nothing, and the same place"
    )
    assert seen["file"] == [200, True], "of a lock that it has not, the primary is asked"
    assert seen["revoked"] == 401, "who may is asked of the primary"
    assert seen["typed"], "what nobody has hidden is told as the replica has it"
    assert seen["hidden"] == [False, False, True], "what is hidden at the primary is told by nobody"
    assert "bytes behind" in seen["lag"][0]
    assert not seen["lag"][0].split()[2].startswith("0"), seen["lag"]
    assert (seen["gone on"], seen["fresh"]) == (1, "5")
    assert (seen["each once"], seen["same"]) == (True, True)
    assert seen["look"][0].startswith("right")
    value, (look,) = seen["promoted"]
    assert (value, look.split()[0]) == ("6", "wrong"), "one that became a primary is not read any more"
    assert seen["away"] == "6"
