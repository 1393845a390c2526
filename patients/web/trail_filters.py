"""What a reader asks of the trail, read from the address and written back into it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import Q
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from patients.casebook.page import Subject
from patients.oversight.review import reviewed
from trial.people.access import Person
from trial.trail.kinds import ACCOUNT_ACTS
from trial.trail.reading import Question

TEXTS = (
    "site", "subject", "visit", "form", "item", "row", "actor", "kind", "reason", "words", "from", "to",
    "since", "order",
)  # fmt: skip
OF_ACCOUNTS = ("site", "actor", "kind", "words", "from", "to", "order")
"""What is asked of the trail of accounts, which has no subjects and no pages."""
REGISTRY = "registry"
"""What stands in the place of a site for the acts that are at none."""
REVIEW, SIGNATURE = "review", "signature"
BETWEEN = ".."
OLDEST = "oldest"
LONGEST = 200


@dataclass(frozen=True, slots=True)
class TrailFilters:
    """The filters of the trail as they were typed, within the sites of the reader. A subject whose own trail
    is read is `fixed`: the address of the page names it. `without_site` are the kinds of acts at no site that
    the reader sees as well; `only` those that the page is about, where it is not about all."""

    texts: Mapping[str, str]
    sites: frozenset[str]
    by: Person
    fixed: str = ""
    without_site: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()

    @classmethod
    def of_sites(
        cls,
        asked: Mapping[str, Any],
        sites: Iterable[str],
        by: Person,
        without_site: frozenset[str] = frozenset(),
    ) -> "TrailFilters":
        """What is asked of all that happened at these sites, and of what the reader sees beyond them."""
        return cls(_texts(asked, TEXTS), frozenset(sites), by, without_site=without_site)

    @classmethod
    def of_subject(cls, asked: Mapping[str, Any], subject: Subject, by: Person) -> "TrailFilters":
        """What is asked of one subject."""
        texts = _texts(asked, TEXTS) | {"site": "", "subject": subject.code}
        return cls(texts, frozenset({subject.site.code}), by, subject.code)

    @classmethod
    def of_accounts(cls, asked: Mapping[str, Any], sites: Iterable[str], by: Person) -> "TrailFilters":
        """What is asked of the acts about accounts, at each of these sites and at none."""
        texts = dict.fromkeys(TEXTS, "") | _texts(asked, OF_ACCOUNTS)
        return cls(texts, frozenset(sites), by, without_site=ACCOUNT_ACTS, only=ACCOUNT_ACTS)

    def __getitem__(self, name: str) -> str:
        return self.texts[name]

    @property
    def newest_first(self) -> bool:
        return self["order"] != OLDEST

    @property
    def within(self) -> frozenset[str]:
        """The sites that are asked for, of those of the reader."""
        return self.sites & {self["site"]} if self["site"] else self.sites

    @property
    def kinds_beyond(self) -> frozenset[str]:
        """The kinds of acts at no site that are asked for."""
        return self.without_site if self["site"] in ("", REGISTRY) else frozenset()

    @property
    def whose(self) -> str:
        """Of what the trail is that was asked for."""
        if self["subject"] or self.only:
            return self["subject"] or _("accounts")
        return ", ".join(sorted(self.within)) or _("the registry")

    @property
    def named(self) -> dict[str, str]:
        """The filters in use, for the address. The order is none."""
        return {k: v for k, v in self.texts.items() if v and not (k == "subject" and self.fixed)}

    @property
    def is_filtered(self) -> bool:
        return any(name != "order" for name in self.named)

    def query(self, **more: int) -> str:
        """The part of the address behind the question mark."""
        return urlencode({**self.named, **{name: str(value) for name, value in more.items()}})

    def question(self) -> Question:
        """The question to the trail."""
        since = self["since"]
        return Question(
            sites=self.within,
            without_site=self.kinds_beyond,
            only=self.only,
            subject=self["subject"],
            visit=self["visit"],
            form=self["form"],
            item=self["item"],
            row=self["row"],
            actor=self["actor"],
            kind=self["kind"],
            reason=self["reason"],
            words=self["words"],
            first_day=day_of(self["from"]),
            last_day=day_of(self["to"]),
            after=number(since) or 0,
            since_signature=since == SIGNATURE,
            among=self._among(since),
        )

    def _among(self, since: str) -> Q:
        """What waits for the reader's review, or what lies between two entries of the ledger."""
        if since == REVIEW:
            return reviewed(self.within, by=self.by.user_name).waiting()
        bounds = between(since)
        return Q(leaf__seq__gt=bounds[0], leaf__seq__lte=bounds[1]) if bounds else Q()


def _texts(asked: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """What was typed; a NUL, which no database keeps, is no part of it."""
    return {name: str(asked.get(name, "")).replace("\0", "").strip()[:LONGEST] for name in names}


def between(since: str) -> tuple[int, int] | None:
    """The entries of the ledger between which the acts are asked for (`120..164`: after the first, up to the
    second); None where that is not what is asked."""
    first, dots, last = since.partition(BETWEEN)
    after, up_to = number(first), number(last)
    return (after, up_to) if dots and after is not None and up_to is not None else None


def number(text: str) -> int | None:
    """A number that a database can hold; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def day_of(text: str) -> date | None:
    """A day that was typed. Raises BadRequest (400) for what is none: it must not pass for no filter."""
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError as problem:
        raise BadRequest("no day") from problem
    if day and not date.min.year < day.year < date.max.year:
        raise BadRequest("no day of a calendar in use")
    return day
