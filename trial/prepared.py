"""Questions to the database that are put together once.

What every request asks takes the ORM longer to put together than the database to answer: each annotation is
resolved against the models anew. A prepared question is a QuerySet that was never asked itself; what is
asked is a copy with one filter more. Each thread keeps its own: while a QuerySet is turned into SQL, Django
counts in the questions inside it which of their tables are used, and two threads would count in one
another's.
"""

from collections.abc import Callable
from functools import wraps
from threading import local
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
Question = TypeVar("Question")


def prepared(put_together: Callable[P, Question]) -> Callable[P, Question]:
    """Keep what a function puts together for the arguments of its last call (the day, say), by thread."""
    kept = local()

    @wraps(put_together)
    def question(*args: P.args, **kwargs: P.kwargs) -> Question:
        about = (args, kwargs)
        if getattr(kept, "about", None) != about:
            kept.about, kept.question = about, put_together(*args, **kwargs)
        found: Question = kept.question
        return found

    return question
