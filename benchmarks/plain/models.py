"""The items of a response page in a model without a form, a page or an item's declaration."""

from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords

from patients.casebook.form import form_model

_RESPONSE = form_model("RESP")
ITEMS = [item.name for item in _RESPONSE.items() if item.editable]
_COLUMNS: dict[str, Any] = {name: _RESPONSE._meta.get_field(name).clone() for name in ITEMS}

PlainResponse: Any = type(
    "PlainResponse",
    (models.Model,),
    {
        "__module__": __name__,
        "__str__": lambda self: f"response {self.pk}",
        "Meta": type("Meta", (), {"app_label": "plain"}),
        "history": HistoricalRecords(),
        **_COLUMNS,
    },
)
