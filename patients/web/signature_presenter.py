"""The signatures of a page in words: who, as what, when, meaning what, and whether it still stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, prefetch_related_objects
from django.utils.translation import gettext as _

from patients.casebook.form import FormRow, form_model
from patients.casebook.header import HEADER
from patients.casebook.page import Page
from patients.entry.signatures_exported import signature_cells
from patients.oversight.signatures import Signature, Standing, signatures_on
from patients.web.trail_presenter import EventBlock, block_of
from trial.people.roles import Role
from trial.trail.models import TrailChange, TrailEvent


@dataclass(frozen=True, slots=True)
class SignatureView:
    """One signature. `is_valid`: it belongs to what stands on the page now, and was not itself changed; of
    one that has fallen nobody asks that. `version` is that of the statement; `cells` is all of it as exports
    hold it; `fallen_by` is who changed the page, `why` the items changed."""

    who: str
    role: str
    meaning: str
    statement: str
    version: str
    at: str
    iso: str
    is_valid: bool
    cells: Mapping[str, str]
    fallen_at: str = ""
    fallen_by: str = ""
    why: str = ""

    @property
    def has_fallen(self) -> bool:
        return bool(self.fallen_at)

    @property
    def as_data(self) -> dict[str, object]:
        """For programs: the names are those of 21 CFR 11.50, and of an export of the casebook."""
        return {
            **{name: self.cells[name] for name in _TOLD},
            "page_version": int(self.cells["page_version"]),
            "printed_name": self.who,
            "role": self.role,
            "signed_at": self.iso,
            "meaning": self.meaning,
            "statement": self.statement,
            "in_force": not self.has_fallen,
            "valid": self.is_valid,
        }


_TOLD = (
    "user_name",
    "organisation",
    "signed_at_utc",
    "site_zone",
    "statement_version",
    "form_version",
    "sha256",
    "standing",
    "fallen_at",
    "fallen_by",
    "fallen_because",
)


def signatures_of(page: Page, rows: Mapping[str, FormRow]) -> list[SignatureView]:
    """The signatures of a page (as `page_for` finds it) with these rows, the oldest first."""
    if not getattr(page, "was_signed", True):
        return []
    return [view_of(signature, page, rows.values()) for signature in signatures_on(page)]


def view_of(signature: Signature, page: Page, rows: Iterable[FormRow]) -> SignatureView:
    """A signature (with its fall) on a page that now has these rows."""
    fall = signature.fall if signature.has_fallen else None
    standing = signature.standing(page, rows)
    return SignatureView(
        who=signature.printed_name,
        role=_label(signature.role),
        meaning=str(signature.get_meaning_display()),
        statement=signature.statement,
        version=signature.statement_version,
        at=with_offset(signature.at_site, signature.utc_offset),
        iso=signature.at_site.isoformat(timespec="seconds"),
        is_valid=standing is Standing.VALID,
        cells=signature_cells(signature, standing),
        fallen_at=with_offset(fall.at.astimezone(signature.at_site.tzinfo), signature.utc_offset)
        if fall
        else "",
        fallen_by=(fall.event.actor_name or fall.event.actor) if fall else "",
        why=_in_words(fall.why, page) if fall else "",
    )


def _in_words(changed: str, page: Page) -> str:
    """The items that changed by their labels, where the form knows them."""
    items = HEADER | {item.name: item for item in form_model(page.form_code).items()}
    names = [name.removeprefix(f"{page.form_code}@{page.visit_code}.") for name in changed.split(", ")]
    return ", ".join(str(items[name].declared.label) if name in items else name for name in names)


def _label(role: str) -> str:
    return str(Role(role).label) if role in list(Role) else role


def with_offset(moment: datetime, offset: str) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC{offset}"


def changed_since_signed(page: Page) -> list[EventBlock]:
    """The acts that changed the page since somebody signed it last, the newest first; none if nobody has."""
    last = Signature.objects.filter(page=page).select_related("event").order_by("-pk").first()
    if last is None:
        return []
    here = Q(form=page.form_code, visit=page.visit_code)
    place = f"{page.form_code}@{page.visit_code}."
    derived = Exists(TrailChange.objects.filter(event=OuterRef("act"), item__startswith=place))
    events = TrailEvent.objects.filter(subject=page.subject.code, id__gt=last.event.pk).filter(here | derived)
    found = list(events.order_by("-id"))
    prefetch_related_objects(found, Prefetch("changes", to_attr="fitting"))
    return [block_of(event, "") for event in found]


def signed_in_words(pages: Iterable[int]) -> dict[int, str]:
    """Who has signed these pages, in force, as a cell of a list: who, as what, when, meaning what in which
    version of the statement. One statement; whether each belongs to what stands there, its page tells."""
    said: dict[int, list[str]] = {}
    for signature in Signature.objects.in_force().filter(page__in=set(pages)):
        said.setdefault(signature.page_id, []).append(_in_a_cell(signature))
    return {page: "; ".join(each) for page, each in said.items()}


def _in_a_cell(signature: Signature) -> str:
    who = f"{signature.printed_name}, {_label(signature.role)}"
    version = _statement(signature.statement_version)
    at = with_offset(signature.at_site, signature.utc_offset)
    return f"{who}, {at}, {signature.get_meaning_display()} ({version})"


def _statement(version: str) -> str:
    return _("statement %(version)s") % {"version": version}


def signature_in_words(signature: SignatureView) -> dict[str, str]:
    """Who, as what, when, meaning what in which version of the statement; and whether it stands."""
    if signature.has_fallen:
        named = {"at": signature.fallen_at, "by": signature.fallen_by, "why": signature.why}
        standing = _("no longer in force: changed %(at)s by %(by)s (%(why)s)") % named
    else:
        standing = _("valid") if signature.is_valid else _("NOT VALID: the page is not as it was signed")
    said = f"{signature.statement} ({_statement(signature.version)})"
    return {
        "who": f"{signature.who}, {signature.role}",
        "what": f"{signature.at} · {signature.meaning}: {said}",
        "standing": standing,
    }
