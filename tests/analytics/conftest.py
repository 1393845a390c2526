"""Fixtures of the read-outs: the invented cohort as timelines, as a casebook, and in a registry."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from patients.builder import timelines
from patients.builder.build import casebook_of
from patients.builder.timeline import Timeline
from patients.builder.timelines import read_timelines
from patients.casebook.files import write_casebook
from tests.analytics.casebooks import without_database
from tests.conftest import Registry, copy_of, template_of_run

DEMO = Path(timelines.__file__).parent / "demo" / "timelines.csv"
DEMO_CUTOFF = "2025-08-05"


@pytest.fixture(scope="module")
def new_registry() -> Iterator[None]:
    """The settings of a new registry, and no database to read them from."""
    with without_database():
        yield


@pytest.fixture(scope="session")
def demo_timelines() -> list[Timeline]:
    """The invented cohort of 19."""
    return read_timelines(DEMO)


@pytest.fixture(scope="session")
def demo_casebook(tmp_path_factory: pytest.TempPathFactory, demo_timelines: list[Timeline]) -> Path:
    """Its casebook as a directory."""
    folder = tmp_path_factory.mktemp("demo") / "casebook"
    write_casebook(folder, casebook_of(demo_timelines))
    return folder


@pytest.fixture(scope="session")
def demo_template(
    registry_template: Registry, demo_casebook: Path, tmp_path_factory: pytest.TempPathFactory
) -> Registry:
    """A registry with the invented cohort and a finished lock of it, which is only ever copied."""

    def fill(registry: Registry) -> None:
        registry.run("import_casebook", demo_casebook)
        registry.run("lock", "--cutoff", DEMO_CUTOFF, "--reason", "interim analysis", "--wait")

    return template_of_run(tmp_path_factory, "demo-template", fill, registry_template)


@pytest.fixture
def demo_registry(demo_template: Registry, tmp_path: Path) -> Iterator[Registry]:
    """A registry of the test's own with the invented cohort and lock 1, on the engine of this run."""
    with copy_of(demo_template, tmp_path / "demo-registry") as registry:
        yield registry


@pytest.fixture
def sqlite_registry(tmp_path: Path) -> Registry:
    """An empty registry on SQLite, whatever the engine of this run."""
    home = tmp_path / "sqlite-registry"
    return Registry(home, f"sqlite:///{home}/chimera.sqlite3")
