"""A request that is sent twice has one effect, and both times the same answer (DI-02).

A double click, a reload, a program that tries again after a lost answer: each sends the same key. The answer
is kept in one transaction with what the act wrote, so that a crash leaves both or neither. The unique row is
the judge: the act is done, and a second request that comes to keep its answer under the same key is undone as
a whole and given the answer of the first. Under PostgreSQL it waits there until the first has committed.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.utils import timezone

from patients.casebook.identity import SealedField, fingerprint
from patients.entry.refusals import NotSaved
from trial.people.models import Account
from trial.unavailable import is_worth_another_try

MOST_KEY = 200  # characters
MORE_TRIES = 3
KEPT_FOR = timedelta(days=1)


class KeyReused(Exception):
    """The key came before with another content (422); nothing was done."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an act is answered with: where to go on and what is said there, or the content for a program."""

    location: str = ""
    said: str = ""
    content: Any = None


class AnsweredRequest(models.Model):
    """The answer to a request of a person by its key. Content and answer may name what was typed: the one is
    kept as a keyed hash, the other encrypted."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    key = models.CharField(max_length=MOST_KEY)
    digest = models.CharField(max_length=64)
    answer = SealedField()
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("account", "key"), name="one_answer_to_a_key"),)

    def __str__(self) -> str:
        return f"{self.account.user_name} {self.at:%Y-%m-%d %H:%M}"


def digest_of(address: str, content: Iterable[tuple[str, Any]]) -> str:
    """The keyed hash of what is asked: the address and each name with its values, in any order."""
    return fingerprint(json.dumps([address, sorted(content)], sort_keys=True))


def once(
    act: Callable[[], Answer],
    *,
    by: Account,
    key: str,
    digest: str,
    on_record: tuple[type[Exception], ...] = (),
) -> Answer:
    """Do the act in one transaction with keeping its answer, unless it was done: then give that answer.

    A refused act keeps nothing and may be tried again under its key; what it wrote of a refusal that is
    `on_record` stays. Without a key the act is just done. What the database undid in favour of somebody else
    is tried again, unseen. Raises KeyReused, and what the act raises.
    """
    try:
        return _tried(lambda: _done(act, by, key, digest, on_record))
    except (IntegrityError, NotSaved):
        # Refused, too: whoever sends again meets what the first one wrote as a change by somebody else.
        before = answered(by, key, digest)
        if before is None:
            raise
        return before


def _tried(do: Callable[[], Answer]) -> Answer:
    """What it comes to, at the last try whatever that is; in a transaction of the caller's at the first."""
    for _try in range(0 if connection.in_atomic_block else MORE_TRIES):
        try:
            return do()
        except OperationalError as undone:
            if not is_worth_another_try(undone):
                raise
    return do()


def _done(
    act: Callable[[], Answer], by: Account, key: str, digest: str, on_record: tuple[type[Exception], ...]
) -> Answer:
    """The act and its answer, both or neither."""
    with transaction.atomic():
        try:
            answer = act()
        except on_record as refusal:
            told = refusal
        else:
            _keep(answer, by, key, digest)
            return answer
    raise told


def _keep(answer: Answer, by: Account, key: str, digest: str) -> None:
    if key:
        kept = json.dumps(asdict(answer))
        AnsweredRequest.objects.create(account=by, key=key, digest=digest, answer=kept)


def answered(by: Account, key: str, digest: str) -> Answer | None:
    """The answer that a request with this key was given. Raises KeyReused."""
    found = AnsweredRequest.objects.filter(account=by, key=key).first() if key else None
    if found is None:
        return None
    if found.digest != digest:
        raise KeyReused(key)
    return Answer(**json.loads(found.answer))


def was_answered(by: Account, key: str) -> bool:
    """Whether a request of this person with this key has had its effect."""
    return bool(key) and AnsweredRequest.objects.filter(account=by, key=key).exists()


def purge_answers() -> int:
    """Forget the answers that are older than a day; how many they were."""
    return AnsweredRequest.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()[0]
