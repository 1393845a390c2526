"""What a look at an installation finds, one thing at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """A warning is for somebody to decide; what is wrong ends the command with 1."""

    RIGHT = "right"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """Of one subject (`migrations`, `clock`), in one sentence."""

    subject: str
    verdict: Verdict
    text: str

    def __str__(self) -> str:
        return f"{self.verdict:<8} {self.subject:<11} {self.text}"


Look = Callable[[], Iterator[Finding]]


def right(subject: str, text: str) -> Finding:
    return Finding(subject, Verdict.RIGHT, text)


def warning(subject: str, text: str) -> Finding:
    return Finding(subject, Verdict.WARNING, text)


def wrong(subject: str, text: str) -> Finding:
    return Finding(subject, Verdict.WRONG, text)
