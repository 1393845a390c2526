"""The models of the project by what may happen to their rows, and an invented row for any of them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import models

from patients.oversight.queries import Query
from trial.trail.actor import Source, acting, system_actor
from trial.trail.append_only import AppendOnlyModel
from trial.trail.audited import AuditedModel
from trial.trail.ledger import LedgerLeaf
from trial.trail.models import TrailEvent

APPS = ("trial", "patients", "analytics")


def project_models() -> list[type[models.Model]]:
    """Every model with a table in one of our apps, those that Django makes itself included."""
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if model._meta.app_label in APPS]


def append_only_models() -> list[type[AppendOnlyModel]]:
    return [model for model in project_models() if issubclass(model, AppendOnlyModel)]


def audited_models() -> list[type[AuditedModel]]:
    return [model for model in project_models() if issubclass(model, AuditedModel)]


_SAMPLES: dict[type[models.Field], Any] = {
    models.BinaryField: b"x",
    models.BooleanField: False,
    models.DateTimeField: datetime(2025, 8, 5, 12, tzinfo=UTC),
    models.DateField: date(2025, 8, 5),
    models.DecimalField: Decimal(1),
    models.FloatField: 1.0,
    models.IntegerField: 1,
    models.JSONField: {},
    models.UUIDField: "0" * 32,
}


def a_row(model: type[models.Model]) -> models.Model:
    """A row of the model in the database, with something in every column that needs it. The leaf of an event
    is written by the database itself."""
    if model is LedgerLeaf:
        return LedgerLeaf.objects.get(event=a_row(TrailEvent))
    row = model(
        **{column.attname: _sample(column) for column in model._meta.concrete_fields if _needs(column)}
    )
    if issubclass(model, AuditedModel):
        with acting(system_actor("test", Source.COMMAND)):
            return model.objects.create_with_history([row])[0]
    return model._base_manager.bulk_create([row])[0]


ONE_OF_SEVERAL = (Query._meta.get_field("page"),)
"""Columns that may be empty, of which a constraint asks for one."""


def _needs(column: models.Field) -> bool:
    return column in ONE_OF_SEVERAL or not (
        column.null
        or isinstance(column, models.AutoField)
        or column.has_default()
        or getattr(column, "auto_now_add", False)
    )


def _sample(column: models.Field) -> Any:
    if column.is_relation:
        return getattr(_related(column), column.target_field.attname) if column.db_constraint else 1
    for kind, sample in _SAMPLES.items():
        if isinstance(column, kind):
            return sample
    return column.choices[0][0] if column.choices else "x"


def _related(column: models.Field) -> models.Model:
    """A row to point at; one that is there already where several may."""
    there = None if column.unique else column.related_model._base_manager.first()
    return there or a_row(column.related_model)
