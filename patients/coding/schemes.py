"""What is coded, and against what: the items that declare it, and the dictionaries that serve them."""

from dataclasses import dataclass
from functools import cache

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormRow, declared_forms, form_model
from patients.items.types import CodedTextItem, TextItem

EVENTS, MEDICINES = "MedDRA", "WHODrug"
"""The two schemes, by the names that items declare."""
LOCK_WAITS_FOR = ("AE", "CM")
"""Specification 5.4: no uncoded AE or CM. A regimen of before (PTHER) is "coded WHODrug later"."""


class Kind(models.TextChoices):
    """A dictionary by its publisher. The invented ones are for demonstration, and of no other use."""

    MEDDRA = "meddra", "MedDRA"
    WHODRUG = "whodrug", "WHODrug"
    INVENTED_EVENTS = "invented-events", _("invented events")
    INVENTED_MEDICINES = "invented-medicines", _("invented medicines")

    @property
    def scheme(self) -> str:
        return EVENTS if self in (Kind.MEDDRA, Kind.INVENTED_EVENTS) else MEDICINES


def kinds_of(scheme: str) -> list[Kind]:
    """The dictionaries that serve a scheme."""
    return [kind for kind in Kind if kind.scheme == scheme]


@dataclass(frozen=True, slots=True)
class CodedItem:
    """An item in which people type a term: `item` of `form`, coded by a scheme. A form has one at most: its
    row names a term. `shown_in` is the item that shows its code, where the form has one."""

    form: str
    item: str
    scheme: str
    shown_in: str = ""

    @property
    def model(self) -> type[FormRow]:
        return form_model(self.form)

    @property
    def is_awaited(self) -> bool:
        """Whether a lock waits for its codes (specification 5.4)."""
        return self.form in LOCK_WAITS_FOR

    @property
    def label(self) -> str:
        return str(self.model.item(self.item).declared.label)


@cache
def coded_items() -> tuple[CodedItem, ...]:
    """All of them, in the order of the forms."""
    return tuple(
        _coded(model.form.code, item)
        for model in declared_forms()
        for item in model.items()
        if isinstance(item, TextItem) and item.dictionary
    )


def _coded(form: str, item: TextItem) -> CodedItem:
    written = item.of if isinstance(item, CodedTextItem) else ""
    return CodedItem(form, written or item.name, item.dictionary, item.name if written else "")


def coded_items_of(form: str) -> list[CodedItem]:
    return [coded for coded in coded_items() if coded.form == form]
