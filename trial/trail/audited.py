"""Models whose every version is kept (django-simple-history), without its silent gaps.

What the library would let pass unaudited is refused here: `update()`, `bulk_*` and `delete()` of a
queryset and of a related manager, `save(update_fields=…)` (it would write unsaved values of other fields into
the history), a save outside a transaction (row and history would commit apart), a save without an author, a
raw save (`loaddata`), and every switch of the library that would leave the history out.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NoReturn, TypeVar

from django.conf import settings
from django.db import models, transaction
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.utils import timezone
from simple_history.manager import HistoricalQuerySet, HistoryManager
from simple_history.models import HistoricalRecords

from trial.trail.actor import current_actor
from trial.trail.append_only import AppendOnlyModel, AppendOnlyQuerySet
from trial.trail.inserting import insert, insert_copies


class UnauditedWrite(TypeError):
    """A way of writing that would leave no history was tried on an audited model."""


class HistoryQuerySet(AppendOnlyQuerySet[Any], HistoricalQuerySet):  # type: ignore[misc]
    """The kept versions of a model: read only."""


class RowHistoryManager(HistoryManager):  # type: ignore[misc]
    """The library makes a manager's class at every access to a history; here it is made once."""

    @classmethod
    @cache
    def from_queryset(cls, queryset_class: type[HistoryQuerySet], class_name: str | None = None) -> Any:
        return super().from_queryset(queryset_class, class_name)


class HistoryRow(AppendOnlyModel):
    """What each kept version adds: its author, frozen as text, and the door it came through."""

    actor_name = models.CharField(max_length=200)
    actor_role = models.CharField(max_length=60)
    organisation = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=20)
    request_id = models.CharField(max_length=32)

    class Meta:
        abstract = True


def _author(row: Any) -> str:
    return str(row.history_user_id)


def _set_author(row: Any, user_name: str) -> None:
    row.history_user_id = user_name


class RowVersions(HistoricalRecords):  # type: ignore[misc]
    """History of a model; its user is the actor's name as text, so that accounts stay untouched by it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            bases=(HistoryRow,),
            history_id_field=models.BigAutoField(),
            history_user_id_field=models.CharField(max_length=150),
            history_user_getter=_author,
            history_user_setter=_set_author,
            history_change_reason_field=models.TextField(blank=True, default=""),
            historical_queryset=HistoryQuerySet,
            history_manager=RowHistoryManager,
            **options,
        )

    def fields_included(self, model: type[models.Model]) -> "list[models.Field[Any, Any]]":
        """All columns but those that the model names as `UNVERSIONED` (what identifies a person)."""
        unversioned = getattr(model, "UNVERSIONED", ())
        return [column for column in super().fields_included(model) if column.name not in unversioned]

    def create_historical_record(self, instance: models.Model, history_type: str, using: str = "") -> None:
        """The version of a row that is saved by itself, kept like those of many."""
        _keep_versions([instance], history_type)


Record = TypeVar("Record", bound=models.Model, covariant=True)


class AuditedQuerySet(models.QuerySet[Record]):
    """Reads; whoever writes saves an instance inside an action."""

    def create_with_history(self, rows: Iterable[Any]) -> list[Any]:
        """Insert new rows and their first versions, in two statements."""
        rows = list(rows)
        if not rows:
            return []
        with transaction.atomic(savepoint=False):
            created = super().bulk_create(rows)
            _keep_versions(created, "+")
        return created

    def save_with_history(self, rows: Iterable[Any], fields: Iterable[str]) -> None:
        """Save these fields of rows that are there, and a version of each, in two statements.

        Like `create_with_history` a bulk way that keeps every version; there is no other.
        """
        rows = list(rows)
        if rows:
            with transaction.atomic(savepoint=False):
                plain: models.QuerySet[Any] = models.QuerySet(self.model, using=self.db)
                plain.bulk_update(rows, list(fields))
                _keep_versions(rows, "~")

    def set_with_history(self, **values: Any) -> None:
        """Set the same values in every row of it, and save a version of each: in three statements and without
        reading a row, however many there are."""
        numbers = list(self.order_by().values_list("pk", flat=True))
        if not numbers:
            return
        with transaction.atomic(savepoint=False):
            about = _about_versions("~")
            plain: models.QuerySet[Any] = models.QuerySet(self.model, using=self.db)
            rows = plain.filter(pk__in=numbers).order_by("pk")
            rows.update(**values)
            history: Any = self.model.history.model  # type: ignore[attr-defined]
            insert_copies(history, rows, _tracked(history), about)

    def _refuse(self, way: str) -> NoReturn:
        raise UnauditedWrite(f"{way} would change {self.model.__name__} without history")

    def update(self, **kwargs: Any) -> NoReturn:
        self._refuse("update()")

    def delete(self) -> NoReturn:
        self._refuse("delete()")

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse("bulk_create()")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse("bulk_update()")


def _keep_versions(rows: Sequence[Any], kind: str) -> None:
    """One version of each row: `+` of a new one, `~` of one that changed. Each holds its author, frozen as
    text, and no reason: those stand in the trail, one for each item changed."""
    history = type(rows[0]).history.model
    tracked, about = _tracked(history), _about_versions(kind)
    values = ((*(getattr(row, name) for name in tracked), *about.values()) for row in rows)
    insert(history, (*tracked, *about), values)


def _tracked(history: Any) -> tuple[str, ...]:
    return tuple(column.attname for column in history.tracked_fields)


def _about_versions(kind: str) -> dict[str, Any]:
    """What versions that are written now say beside the row. Raises AnonymousWrite without an actor."""
    actor = current_actor()
    return {
        "history_date": timezone.now(),
        "history_type": kind,
        "history_user_id": actor.user_name,
        "history_change_reason": "",
        "actor_name": actor.printed_name,
        "actor_role": actor.role,
        "organisation": actor.organisation,
        "source": actor.source,
        "request_id": actor.request_id,
    }


class AuditedModel(models.Model):
    """Base of every record of the trial that may change: each version is kept with its author."""

    objects = AuditedQuerySet.as_manager()
    history = RowVersions(inherit=True)

    class Meta:
        abstract = True
        base_manager_name = "objects"  # a related manager writes through the base manager

    def save(self, *args: Any, **kwargs: Any) -> None:
        current_actor()
        name = type(self).__name__
        if args or kwargs.get("update_fields") is not None:
            raise UnauditedWrite(f"{name}.save(update_fields=…) would blur the history")
        if not transaction.get_connection(kwargs.get("using")).in_atomic_block:
            raise UnauditedWrite(f"{name} must be saved inside a transaction")
        if hasattr(self, "skip_history_when_saving") or not getattr(settings, "SIMPLE_HISTORY_ENABLED", True):
            raise UnauditedWrite(f"the history of {name} cannot be switched off")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise UnauditedWrite(f"{type(self).__name__} rows are not deleted; they are made void with a reason")


@receiver(pre_save)
def _refuse_raw(sender: type[models.Model], *, raw: bool, **_: Any) -> None:
    """`loaddata` saves past `save()`, and the library leaves the history of a raw save out."""
    if raw and issubclass(sender, AuditedModel):
        raise UnauditedWrite(f"a raw save of {sender.__name__} would leave no history")
