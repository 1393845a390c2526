"""The items of a response page in a model of Django's own fields."""

from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords

from patients.casebook.form import form_model
from patients.items.item import Item
from patients.items.types import BooleanItem, ChoiceItem, DateItem, DecimalItem, IntegerItem, MultiItem

_ITEMS = [item for item in form_model("RESP").items() if item.editable]
ITEMS = [item.name for item in _ITEMS]


def _column(item: Item) -> Any:
    """What Django has for an item of this type; all may be left out."""
    empty: dict[str, Any] = {"null": True, "blank": True, "verbose_name": item.verbose_name}
    match item:
        case DecimalItem():
            return models.DecimalField(max_digits=20, decimal_places=6, **empty)
        case IntegerItem():
            return models.BigIntegerField(**empty)
        case BooleanItem():
            return models.BooleanField(**empty)
        case DateItem():
            return models.DateField(**empty)
        case ChoiceItem():
            return models.CharField(max_length=60, choices=item.choices, **empty)
        case MultiItem():
            return models.JSONField(**empty)
    return models.TextField(**empty)


PlainResponse: Any = type(
    "PlainResponse",
    (models.Model,),
    {
        "__module__": __name__,
        "__str__": lambda self: f"response {self.pk}",
        "Meta": type("Meta", (), {"app_label": "plain"}),
        "history": HistoricalRecords(),
        **{item.name: _column(item) for item in _ITEMS},
    },
)
