"""The protocol deviations of many subjects in one list, as an ethics committee asks for them."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from patients.casebook.form import form_model

DEVIATIONS = "PDEV"


def deviations_at(sites: Iterable[str], *, weight: str = "") -> "QuerySet[Any, Any]":
    """The deviations that stand of the subjects of these sites, the latest first; of one class if it is
    named. Each with its page, subject and site."""
    model: Any = form_model(DEVIATIONS)  # the checker knows the abstract base alone
    rows = model.objects.filter(page__subject__site__code__in=list(sites))
    if weight:
        rows = rows.filter(pd_class=weight)
    found: QuerySet[Any, Any] = rows.select_related("page__subject__site")
    return found.order_by("-pd_dt", "page__subject__code", "row_key")
