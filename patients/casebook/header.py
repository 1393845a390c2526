"""The items of the common header of a page: date of assessment, not done with its reason, source documents,
and whether it was transcribed from paper (RB-06).

They are declared once, as those of a form are; how they are edited and judged, `patients.entry.header` says.
They belong to no row, so their row key is empty.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.page import NotDoneReason, Page
from patients.items.codelists import Code, CodeList, choices
from patients.items.item import Item
from patients.items.types import BooleanItem, ChoiceItem, DateItem, MultiItem

FORM_DATE = DateItem(_("Date of assessment (local site date)"), cdisc="--DTC")
NOT_DONE = BooleanItem(_("Form not done"), cdisc="--STAT=NOT DONE (C66789)")
NOT_DONE_REASON = ChoiceItem(
    _("Reason not done"),
    CodeList("not_done_reason", tuple(Code(reason.value, reason.label) for reason in NotDoneReason)),
    cdisc="--REASND",
)
SOURCE_DOCUMENTS = MultiItem(
    _("Source document type"),
    choices(
        "src_doc",
        _("EMR"),
        _("lab system"),
        _("apheresis record"),
        _("product CoA"),
        _("imaging report"),
        _("pathology report"),
        _("phone contact"),
        _("other hospital record"),
    ),
    req="O",
    cdisc="audit",
)
RECORDED = MultiItem(
    _("How it was recorded"),
    choices("recorded", _("transcribed from paper")),
    req="O",
    cdisc="audit",
)
# The name in the casebook, the declaration, the column of the page.
FIELDS: tuple[tuple[str, Item, str], ...] = (
    ("form_date", FORM_DATE, "form_date"),
    ("not_done", NOT_DONE, "not_done"),
    ("not_done_reason", NOT_DONE_REASON, "not_done_reason"),
    ("src_doc", SOURCE_DOCUMENTS, "source_documents"),
    ("recorded", RECORDED, "recorded"),
)
HEADER: dict[str, Item] = {name: item for name, item, _column in FIELDS}
for _name, _item in HEADER.items():
    _item.name = _name  # no model does it for them
DATA = ("form_date", "not_done", "not_done_reason", "src_doc")
"""What a data cut holds of it, and a monitor compares with the source: how a page came in is no data."""
EMPTY: dict[str, Any] = {
    "form_date": None,
    "not_done": False,
    "not_done_reason": "",
    "source_documents": [],
    "recorded": None,
}


def header_values(page: Page) -> dict[str, Any]:
    """What stands in the header as it is shown, by item; None where nothing does."""
    return {
        name: answer_of(getattr(page, column), column, said_before=True) for name, _item, column in FIELDS
    }


def header_versions(page: Page) -> dict[str, int]:
    """The version at which each item of the header last changed.

    A page that was last saved before these were kept names none; what stands in its header then counts as
    changed by that save: a reason is asked, and whoever read an earlier version is told.
    """
    filled = (name for name, _item, column in FIELDS if getattr(page, column) != EMPTY[column])
    return dict(page.header_versions) or dict.fromkeys(filled, page.version)


def answer_of(kept: Any, column: str, *, said_before: bool) -> Any:
    """The answer for which a column stands; None for none. `No` to "not done" is one if something else was
    said before: the column alone cannot tell it from silence."""
    is_none = kept == EMPTY[column] and not (kept is False and said_before)
    return None if is_none else kept
