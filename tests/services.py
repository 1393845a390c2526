"""What tests need beside Python: a throw-away PostgreSQL, a private Redis, the system's Chromium.

`python -m tests.services COMMAND...` runs COMMAND with DATABASE_URL naming a fresh PostgreSQL database and
returns its exit code. Every server is stopped and deleted at the end, also after Ctrl-C or a failure; should
this process be killed outright, the kernel tells the servers to stop.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

PATIENCE_S = 30.0
Command = Sequence[str | Path]


class ServiceMissing(RuntimeError):
    """A program that the tests need is not installed."""


# --- PostgreSQL ------------------------------------------------------------------------------------------
@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server in which databases may be created.

    That of DATABASE_URL if it names one, else a new cluster that listens on a Unix socket alone and keeps
    nothing safe from a crash.
    """
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith(("postgres:", "postgresql:")):
        yield given
        return
    with cluster(_UNSAFE) as own, own.running():
        yield own.url


# Nothing is kept safe from a crash: tests are faster so.
_UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Cluster(NamedTuple):
    """A PostgreSQL of our own that listens on a Unix socket alone, to be started and stopped."""

    folder: Path
    account: "_Account"
    settings: Mapping[str, str]

    @property
    def url(self) -> str:
        return f"postgresql://postgres@{quote(str(self.folder), safe='')}/postgres"

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """It serves until the block ends, and is then stopped at once, by SIGQUIT: PostgreSQL's immediate
        stop, without a checkpoint."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "jit": "off",  # compiling a plan costs more than any question of a test
            **self.settings,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command: Command = [_postgres_binaries() / "postgres", "-D", self.folder / "data", *options]
        with _server(
            command, folder=self.folder, answers=self._answers, stop=signal.SIGQUIT, account=self.account
        ):
            yield

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


@contextlib.contextmanager
def cluster(settings: Mapping[str, str]) -> Iterator[Cluster]:
    """A new cluster with these settings, not yet started; deleted at the end."""
    with _folder("chimera-pg-") as folder:
        account = _server_account()
        if account.user is not None and account.group is not None:
            os.chown(folder, account.user, account.group)
        who = ["-U", "postgres", "-A", "trust"]
        what = ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        initdb: Command = [_postgres_binaries() / "initdb", "-D", folder / "data", *who, *what]
        _run_to_end(initdb, folder=folder, account=account)
        yield Cluster(folder, account, settings)


@contextlib.contextmanager
def standby(of: Cluster) -> Iterator[Cluster]:
    """A running replica of a cluster that runs, which takes in by streaming what is written there."""
    with _folder("chimera-pg-") as folder:
        if of.account.user is not None and of.account.group is not None:
            os.chown(folder, of.account.user, of.account.group)
        where = ["-D", folder / "data", "-d", of.url]
        how = ["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync"]
        copy: Command = [_postgres_binaries() / "pg_basebackup", *where, *how]
        _run_to_end(copy, folder=folder, account=of.account)
        # What it takes in waits for who reads: else a question is cancelled when its rows are cleaned away.
        found = Cluster(folder, of.account, {**of.settings, "max_standby_streaming_delay": "-1"})
        with found.running():
            yield found


def copy_database(origin: str, target: str) -> None:
    """All that a database holds, into an empty one of another server."""
    binaries = _postgres_binaries()
    dump = [binaries / "pg_dump", "--no-owner", "--dbname", origin]
    with subprocess.Popen(dump, stdout=subprocess.PIPE) as dumping:
        load = [binaries / "psql", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", target]
        subprocess.run(load, stdin=dumping.stdout, stdout=subprocess.DEVNULL, check=True)


@contextlib.contextmanager
def fresh_database(server: str, *, template: str = "template1") -> Iterator[str]:
    """The URL of a new database of `server`, copied from the database `template`, dropped at the end."""
    url = new_database(server, template=template)
    try:
        yield url
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            name = sql.Identifier(name_of(url))
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def new_database(server: str, *, template: str = "template1") -> str:
    """The URL of a new database of `server`, copied from the database `template`."""
    name = f"chimera_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def name_of(url: str) -> str:
    """The name of the database that a URL leads to."""
    return urlsplit(url).path.removeprefix("/")


def _postgres_binaries() -> Path:
    """The folder of the newest PostgreSQL installed: Debian keeps it off the path."""
    debian = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if debian:
        return max(debian, key=lambda folder: float(folder.parent.name))
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    raise ServiceMissing("PostgreSQL is missing: run `scripts/bring postgresql`, or set DATABASE_URL")


class _Account(NamedTuple):
    """Whom a server runs as; None: ourselves."""

    user: int | None = None
    group: int | None = None
    extra_groups: tuple[int, ...] | None = None


def _server_account() -> _Account:
    """Another user than root, as which PostgreSQL refuses to run."""
    if os.geteuid() != 0:
        return _Account()
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return _Account(entry.pw_uid, entry.pw_gid, ())
    raise ServiceMissing("PostgreSQL does not run as root, and there is no user postgres or nobody")


# --- Redis -----------------------------------------------------------------------------------------------
@contextlib.contextmanager
def redis(port: int | None = None) -> Iterator[str]:
    """The URL of a Redis of our own on a free loopback port, or on this one; it keeps nothing."""
    program = shutil.which("redis-server")
    if program is None:
        raise ServiceMissing("Redis is missing: run `scripts/bring redis`")
    import redis as client_library  # 0.2 s that most runs need not pay

    with _folder("chimera-redis-") as folder:
        port = port or free_port()
        url = f"redis://127.0.0.1:{port}/0"

        def answers() -> bool:
            with client_library.Redis.from_url(url) as client:
                try:
                    return bool(client.ping())
                except client_library.ConnectionError:
                    return False

        where = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
        command: Command = [program, *where, "--save", "", "--appendonly", "no"]
        with _server(command, folder=folder, answers=answers, stop=signal.SIGKILL):
            yield url


# --- S3 --------------------------------------------------------------------------------------------------
@contextlib.contextmanager
def s3(port: int | None = None) -> Iterator[str]:
    """The endpoint of a server that speaks S3, on a free loopback port or on this one, in a process of its
    own; it keeps nothing and takes any key."""
    port = port or free_port()

    def answers() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    with _folder("chimera-s3-") as folder:
        command: Command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        with _server(command, folder=folder, answers=answers, stop=signal.SIGTERM):
            yield f"http://127.0.0.1:{port}"


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- Chromium --------------------------------------------------------------------------------------------
def chromium_path() -> str:
    """The system's Chromium; none is ever downloaded."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise ServiceMissing("Chromium is missing: run `scripts/bring chromium`")


