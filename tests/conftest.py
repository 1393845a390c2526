"""Fixtures that every room's tests share."""

import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations
from django.test.client import ClientHandler
from django.utils import translation
from hypothesis import settings as hypothesis_settings

from tests import counts, flush, made_once, middleware, services

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The same examples in every run: a change is what turns it red. `--hypothesis-profile=search` draws others.
hypothesis_settings.register_profile("repeatable", derandomize=True)
hypothesis_settings.register_profile("search", derandomize=False)
hypothesis_settings.load_profile("repeatable")

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM_FLAGS = [
    "--no-sandbox",  # tests run as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


gc.disable()  # until all tests are collected: the collector would look at them again and again


def pytest_configure() -> None:
    """A stop takes the fixtures down as Ctrl-C does: no server is left behind."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


OPENS_A_DATABASE = frozenset({"db", "transactional_db", "django_db_setup", "registry_template"})


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what opens a database runs, and not in a browser, which sees nothing of the engine:
    the rest has nothing that differs from SQLite. What only PostgreSQL has (`@pytest.mark.postgresql`) runs
    there alone."""
    if connection.vendor == "postgresql":
        chosen = [item for item in items if _differs_by_engine(item)]
    else:
        chosen = [item for item in items if item.get_closest_marker("postgresql") is None]
    kept = set(chosen)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = chosen
    for item in items:
        group = _made_once_for(item)
        item.add_marker(pytest.mark.xdist_group(group))
        if config.getoption("loadgroup", default=False):
            # What xdist 3.8 does in its workers, by an attribute that pytest 9.2 no longer reads.
            item._id = type(item._id).parse(f"{item.nodeid}@{group}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was counted of a coordinator's work."""
    counts.print_counts(terminalreporter)


def pytest_collection_finish() -> None:
    """Thousands of tests and all models live to the end: no round of the collector looks at them again."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _made_once_for(item: pytest.Item) -> str:
    """What shares its fixtures runs in one process: a module, and whatever copies the registry of the
    invented cohort, which takes longest to make. Its commands take as long as all the rest of these, and are
    apart: else one process works alone at the end."""
    fixtures, module = getattr(item, "fixturenames", ()), item.nodeid.partition("::")[0]
    if "demo_template" not in fixtures or module.endswith("/test_commands.py"):
        return module
    return "cohort"


def _differs_by_engine(item: pytest.Item) -> bool:
    fixtures = frozenset(getattr(item, "fixturenames", ()))
    opens = fixtures & OPENS_A_DATABASE or item.get_closest_marker("django_db")
    once = "chromium" in fixtures or item.get_closest_marker("one_engine")
    return bool(opens) and not once


@pytest.fixture(autouse=True)
def default_language() -> Iterator[None]:
    """The language that a request of a test has activated ends with the test."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def versions_are_claimed(request: pytest.FixtureRequest) -> Iterator[None]:
    """PostgreSQL is asked at the end of a test whether all that is deferred to its end holds:
    no version that a test wrote by hand may be without an event."""
    own = request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & set(
        request.fixturenames
    )
    if connection.vendor == "postgresql" and own:
        request.getfixturevalue("db")
        yield
        from tests.trial.trail.claiming import claim  # models need the settings

        claim()
    else:
        yield


@pytest.fixture
def tried(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Tells how often an experiment was tried, and with how many bad outcomes (`python -m tests.faults`)."""

    def tell(trials: int, *, bad: int = 0) -> None:
        record_property("trials", trials)
        record_property("violations", bad)

    return tell


@pytest.fixture(scope="session", autouse=True)
def home_is_temporary() -> None:
    """No test may ever open a person's registry."""
    home = Path(os.environ["CHIMERA_HOME"])
    assert home.resolve() == settings.CHIMERA_HOME
    assert home.resolve().is_relative_to(Path(tempfile.gettempdir()).resolve())


@pytest.fixture(scope="session", autouse=True)
def append_only_tables_are_flushed() -> Iterator[None]:
    """A test that commits (`transaction=True`, a live server) leaves nothing behind for the next."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", flush.execute_sql_flush)
        yield


@pytest.fixture(scope="session", autouse=True)
def clients_share_their_middleware() -> Iterator[None]:
    """Making it takes longer than many an answer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientHandler, "load_middleware", middleware.load_middleware)
        yield


@dataclass(frozen=True)
class Registry:
    """A registry that `manage.py` opens in processes of its own."""

    home: Path
    database_url: str

    @property
    def env(self) -> dict[str, str]:
        """What a process needs in its environment to open this registry."""
        own = {"CHIMERA_HOME": str(self.home), "DATABASE_URL": self.database_url}
        return {**own, "DJANGO_SETTINGS_MODULE": "trial.settings"}

    def run(
        self, *args: str | Path, check: bool = True, timeout: float = 300, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """`manage.py args` from the root of the project; a failure shows what the command printed."""
        command = [sys.executable, "manage.py", *map(str, args)]
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)  # with the workers that it may have started
                raise
        done = subprocess.CompletedProcess(command, process.returncode, out, err)
        if check and done.returncode:
            pytest.fail(f"{' '.join(command[1:])}: exit {done.returncode}\n{out}\n{err}", pytrace=False)
        return done


@contextmanager
def copy_of(template: Registry, home: Path) -> Iterator[Registry]:
    """A registry of one's own in `home`, as the template is, on the engine of this run."""
    shutil.copytree(template.home, home)
    if connection.vendor != "postgresql":
        yield Registry(home, f"sqlite:///{home}/chimera.sqlite3")
        return
    name = services.name_of(template.database_url)
    with services.fresh_database(os.environ["DATABASE_URL"], template=name) as url:
        yield Registry(home, url)


def template_of_run(
    factory: pytest.TempPathFactory,
    name: str,
    fill: Callable[[Registry], None],
    start: Registry | None = None,
) -> Registry:
    """A registry that the processes of a run make once and only ever copy: `start` copied, then filled."""

    def make(home: Path) -> None:
        if start:
            shutil.copytree(start.home, home, dirs_exist_ok=True)
        url = f"sqlite:///{home}/chimera.sqlite3"
        if connection.vendor == "postgresql":
            template = services.name_of(start.database_url) if start else "template1"
            url = services.new_database(os.environ["DATABASE_URL"], template=template)
            made_once.remember_database(factory, services.name_of(url))
            (home / "database_url").write_text(url)
        fill(Registry(home, url))

    home = made_once.made_once(factory, name, make)
    url = home / "database_url"
    return Registry(home, url.read_text() if url.exists() else f"sqlite:///{home}/chimera.sqlite3")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The process that began the run is the last of it: nobody copies a template any more."""
    if "PYTEST_XDIST_WORKER" in os.environ or connection.vendor != "postgresql":
        return
    factory: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined]
    made_once.drop_databases(factory.getbasetemp(), os.environ["DATABASE_URL"])


@pytest.fixture(scope="session")
def registry_template(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A migrated, empty registry that is only ever copied."""
    return template_of_run(
        tmp_path_factory, "registry-template", lambda registry: registry.run("migrate", "--verbosity=0")
    )


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The test database is a copy of what is migrated once (`django_db_modify_db_settings`)."""
    return connection.vendor != "postgresql"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, registry_template: Registry
) -> None:
    """Every process begins with the migrated registry of the run. SQLite's file lies in the home of the
    process and goes with it."""
    test = settings.DATABASES["default"]["TEST"]
    if connection.vendor == "postgresql":
        test["TEMPLATE"] = services.name_of(registry_template.database_url)
    else:
        shutil.copyfile(registry_template.home / "chimera.sqlite3", test["NAME"])


@pytest.fixture
def registry(registry_template: Registry, tmp_path: Path) -> Iterator[Registry]:
    """A fresh, empty registry of the test's own, on the engine of this run."""
    with copy_of(registry_template, tmp_path / "registry") as registry:
        yield registry


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A Redis of this test's own: what another test rang would wake its workers too."""
    with services.redis() as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """The system's Chromium under Playwright."""
    from playwright.sync_api import sync_playwright  # 0.2 s that most runs need not pay

    # Playwright keeps an event loop in this thread, at which Django would refuse every query of the test.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=services.chromium_path(), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
