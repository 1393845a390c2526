"""What stands in the items of forms. There is a table for each form: the list goes through them in order, and
one page of it never holds rows of two, so that it is two statements, always."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Exists

from analytics.exports.form_tables import exported_items
from analytics.exports.live import shapes
from analytics.exports.live.asking import NUMBER, Asked, Filter, Parameters
from analytics.exports.live.lists import (
    FORMS,
    Found,
    Listed,
    Scope,
    Told,
    filters,
    names_of,
    of_form,
    of_item,
    of_visit,
)
from analytics.exports.live.telling import Teller
from patients.casebook.form import FormRow, form_model
from patients.items.item import Item
from trial.people.models import Site
from trial.people.roles import Permission

_FILTERS: tuple[Filter, ...] = (
    *filters("page__subject__", "site", "subject"),
    of_visit("page__visit__code"),
    Filter("row", "keys of rows", "row_key"),
    of_form(),
    of_item(),
)


def read_values(asked: Asked, scope: Scope) -> Found:
    """The items of as many rows as are asked for. A row is never divided between two pages."""
    form, _point, key = asked.cursor.partition(".")
    waiting = _forms_with_rows(asked, scope, form)
    if not waiting:
        return Found([])
    after = int(key) if waiting[0] == form else 0
    model = form_model(waiting[0])
    rows = (
        _rows(model, asked, scope).filter(pk__gt=after).select_related("page__subject__site", "page__visit")
    )
    some = list(rows.order_by("pk")[: asked.limit + 1])
    page = some[: asked.limit]
    cursor = f"{waiting[0]}.{page[-1].pk}" if len(some) > len(page) else ""
    if not cursor and len(waiting) > 1:
        cursor = f"{waiting[1]}.0"
    wanted = asked.filters.get("item")
    items = [
        item
        for item in exported_items(model)
        if scope.teller.has(waiting[0], item.name) and (wanted is None or item.name in wanted)
    ]
    return Found([told for row in page for told in told_row(row, items, scope.teller)], cursor)


def _forms_with_rows(asked: Asked, scope: Scope, begun: str) -> list[str]:
    """The forms that have a row that fits, from the one on in which the list stands; in one statement."""
    wanted = asked.filters.get("form", FORMS)
    forms = [form for form in FORMS[FORMS.index(begun) if begun else 0 :] if form in wanted]
    if not forms or not scope.sites:
        return []
    found = {
        f"has_{form.lower()}": Exists(_rows(form_model(form), asked, scope).order_by().values("pk"))
        for form in forms
    }
    asked_once = Site.objects.filter(pk=scope.sites[0].pk).annotate(**found)
    has = asked_once.values_list(*found).get()
    return [form for form, one in zip(forms, has, strict=True) if one]


def _rows(model: type[FormRow], asked: Asked, scope: Scope) -> Any:
    """The rows of a form that stand and fit."""
    return model.objects.filter(page__subject__site__in=scope.sites, **asked.lookups(_FILTERS))


def told_row(row: Any, items: Iterable[Item], teller: Teller) -> Iterator[Told]:
    """The items of a row in which something stands, or a reason for nothing."""
    page = row.page
    place = {
        "site": page.subject.site.code,
        "subject": page.subject.code,
        "visit": page.visit_code,
        "form": row.form.code,
        "page": page.pk,
        "row": row.row_key,
    }
    for item in items:
        text, missing = item.text(getattr(row, item.name)), row.missing.get(item.name)
        if text or missing:
            yield {
                **place,
                "item": item.name,
                "value": teller.value(page.subject.code, item, text) or None,
                "unit": item.declared.unit if text else "",
                "missing": missing,
                "derived": item.is_derived,
                "version": row.item_versions.get(item.name),
            }


ITEMS = Listed(
    name="items",
    about="What stands in the items of the rows of forms, in the order of the forms. `limit` counts rows: "
    "each comes with all of its items, and a page ends with the last row of a form.",
    permission=Permission.READ,
    entry=shapes.ItemEntry,
    parameters=Parameters(
        _FILTERS, names_of(shapes.ItemEntry), place=rf"({'|'.join(FORMS)})\.{NUMBER}", begin=""
    ),
    read=read_values,
)
