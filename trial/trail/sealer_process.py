"""What the sealer answers, one question after the other: `manage.py sealer SOCKET` runs it."""

import json
import logging
from base64 import b64decode
from binascii import Error as NotBase64
from pathlib import Path
from socketserver import StreamRequestHandler, UnixStreamServer
from typing import Any

from django.db import close_old_connections

from trial.trail.sealer import LONGEST_LINE
from trial.trail.seals import is_as_published, seal_trail
from trial.trail.signing_keys import NoSigningKey, keys_at_hand, public_half

OF_A_SEAL = {"root", "previous"}
"""What no manifest and no claim has, and every seal."""
FOR_THE_GROUP = 0o660


class Refused(ValueError):
    """A question that is not answered, and why."""


def serve(path: Path) -> None:
    """Answer at a socket until the process is ended. One that was left behind by a process is replaced."""
    path.unlink(missing_ok=True)
    with UnixStreamServer(str(path), _Question) as server:
        path.chmod(FOR_THE_GROUP)
        server.serve_forever()


class _Question(StreamRequestHandler):
    timeout = 10  # of somebody who connects and says nothing

    def handle(self) -> None:
        close_old_connections()
        try:
            answer = answer_to(json.loads(self.rfile.readline(LONGEST_LINE)))
        except (Refused, NoSigningKey, ValueError) as problem:
            logging.getLogger("chimera").warning("sealer refused: %s", problem)
            answer = {"refused": str(problem)}
        except OSError:
            return
        finally:
            close_old_connections()
        self.wfile.write(json.dumps(answer).encode() + b"\n")


def answer_to(question: Any) -> dict[str, Any]:
    """The answer to one question. Raises Refused and NoSigningKey."""
    match question:
        case {"keys": True}:
            return {"keys": [public_half(key) for key in keys_at_hand()]}
        case {"seal": True}:
            return {"sealed": _sealed()}
        case {"sign": str(text), "key": str(public)}:
            return {"signature": _signed(text, public)}
    raise Refused("a question that nobody of ours asks")


def _sealed() -> list[int]:
    """Seals go on where those outside end: over an older copy or another history nothing is sealed."""
    if not is_as_published():
        raise Refused("the seals of the database are not those outside: verify the trail with the anchor")
    return [seal.number for seal in seal_trail()]


def _signed(text: str, public: str) -> str:
    try:
        data = b64decode(text, validate=True)
    except NotBase64 as problem:
        raise Refused("what is to be signed is not base64") from problem
    if _is_of_a_seal(data):
        raise Refused("a seal is made here, and not signed for others")
    for key in keys_at_hand():
        if public_half(key) == public:
            return key.sign(data).hex()
    raise Refused(f"the key {public[:16]}… is not there")


def _is_of_a_seal(data: bytes) -> bool:
    try:
        told = json.loads(data)
    except ValueError:
        return False
    return isinstance(told, dict) and told.keys() >= OF_A_SEAL
