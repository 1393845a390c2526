"""`python -m analytics.survival FILE.csv --time t --status s [--group g] [--entry e] --times 3 6 12 --json`.

Standard output has the answers alone. A file that is refused is named on standard error by line and column,
with exit code 2.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from analytics.survival_of_file.answers import answers
from analytics.survival_of_file.observations import Columns, Refused, read_observations


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analytics.survival", description=__doc__)
    parser.add_argument("file", type=Path, help="CSV in UTF-8 with a header")
    parser.add_argument("--time", required=True, help="column: time from the origin")
    parser.add_argument("--status", required=True, help="column: 0 censored, 1 event, 2.. others")
    parser.add_argument("--group", help="column: groups to compare")
    parser.add_argument("--entry", help="column: time of a late entry")
    parser.add_argument("--times", type=_moment, nargs="+", required=True, help="times to read the curves at")
    parser.add_argument("--conf-type", choices=("log", "log-log", "plain"), default="log")
    parser.add_argument("--level", type=_level, default=0.95, help="of the limits")
    parser.add_argument("--json", action="store_true", help="JSON in place of a table")
    return parser


def _moment(text: str) -> float:
    moment = float(text)
    if not 0 <= moment < float("inf"):
        raise ValueError
    return moment


def _level(text: str) -> float:
    level = float(text)
    if not 0 < level < 1:
        raise ValueError
    return level


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, or 2 if the file was refused."""
    asked = _arguments().parse_args(arguments)
    columns = Columns(asked.time, asked.status, asked.group, asked.entry)
    try:
        seen = read_observations(asked.file, columns)
    except Refused as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    found = answers(seen, asked.times, conf_type=asked.conf_type, level=asked.level)
    sys.stdout.write(json.dumps(found, indent=2) if asked.json else "\n".join(_table(found)))
    sys.stdout.write("\n")
    return 0


def _table(found: dict[str, Any]) -> Iterator[str]:
    """Tab-separated lines; what is not known is a dash."""
    yield "\t".join(("group", "estimate", "time", "n_risk", "value", "std_error", "lower", "upper"))
    for group in found["groups"]:
        label = group["group"] or "-"
        for row in group["survival"]:
            yield _line(label, "survival", row, row["survival"])
        for cause, rows in group["incidence"].items():
            for row in rows:
                yield _line(label, f"incidence {cause}", row, row["incidence"])
        yield _line(label, "median", group["median"], group["median"]["value"])
    tests = {"log-rank": found["tests"]["logrank"]} if found["tests"]["logrank"] else {}
    tests |= {f"Gray {cause}": result for cause, result in found["tests"]["gray"].items()}
    for name, result in tests.items():
        statistic, p_value = (_text(result[part]) for part in ("statistic", "p_value"))
        yield f"{name}\tchi-squared {statistic}\tdf {result['df']}\tp {p_value}"


def _line(label: str, estimate: str, row: dict[str, Any], value: float | None) -> str:
    numbers = (row.get("time"), row.get("n_risk"), value, row.get("std_error"), row["lower"], row["upper"])
    return "\t".join((label, estimate, *map(_text, numbers)))


def _text(number: float | None) -> str:
    return "-" if number is None else f"{number:.6g}"
