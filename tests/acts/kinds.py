"""Every kind of act that the source can put on the trail, read from the source itself."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("trial", "patients", "analytics")
WRITERS = {"record_event", "record_act", "list_as_csv"}
REFUSALS = "refused_act"  # what a request says that a failure of its proof is called (trial.people.limits)
KIND = re.compile(r"[a-z_]+\.[a-z_]+")


def kinds_in_source() -> set[str]:
    """The kinds of all calls that write an event."""
    modules = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return {kind for path in modules if "migrations" not in path.parts for kind in _kinds_in(path)}


def _kinds_in(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in WRITERS and node.args:
            yield from _named(node.args[0], tree, path)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "attr", "") == REFUSALS:
            yield from _named(node.value, tree, path)


def _named(given: ast.expr, tree: ast.Module, path: Path) -> Iterator[str]:
    """A kind is a text, a constant, or handed to the function: then every text of the module that looks like
    a kind may be one."""
    if isinstance(given, ast.Constant):
        yield str(given.value)
    elif isinstance(given, ast.Name) and given.id.isupper():
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        yield str(getattr(import_module(module), given.id))
    else:
        texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
        yield from (text for text in texts if isinstance(text, str) and KIND.fullmatch(text))
