"""Rows that are written once.

Held three times: here (the manager and the model raise), by triggers in the database (`triggers.py`), and
by tests that try every way on both engines.
"""

from typing import Any, ClassVar, NoReturn, TypeVar

from django.db import models


class WrittenOnce(TypeError):
    """Somebody tried to change or delete a row that is written once."""


Row = TypeVar("Row", bound=models.Model, covariant=True)


class AppendOnlyQuerySet(models.QuerySet[Row]):
    """Reads and inserts; nothing else."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise WrittenOnce(f"{self.model.__name__} rows are written once")

    def delete(self) -> NoReturn:
        raise WrittenOnce(f"{self.model.__name__} rows are written once")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise WrittenOnce(f"{self.model.__name__} rows are written once")


class AppendOnlyModel(models.Model):
    """Base of every table that only grows.

    `SUBJECT_CODE` is the way to the code of the subject about whom people type into its text columns: what is
    hidden about a subject goes out of these, too (`hiding.py`). Empty where nobody types.
    """

    SUBJECT_CODE: ClassVar[str] = ""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise WrittenOnce(f"{type(self).__name__} rows are written once")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise WrittenOnce(f"{type(self).__name__} rows are written once")
