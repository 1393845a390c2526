"""Questions to the database that are put together, and written as SQL, once.

What every request asks takes the ORM longer to put together than the database to answer: each annotation is
resolved against the models anew, and each column written down anew. Each thread keeps its own: while a
QuerySet is turned into SQL, Django counts in the questions inside it which of their tables are used, and two
threads would count in one another's.
"""

from collections.abc import Callable
from functools import cache, lru_cache, wraps
from threading import local
from typing import Any, Generic, ParamSpec, TypeVar

from django.db import connections
from django.db.models import BigIntegerField, Expression, Model, QuerySet

MOST_KEPT = 64
"""Questions of one kind in one thread: those who read at the same sites share one."""
P = ParamSpec("P")
Question = TypeVar("Question")
Row = TypeVar("Row", bound=Model)


def prepared(put_together: Callable[P, Question]) -> Callable[P, Question]:
    """Keep what a function puts together for its arguments (the day, say), by thread."""
    kept = local()

    @wraps(put_together)
    def question(*args: P.args, **kwargs: P.kwargs) -> Question:
        if not hasattr(kept, "questions"):
            kept.questions = lru_cache(MOST_KEPT)(put_together)
        found: Question = kept.questions(*args, **kwargs)
        return found

    return question


class Asked(Expression):
    """In a `Written` question the number that it is asked with: `filter(pk=Asked())`."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


class Written(Generic[Row]):
    """A question in which one number is left open, as SQL that is written once.

    The compiler that wrote it reads the answers, too: which column of them is which it knows from writing.
    """

    def __init__(self, question: "QuerySet[Row, Any]") -> None:
        self._question = question
        self._compiler: Any = question.query.get_compiler(question.db)
        self._written = cache(self._compiler.as_sql)
        self._compiler.as_sql = self._filled
        question.query.get_compiler = self._asking  # type: ignore[method-assign]
        self._number = 0

    def of(self, number: int) -> list[Row]:
        """The rows of this number; none of one that no column holds."""
        if abs(number) > BigIntegerField.MAX_BIGINT:
            return []
        self._number = number
        return list(self._question.all())

    def _asking(self, *_args: object, **_kwargs: object) -> Any:
        """The compiler, which asks over the connection of the moment and not over that of its writing."""
        self._compiler.connection = connections[self._question.db]
        return self._compiler

    def _filled(self, *_args: object, **_kwargs: object) -> tuple[str, tuple[Any, ...]]:
        sql, parameters = self._written()
        return sql, tuple(self._number if isinstance(each, Asked) else each for each in parameters)
