"""Small sites are merged and subjects have pseudonyms for who reads of several sites with moved dates."""

import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from django.conf import settings
from lxml import etree

from analytics.exports.about import about
from analytics.exports.disclosure import Disclosure, disclosed
from analytics.exports.kept_tables import tables_of_snapshot
from analytics.exports.naming import LEAST, MERGED, Naming, hiding, merged, names_a_site, pseudonym_of
from analytics.exports.odm.snapshot_file import write_snapshot as write_odm
from analytics.exports.tables import Table
from analytics.locks.models import Lock, Snapshot
from analytics.locks.snapshot import site_of_each, write_snapshot
from patients.casebook.odm import NAMESPACE
from tests.analytics.casebooks import CutContent, default_configuration, without_database
from tests.analytics.exports.odm_judges import judge
from tests.analytics.reports.conftest import CUTOFF
from trial.people.tokens import Dates

pytestmark = [pytest.mark.xdist_group("exports"), pytest.mark.requirement("PV-04")]
HIDDEN = Disclosure(filing="2025-BGH-1", hides_sites=True)
SITES = ["HZ01"] * 5 + ["BJ02"] * 2 + ["GZ03"]
"""Of each subject; those of two sites are too few together with five wanted, so that the third joins them."""


@pytest.fixture(scope="module")
def several(cohort: list[CutContent]) -> Lock:
    """A cut of some of the cohort, as if they were of three sites, each with somebody of its own as staff."""
    content = sorted(
        (at_site(site, number, one) for number, (site, one) in enumerate(zip(SITES, cohort, strict=False))),
        key=lambda one: one[0].subject,
    )
    sealed = write_snapshot(Path(settings.SNAPSHOT_DIR), CUTOFF, iter(content))
    snapshot = Snapshot(hash=sealed.hash, cutoff=CUTOFF, subjects=sealed.subjects, values=sealed.values)
    return Lock(pk=2, snapshot=snapshot, cutoff=CUTOFF, made_at=datetime(2025, 8, 6, 9, tzinfo=UTC))


def at_site(site: str, number: int, one: CutContent) -> CutContent:
    facts, values = one
    code = f"{site}-{number + 1:03d}"
    own = [
        value._replace(subject=code, value=f"somebody.{site}")
        if value.value and names_a_site(value.form, value.item)
        else value._replace(subject=code)
        for value in values
    ]
    return replace(facts, subject=code, site=site), own


@pytest.fixture(scope="module")
def naming(several: Lock) -> Naming:
    return hiding(site_of_each(several.snapshot.path), default_configuration() | {LEAST: "3"})


@pytest.fixture(scope="module")
def hidden_tables(several: Lock, naming: Naming) -> dict[str, Table]:
    """All tables as that reader has them."""
    with without_database():
        tables = tables_of_snapshot(several.snapshot, default_configuration())
        return {key: naming.table(disclosed(table, HIDDEN)) for key, table in tables.items()}


def test_sites_are_merged_until_they_are_enough_together() -> None:
    sizes = {"HZ01": 20, "BJ02": 6, "GZ03": 2, "SH04": 5}
    assert merged(sizes, 2) == frozenset()
    assert merged(sizes, 5) == {"GZ03", "SH04"}
    assert merged(sizes, 7) == {"GZ03", "SH04", "BJ02"}
    assert merged({"HZ01": 4}, 5) == {"HZ01"}


def test_no_cell_tells_a_small_site_or_a_code(hidden_tables: dict[str, Table], naming: Naming) -> None:
    assert naming.small == {"BJ02", "GZ03"}
    wanted = [*naming.site_of, *naming.small]
    for table in hidden_tables.values():
        frame = table.frame()
        texts = frame.select(pl.col(pl.String)).unpivot()["value"].drop_nulls().unique()
        assert not [text for text in texts if any(name in text for name in wanted)], table.key
    sites = hidden_tables["ADSL"].frame()["SITEID"]
    assert sites.value_counts().sort("SITEID").rows() == [("HZ01", 5), (MERGED, 3)]
    assert "somebody.HZ01" in hidden_tables["INF"].frame()["inf_coi_check1"].to_list()


def test_a_subject_has_one_pseudonym_in_every_table(hidden_tables: dict[str, Table], naming: Naming) -> None:
    everybody = {pseudonym_of(code) for code in naming.site_of}
    assert len(everybody) == len(SITES)
    for table in (one for one in hidden_tables.values() if one.subject):
        rows = table.frame()[table.subject]
        assert {code.removeprefix(table.prefix) for code in rows} <= everybody, table.key
        assert rows.is_sorted(), "the order of the codes would tell the sites"
    table = hidden_tables["SDTM.DM"]
    frame = table.frame()
    assert [f"{table.prefix}{code}" for code in frame["SUBJID"]] == frame["USUBJID"].to_list()


def test_the_rows_of_a_subject_are_those_it_has_under_its_code(
    several: Lock, hidden_tables: dict[str, Table], naming: Naming
) -> None:
    with without_database():
        plain = tables_of_snapshot(several.snapshot, default_configuration())
    for name in ("ADAE", "SDTM.LB", "RESP"):
        true, told = disclosed(plain[name], HIDDEN), hidden_tables[name]
        own = [one.name for one in true.columns if one.name != true.subject]
        free = [name for name in own if not names_a_site(true.name, name) and name not in ("site", "SITEID")]
        by_code = _by_subject(true, free)
        by_pseudonym = _by_subject(told, free)
        assert by_pseudonym == {naming.subject(code): rows for code, rows in by_code.items()}


def _by_subject(table: Table, columns: list[str]) -> dict[str, list[tuple[object, ...]]]:
    found = defaultdict(list)
    for code, *cells in table.frame().select(table.subject, *columns).rows():
        found[code.removeprefix(table.prefix)].append(tuple(cells))
    return dict(found)


def test_odm_names_them_as_the_tables_do(several: Lock, naming: Naming, tmp_path: Path) -> None:
    path = tmp_path / "hidden.xml"
    with without_database():
        told = replace(about(several, Disclosure()), disclosure=HIDDEN, naming=naming)
        write_odm(several.snapshot.path, path, told)
    judge(path)
    text = path.read_text()
    assert not [code for code in [*naming.site_of, *naming.small] if code in text]
    keys = [one.get("SubjectKey") for one in etree.parse(path).iter(f"{{{NAMESPACE}}}SubjectData")]
    assert keys == sorted(pseudonym_of(code) for code in naming.site_of)


def test_the_manifest_says_what_was_merged(naming: Naming, db: None) -> None:
    assert json.loads(json.dumps(naming.as_data())) == {
        "subjects": "pseudonyms",
        "least_subjects_of_a_site": 3,
        "least_is_confirmed": False,
        "merged_sites": ["BJ02", "GZ03"],
        "merged_into": MERGED,
        "subjects_of_merged_sites": 3,
        "merged_sites_are_enough": True,
    }
    assert hiding({"HZ01-001": "HZ01"}, {}).as_data()["merged_sites_are_enough"] is False
    assert Naming().as_data() == {"subjects": "codes"}


def test_who_has_true_dates_or_one_site_has_the_codes(hidden_tables: dict[str, Table]) -> None:
    table = hidden_tables["INF"]
    assert Naming().table(table) is table
    assert not Disclosure(Dates.TRUE).hides_sites
