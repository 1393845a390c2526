"""What would switch the history off, blur it or walk round it is not written in the code.

The known pitfalls of the history library and where each is held:
 1 update, bulk_*                      test_audited
 2 row and history apart               test_atomicity
 3 update_fields                       test_audited
 4 a sticky reason                     here (banned), test_audited
 5 update_change_reason                here (banned), test_append_only (the database refuses it)
 6 no user outside a request           test_actor
 7 deletion of a user                  test_audited (no reference), here (accounts are never deleted)
 8 many-to-many                        test_audited
 9 HistoricForeignKey                  here (banned)
10 a save without a change             the tests of the entry room
11 F() expressions                     test_audited
12 as_of                               here (banned), test_audited (index)
13 a reason of 100 characters          test_audited, test_actor
14 switches, raw saves, loaddata       here (banned), test_audited
15 the admin site                      here
16 deletion                            test_audited
17 requests at the same time           test_actor
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.urls import get_resolver

from trial.people.models import Account

ROOT = Path(__file__).resolve().parents[3]
GUARD = Path("trial/trail/audited.py")
"""The one module that names the switches: it refuses them."""

BANNED_NAMES = frozenset(
    {
        "update_change_reason",  # 5
        "skip_history_when_saving",  # 14
        "save_without_historical_record",  # 14
        "_change_reason",  # 4
        "HistoricForeignKey",  # 9
        "HistoricOneToOneField",  # 9
        "SIMPLE_HISTORY_ENABLED",  # 14
        "bulk_create_with_history",  # 1: ours is `create_with_history`
        "bulk_update_with_history",
        "loaddata",  # 14
        "clean_duplicate_history",
        "clean_old_history",
        "session_replication_role",
    }
)
BANNED_CALLS = frozenset({"as_of"})  # 12
WRITES = frozenset(
    {
        "save",
        "create",
        "delete",
        "bulk_create",
        "bulk_update",
        "get_or_create",
        "update_or_create",
        "save_base",
    }
)
READ_ONLY_ROOMS = ("patients/web", "analytics/exports")
OWN_ROWS = "analytics/exports/jobs"
"""It writes the rows of what was asked for, as runs do, and nothing else."""
READERS_OF_HISTORY = ("trial/trail", "analytics/locks", "patients/web/trail_presenter.py")
"""The trail itself, the lock that names the version behind a value, and the screen of the trail."""


def modules(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path.relative_to(ROOT) for path in found if "migrations" not in path.parts]


EVERYTHING = modules("trial", "patients", "analytics")


def nodes(module: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"), str(module)))


def names(node: ast.AST) -> Iterator[str]:
    """The names that a node uses: as a variable, attribute, argument, import, or word of a text."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
            yield name
        case ast.keyword(arg=str(name)) | ast.FunctionDef(name=name):
            yield name
        case ast.Constant(value=str(text)):
            yield from text.split()


def called(node: ast.AST) -> str:
    """The name of the method that a node calls."""
    return node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""


def reads_history(node: ast.AST) -> bool:
    """`row.history`, or the library and the models that it makes."""
    match node:
        case ast.Attribute(attr="history"):
            return True
        case ast.Name(id=name) | ast.alias(name=name) | ast.ImportFrom(module=str(name)):
            return name.startswith(("Historical", "simple_history"))
    return False


def is_update_of_rows(node: ast.AST) -> bool:
    """`.update(column=value)`; that of a dictionary or a hash takes a value without a name."""
    return called(node) == "update" and isinstance(node, ast.Call) and bool(node.keywords)


def guilty(found: Iterable[Path], is_guilty: Callable[[ast.AST], bool]) -> list[str]:
    """The places in these modules that a rule forbids."""
    return [
        f"{module}:{getattr(node, 'lineno', '?')}"
        for module in found
        for node in nodes(module)
        if is_guilty(node)
    ]


@pytest.mark.requirement("AT-05")
def test_no_module_names_a_switch_of_the_history() -> None:
    others = [module for module in EVERYTHING if module != GUARD]
    assert guilty(others, lambda node: not BANNED_NAMES.isdisjoint(names(node))) == []


def test_no_module_reads_the_past_state_of_a_row() -> None:
    assert guilty(EVERYTHING, lambda node: called(node) in BANNED_CALLS) == []


def test_no_behaviour_reads_the_history() -> None:
    others = [module for module in EVERYTHING if not str(module).startswith(READERS_OF_HISTORY)]
    assert guilty(others, reads_history) == []


def test_no_screen_and_no_export_writes_by_itself() -> None:
    found = [module for module in modules(*READ_ONLY_ROOMS) if not str(module).startswith(OWN_ROWS)]
    assert len(found) > 10
    assert guilty(found, lambda node: called(node) in WRITES or is_update_of_rows(node)) == []


@pytest.mark.parametrize("code", ["row.save()", "Page.objects.update(state='x')", "X.objects.create(a=1)"])
def test_the_search_for_writes_finds_them(code: str) -> None:
    assert any(called(node) in WRITES or is_update_of_rows(node) for node in ast.walk(ast.parse(code)))


@pytest.mark.parametrize("innocent", ["seen.update(more)", "digest.update(data)", "save(1)", "row.saved"])
def test_the_search_for_writes_leaves_others_alone(innocent: str) -> None:
    assert not any(
        called(node) in WRITES or is_update_of_rows(node) for node in ast.walk(ast.parse(innocent))
    )


@pytest.mark.parametrize(
    "code",
    [
        "row.skip_history_when_saving = True",
        "row._change_reason = 'x'",
        "call_command('loaddata', 'x')",
        "from simple_history.utils import update_change_reason",
        "SIMPLE_HISTORY_ENABLED = False",
        "cursor.execute('SET session_replication_role = replica')",
    ],
)
def test_the_search_for_switches_finds_them(code: str) -> None:
    assert any(not BANNED_NAMES.isdisjoint(names(node)) for node in ast.walk(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "row.history.first()",
        "from patients.models import HistoricalPage",
        "from simple_history.utils import bulk_create_with_history",
    ],
)
def test_the_search_for_readers_of_history_finds_them(code: str) -> None:
    assert any(reads_history(node) for node in ast.walk(ast.parse(code)))


def test_the_admin_site_is_not_installed() -> None:
    """Pitfall 15: its revert would write versions."""
    assert not apps.is_installed("django.contrib.admin")
    assert not [pattern for pattern in get_resolver().reverse_dict if str(pattern).startswith("admin")]


def test_no_setting_switches_the_history_off() -> None:
    assert not hasattr(settings, "SIMPLE_HISTORY_ENABLED")


def test_an_account_is_never_deleted(db: None) -> None:
    """Pitfall 7."""
    account = Account.objects.create_account("ana.li", "Ana Li")
    with pytest.raises(TypeError, match="deactivated"):
        account.delete()
    assert Account.objects.filter(user_name="ana.li").exists()


def test_each_request_is_not_a_transaction() -> None:
    """A refusal must stay on record, and a reader must not hold the one lock of SQLite."""
    assert connection.settings_dict["ATOMIC_REQUESTS"] is False
