"""How long a dictionary of the size of MedDRA takes to load, and a suggestion from it.

`python -m benchmarks.coding [TERMS]`, in a registry of its own that is thrown away; under
`python -m tests.services` on PostgreSQL. The terms are invented of syllables, five for each preferred term.
"""

import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trial.settings")
os.environ.setdefault("CHIMERA_HOME", tempfile.mkdtemp(prefix="chimera-bench-"))

SYLLABLES = """neu tro pe nia throm bo cy an ae mia hae mor rha gic car dio my o pa thy re nal he pat ic der
ma ti tis en ce pha li gas in tes pul mo na ry fec tion ab scess ede"""
CLASSES, OF_ONE_CONCEPT, ASKED = 26, 5, 200


def main(size: int) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    from patients.coding.schemes import EVENTS
    from patients.coding.suggesting import exact_terms, suggest

    call_command("migrate", verbosity=0)
    names = _names(size)
    folder = _distribution(Path(tempfile.mkdtemp()), names)
    typed = [f"{name[:-1]}x" for name in names[:: size // ASKED]][:ASKED]
    rows = [
        ("load it", timed(lambda: call_command("load_dictionary", "meddra", folder, dictionary_version="1"))),
        ("the first suggestion in a process", timed(lambda: suggest(EVENTS, typed[0]))),
    ]
    each = sorted(timed(lambda text=text: suggest(EVENTS, text)) for text in typed)  # type: ignore[misc]
    rows += [("a suggestion, median", each[len(each) // 2]), ("a suggestion, the slowest", each[-1])]
    rows.append((f"the same words of {ASKED} texts", timed(lambda: exact_terms(EVENTS, typed))))
    print(f"\n| {size:,} terms | s |\n|---|---|")
    for what, seconds in rows:
        print(f"| {what} | {seconds:.3f} |")
    print(f"| peak memory of the process | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB |")
    return 0


def timed(deed: Callable[[], object]) -> float:
    begun = time.perf_counter()
    deed()
    return time.perf_counter() - begun


def _names(size: int) -> list[str]:
    draw, syllables = random.Random(1), SYLLABLES.split()  # noqa: S311  no secret
    words = ["".join(draw.choices(syllables, k=draw.randint(2, 5))) for _word in range(9000)]
    found: dict[str, None] = {}
    while len(found) < size:
        found[" ".join(draw.choices(words, k=draw.randint(1, 5)))] = None
    return list(found)


def _distribution(folder: Path, names: list[str]) -> Path:
    """The nine files, with each name a lowest level term and every fifth a preferred term as well."""
    concepts = range(0, len(names), OF_ONE_CONCEPT)
    files: dict[str, list[str]] = {
        "soc.asc": [f"S{n}$Class {n}$C$$$$$$$$" for n in range(CLASSES)],
        "hlgt.asc": [f"G{n}$Group {n}$$$$$$$$" for n in range(CLASSES)],
        "hlt.asc": [f"H{n}$High {n}$$$$$$$$" for n in range(CLASSES)],
        "soc_hlgt.asc": [f"S{n}$G{n}$" for n in range(CLASSES)],
        "hlgt_hlt.asc": [f"G{n}$H{n}$" for n in range(CLASSES)],
        "pt.asc": [f"P{at}${names[at]}$$S{at % CLASSES}$$$$$$$" for at in concepts],
        "hlt_pt.asc": [f"H{at % CLASSES}$P{at}$" for at in concepts],
        "mdhier.asc": [
            f"P{at}$H{n}$G{n}$S{n}${names[at]}$High {n}$Group {n}$Class {n}$C$$S{n}$Y$"
            for at in concepts
            for n in [at % CLASSES]
        ],
        "llt.asc": [f"L{at}${name}$P{at - at % OF_ONE_CONCEPT}$$$$$$$Y$$" for at, name in enumerate(names)],
    }
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 80_000))
