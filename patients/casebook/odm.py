"""What the casebook is called in ODM-XML: the one place where OIDs are made and read.

A visit is a StudyEventDef, a page a FormData, the header of a page and each row of its form an ItemGroupData
under the key of the row, an item an ItemDef. The days of lymphodepletion and the visits that may happen again
repeat; the form SUBJECT holds what a registry must know of somebody beside the pages.
"""

import re
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormRow, form_model, is_declared
from patients.casebook.header import DATA, HEADER
from patients.items.codelists import Code, CodeList, choices
from patients.items.item import Item
from patients.items.missing import MissingReason
from patients.items.types import BooleanItem, ChoiceItem, CodedTextItem, DateItem, IntegerItem
from trial.protocol.study import STUDY
from trial.protocol.visits import RECURRING

NAMESPACE = "http://www.cdisc.org/ns/odm/v1.3"
STUDY_OID = STUDY.registry_id
PAGE, SUBJECT = "PAGE", "SUBJECT"
"""Names beside those of forms: the header that every page has, and what is known of the subject itself."""
LOG = "SE.LOG"
"""The event of pages that belong to no visit."""
AFTER_CUTOFF = "after_cutoff"
FLAGGED = "MISSING"
"""The type of the flag that says why there is no value."""
SERIES = RECURRING | {"LD"}
"""Visits of which there are several, told apart by a number."""
_INSTANCE = re.compile(rf"({'|'.join(sorted(SERIES))})([1-9][0-9]{{0,5}})")
_SITE = "LOC."

TRUE, SHIFTED, HELD, WITHHELD = "true", "shifted", "held", "withheld"
AGE = "age_days_at_enrolment"
SUBJECT_ITEMS: dict[str, Item] = {
    "dates": ChoiceItem(
        _("How dates are told"),
        CodeList(
            "dates",
            (
                Code(TRUE, _("as they are")),
                Code(SHIFTED, _("moved by a number of days of each subject")),
            ),
        ),
    ),
    "genetic_data": ChoiceItem(_("Genetic data"), choices("genetic_data", _("held"), _("withheld"))),
    "planned_infusion": DateItem(_("Planned infusion"), req="O"),
    AGE: IntegerItem(_("Age at enrolment in days"), req="O", unit="d"),
    "alive_at_cutoff": BooleanItem(_("Known to be alive at the cut-off by a later date"), req="O"),
    "progression_free_at_cutoff": BooleanItem(
        _("Known to be free of progression at the cut-off by a later date"), req="O"
    ),
}
for _name, _item in SUBJECT_ITEMS.items():
    _item.name = _name  # no model does it for them
MISSING = CodeList(
    FLAGGED,
    (
        *(Code(reason.value, reason.label) for reason in MissingReason),
        Code(AFTER_CUTOFF, _("later than the cut-off")),
    ),
)
FLAGS = CodeList("FLAG", (Code(FLAGGED, _("why there is no value")),))


def event_of(visit: str) -> tuple[str, str]:
    """The OID of the event of a visit and the number under which it repeats, if it does."""
    if not visit:
        return LOG, ""
    found = _INSTANCE.fullmatch(visit)
    return (f"SE.{found[1]}", found[2]) if found else (f"SE.{visit}", "")


def visit_of(event: str, repeat: str) -> str:
    """The inverse: the code of a visit, which may be one that no protocol knows."""
    return "" if event == LOG else event.removeprefix("SE.") + repeat


def form_oid(form: str) -> str:
    return f"F.{form}"


def group_oid(form: str) -> str:
    return f"IG.{form}"


def item_oid(form: str, item: str) -> str:
    return f"IT.{form}.{item}"


def unit_oid(unit: str) -> str:
    return f"MU.{unit}"


def location_oid(site: str) -> str:
    return f"{_SITE}{site}"


def site_of(location: str) -> str:
    return location.removeprefix(_SITE)


def user_oid(user_name: str, role: str) -> str:
    """A person acts in a role: who has two is two users."""
    return f"USER.{role}.{user_name}"


def role_of(user: str) -> str:
    """The role in the OID of a user; empty for one that is not ours."""
    kind, _dot, rest = user.partition(".")
    return rest.partition(".")[0] if kind == "USER" else ""


@cache
def form_of(oid: str) -> str | None:
    """The form of an OID; None where this version has no such form."""
    form = oid.removeprefix("F.")
    return form if form_oid(form) == oid and (form == SUBJECT or is_declared(form)) else None


@cache
def items_under(group: str) -> dict[str, Item]:
    """The items of an item group by their OIDs, as they leave the registry: none that identifies somebody,
    none that only shows a code. Raises KeyError for a group that this version does not have."""
    name = group.removeprefix("IG.")
    held: Any = {PAGE: _header, SUBJECT: SUBJECT_ITEMS.values}.get(name)
    items = held() if held else told_items(form_model(name))
    return {item_oid(name, item.name): item for item in items}


def _header() -> list[Item]:
    return [HEADER[name] for name in DATA]


def told_items(model: type[FormRow]) -> list[Item]:
    """The items of a form that an export tells of."""
    return [
        item
        for item in model.items()
        if not item.declared.identity and not (isinstance(item, CodedTextItem) and item.of)
    ]