# --- processes -------------------------------------------------------------------------------------------
def _leash(stop: signal.Signals) -> list[str]:
    """The words before a command that has the kernel send it `stop` when we die (Linux)."""
    return ["setpriv", "--pdeathsig", stop.name.removeprefix("SIG")] if shutil.which("setpriv") else []


@contextlib.contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    """A temporary folder with a short path: that of a Unix socket may have 107 characters."""
    where = os.environ.get("TMPDIR", "/tmp")
    with tempfile.TemporaryDirectory(prefix=prefix, dir=where, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _run_to_end(command: Command, *, folder: Path, account: _Account) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, **account._asdict())
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


@contextlib.contextmanager
def _server(
    command: Command,
    *,
    folder: Path,
    answers: Callable[[], bool],
    stop: signal.Signals,
    account: _Account = _Account(),  # noqa: B008 - immutable
) -> Iterator[None]:
    """Runs `command` until the block ends; enters it once the server `answers`."""
    log = folder / "log"
    # A session of its own: Ctrl-C is for the tests, which still need their servers to finish.
    with log.open("w") as output:
        process = subprocess.Popen(
            [*_leash(stop), *command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.user,
            group=account.group,
            extra_groups=account.extra_groups,
        )
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start:\n{log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.02)
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


# --- command line ----------------------------------------------------------------------------------------
def run(command: Sequence[str], environment: dict[str, str]) -> int:
    """Runs `command` to its end, whatever the terminal says, and returns its exit code."""
    process = subprocess.Popen([*_leash(signal.SIGTERM), *command], env=environment)
    signal.signal(signal.SIGINT, lambda *_: None)  # the terminal tells the command, too
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    code = process.wait()
    return code if code >= 0 else 128 - code


def main(command: Sequence[str]) -> int:
    """`command` with a PostgreSQL database of its own."""
    if not command:
        sys.exit("usage: python -m tests.services COMMAND...")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with postgres() as server, fresh_database(server) as url:
            return run(command, {**os.environ, "DATABASE_URL": url})
    except ServiceMissing as missing:
        sys.exit(str(missing))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
