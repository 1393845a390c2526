"""Answering queries, adding to their thread, closing them and opening them again.

Which move is made from which state, and by which side, is in one table (`patients.oversight.queries.MOVES`).
"""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from patients.entry.query_act import (
    LEAST_OF_A_REASON,
    LEAST_OF_A_TEXT,
    acting_on,
    against_words,
    by_subject,
    refuse,
    refuse_numbers,
    require_reading,
)
from patients.oversight.queries import MOVES, Query, Said, Side
from trial.people.access import Person, can, enters
from trial.people.roles import Permission


def answer_query(query: Query, text: str, *, by: Person, request_id: str = "") -> None:
    """Answer in words, for whoever enters the data that are asked about.

    Raises UnknownQuery (404), PermissionDenied (403), NotAsked (422) and NotNow (409).
    """
    _say([query], Said.ANSWERED, text, by, request_id)


def comment_on_query(query: Query, text: str, *, by: Person, request_id: str = "") -> None:
    """Add to the thread, from either side; the state stays. Raises as `answer_query` does."""
    _say([query], Said.COMMENTED, text, by, request_id)


def close_query(query: Query, reason: str, *, by: Person, request_id: str = "") -> None:
    """Close a query, answered or not, with a reason. Raises as `answer_query` does."""
    _say([query], Said.CLOSED, reason, by, request_id)


def close_queries(queries: Sequence[Query], reason: str, *, by: Person, request_id: str = "") -> None:
    """Close several with one reason, all or none; one act for each subject. Raises as `answer_query` does."""
    _say(queries, Said.CLOSED, reason, by, request_id)


def reopen_query(query: Query, text: str, *, by: Person, request_id: str = "") -> None:
    """Ask again what was answered or closed, saying why. Raises as `answer_query` does."""
    _say([query], Said.REOPENED, text, by, request_id)


def stands_on_its_side(by: Person, query: Query, said: Said) -> bool:
    """Whether the person is on the side that makes this move; the state is another question."""
    site, page = query.whose.site.code, query.page
    asks = can(by, Permission.QUERY, site=site)
    answers = enters(by, page.form_code, site=site) if page else can(by, Permission.ENTER, site=site)
    return {Side.ASKING: asks, Side.SITE: answers, Side.EITHER: asks or answers}[MOVES[said].side]


def _say(queries: Sequence[Query], said: Said, text: str, by: Person, request_id: str) -> None:
    refuse_numbers(len(queries))
    least = LEAST_OF_A_REASON if said in (Said.CLOSED, Said.REOPENED) else LEAST_OF_A_TEXT
    with transaction.atomic():
        for subject, some in by_subject(queries, lambda query: query.whose):
            require_reading(subject, by)
            for query in some:
                if not stands_on_its_side(by, query, said):
                    raise PermissionDenied(f"{by.user_name}: {said} {query}")
            refuse(against_words(subject, text, _("Text"), least=least))
            with acting_on(subject, by, request_id) as act:
                act.say(some, said, text.strip())
