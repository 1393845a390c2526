"""R reads what is exported (`make check-external`): the archive by its own script, and the quick-start."""

import json
import subprocess
import zipfile
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from analytics.exports.bundle import bundle_of
from analytics.exports.disclosure import Disclosure
from analytics.exports.files import tables_for
from analytics.locks.models import Lock
from analytics.runs.results import estimates_of
from tests.analytics.exports.quickstarts import FOLDER, said

SHAPES = """
source("import.R")
for (name in sub("[.]csv$", "", list.files("csv"))) {
  d <- get(name)
  cat(sprintf('["%s", %d, %d]\\n', name, nrow(d), ncol(d)))
}
"""


@pytest.mark.django_db
def test_r_reads_the_archive_by_its_script(lock: Lock, tmp_path: Path) -> None:
    zipfile.ZipFile(bundle_of(lock, ["csv"], Disclosure()).path).extractall(tmp_path)
    told = subprocess.run(
        ["Rscript", "--vanilla", "-e", SHAPES], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    found = {name: (rows, columns) for name, rows, columns in map(json.loads, told.stdout.splitlines())}
    tables = tables_for(lock, Disclosure())
    assert found == {name: table.frame().shape for name, table in tables.items() if not table.folder}


@pytest.mark.django_db(transaction=True)
def test_the_quick_start_in_r_says_what_the_lock_says(lock: Lock, key: str, live_server: LiveServer) -> None:
    values = {one.figure: one.value for one in estimates_of(lock)}
    told = said("Rscript", FOLDER / "survival.R", live_server.url, key)
    year = (values["os_12m"], values["os_12m_lo"], values["os_12m_hi"])
    assert f"{values['os_events_n']:.0f} died" in told
    assert "alive at 12 months: {:.1f} % ({:.1f} to {:.1f})".format(*year) in told
