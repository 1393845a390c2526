"""The sealer: a process under a user of its own, which alone can read the key of the seals (decision 75).

Everybody else asks it over a socket of the host: to seal what waits, or to sign a manifest or the claims of a
hiding. A seal it makes itself from the database; one that it is asked to sign it refuses, so that whoever
takes over a web process can neither take the key away nor have an altered trail signed.

A question and its answer are one line of JSON each. This is what the others know of it; the process itself is
`sealer_process.py`.
"""

import json
import socket
import sys
from pathlib import Path
from typing import Any

ANSWERS_WITHIN_S = 60  # sealing waits for writers, and many leaves may wait
LONGEST_LINE = 16 * 1024 * 1024


class SealerSilent(ConnectionError):
    """The sealer does not answer, or refuses; in words."""


def ask(path: Path, question: dict[str, Any]) -> dict[str, Any]:
    """One question and its answer. Raises SealerSilent."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(ANSWERS_WITHIN_S)
            line.connect(str(path))
            line.sendall(json.dumps(question).encode() + b"\n")
            with line.makefile("rb") as heard:
                answer = json.loads(heard.readline(LONGEST_LINE) or b"{}")
    except (OSError, ValueError) as problem:
        raise SealerSilent(f"the sealer at {path} does not answer: {problem}") from problem
    if "refused" in answer or not answer:
        raise SealerSilent(f"the sealer at {path} refuses: {answer.get('refused', 'it said nothing')}")
    return dict(answer)


if __name__ == "__main__":  # python -m trial.trail.sealer SOCKET: 0 where it answers
    sys.exit(not ask(Path(sys.argv[1]), {"keys": True})["keys"])
