"""`python -m tests.faults`: runs the experiments and prints one table; exit 1 if anything came out badly.

ONLY=F06,F08 in the environment runs these alone, SHORT=1 all in their short form. What came of each is also
written to var/faults/ID.json.
"""

import json
import os
import signal
import sys
from pathlib import Path

from tests.faults.running import ROOT, Outcome, adopt_orphans, run
from tests.faults.table import EXPERIMENTS, Experiment

COLUMNS = ("experiment", "what", "trials", "bad outcomes", "limit", "seconds")


def main(folder: Path) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop leaves nothing behind
    adopt_orphans()
    folder.mkdir(parents=True, exist_ok=True)
    came = []
    for experiment in chosen(os.environ.get("ONLY", "")):
        print(f"\n{experiment.id}: {experiment.says}", flush=True)
        outcome = run(experiment, short=os.environ.get("SHORT", "") not in ("", "0"))
        (folder / f"{experiment.id}.json").write_text(json.dumps(outcome.as_data()) + "\n")
        came.append((experiment, outcome))
    print("\n" + "\n".join(table(came)))
    return int(any(outcome.violations for _experiment, outcome in came))


def chosen(only: str) -> list[Experiment]:
    """All, or those that are named. Exits where a name is none."""
    named = [name.strip().upper() for name in only.split(",") if name.strip()]
    if unknown := set(named) - {experiment.id for experiment in EXPERIMENTS}:
        sys.exit(f"ONLY: there is no experiment {', '.join(sorted(unknown))}")
    return [experiment for experiment in EXPERIMENTS if not named or experiment.id in named]


def table(came: list[tuple[Experiment, Outcome]]) -> list[str]:
    """Its lines."""
    lines = [COLUMNS, ("---",) * len(COLUMNS)]
    for experiment, outcome in came:
        counts = (f"{outcome.n:,}", f"{outcome.violations:,}")
        lines.append((experiment.id, experiment.says, *counts, experiment.limit, f"{outcome.seconds:.0f}"))
    return [f"| {' | '.join(line)} |" for line in lines]


if __name__ == "__main__":
    sys.exit(main(ROOT / "var" / "faults"))
