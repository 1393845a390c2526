"""redcaplite, unmodified, asks the answers for REDCap scripts (`make check-external`).

It lives in an environment of its own (`.venv-readers`), since it needs another pandas than our tools do.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from analytics.exports.disclosure import Dates, Disclosure
from analytics.exports.files import tables_for
from analytics.locks.models import Lock
from tests.analytics.exports.conftest import a_key

ROOT = Path(__file__).parents[3]
CALLS = Path(__file__).with_name("redcaplite_calls.py")


@pytest.mark.django_db(transaction=True)
def test_redcaplite_is_told_what_the_tables_hold(lock: Lock, live_server: Any) -> None:
    key = a_key(dates=Dates.TRUE, filing="2025-BGH-1")
    asked = [str(ROOT / ".venv-readers/bin/python"), str(CALLS), live_server.url, key]
    said = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
    table = tables_for(lock, Disclosure(Dates.TRUE, "2025-BGH-1"))["AE"].frame()
    terms = [row["ae_term"] for row in said["records"] if row["redcap_repeat_instrument"] == "ae"]
    assert sorted(terms) == sorted(table["ae_term"])
    assert sorted(row["ae_term"] for row in said["records_csv"]) == sorted(terms)
    assert {row["sex"] for row in said["labels"]} >= {"Female", "Male"}
    assert {row["form_name"] for row in said["metadata_csv"]} == {"dm"}
    assert {"ae", "dm"} <= {row["instrument_name"] for row in said["instruments"]}
    for name in ("written", "deleted"):
        assert said[name].startswith("refused: Bad Request: This API is for reading"), said[name]
    assert said["stranger"].startswith("refused: ")
    others = set(said) - {"written", "deleted", "stranger"}
    assert {name for name in others if not said[name] or str(said[name]).startswith("refused")} == set()
