"""People who save the response page of a subject each, and send again what was not answered."""

import threading
import time
import urllib.error
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.analytics.workers import until
from tests.conftest import Registry
from tests.faults.web import ask

_FILL = """
from tests.patients.web import people
from trial.people.roles import Role
person = people.signed_in(people.a_member(Role.COORDINATOR))
print(person.cookies["sessionid"].value)
for number in range({writers}):
    print(people.page_of(people.a_subject(f"HZ01-{{number:03d}}"), "RESP", "SCR").pk)
"""


@dataclass
class Writer:
    """Somebody who saves one page again and again, and sends what was not answered again, with its key."""

    url: str
    session: str
    acknowledged: list[str] = field(default_factory=list)
    repeated: int = 0
    refused: str = ""

    def write(self, over: threading.Event) -> None:
        version = 0
        while not over.is_set():
            text = f"M{version + 1}"
            reasons = {"": {"mol_marker": {"code": "late_source"}}} if version else {}
            body = {"base_version": version, "rows": {"": {"mol_marker": text}}, "reasons": reasons}
            version = self._sent_until_answered(body)
            self.acknowledged.append(text)

    def _sent_until_answered(self, body: object) -> int:
        key = str(uuid.uuid4())
        while True:
            try:
                return int(ask(self.url, self.session, body, key)["version"])
            except urllib.error.HTTPError as answer:
                self._try_again_if_it_may_help(answer)
            except OSError:
                self.repeated += 1
                time.sleep(0.1)

    def _try_again_if_it_may_help(self, answer: urllib.error.HTTPError) -> None:
        """After a fault of the server; a refusal would be the same the next time."""
        if answer.code < 500:
            self.refused = f"{answer.code} {answer.read().decode()}"
            raise answer
        self.repeated += 1
        time.sleep(0.1)


@contextmanager
def writing(writers: list[Writer]) -> Iterator[None]:
    """All of them save until the block ends; what is under way then is sent until it is answered."""
    over = threading.Event()
    threads = [threading.Thread(target=one.write, args=(over,), daemon=True) for one in writers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        end = time.monotonic() + 60
        for thread in threads:
            thread.join(timeout=max(0.0, end - time.monotonic()))


def pages_for(writers: int, registry: Registry) -> tuple[str, list[int]]:
    """The session of a coordinator, and the page of a subject for each writer."""
    told = registry.run("shell", "--verbosity=0", "-c", _FILL.format(writers=writers)).stdout
    session, *pages = told.split()
    return session, [int(page) for page in pages]


def acknowledged_by(pages: Sequence[int], writers: Sequence[Writer]) -> dict[int, list[str]]:
    return {page: one.acknowledged for page, one in zip(pages, writers, strict=True)}


def go_on(writers: Sequence[Writer], within_s: float) -> None:
    """Everybody is answered within this time."""
    before = [len(one.acknowledged) for one in writers]

    def answered() -> bool:
        assert [one.refused for one in writers if one.refused] == []
        return all(len(one.acknowledged) > count for one, count in zip(writers, before, strict=True))

    until(answered, within_s)
