"""Two people changed the same items: both values side by side, and what goes together by itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from patients.casebook.form import FormRow
from patients.casebook.header import HEADER, header_values, header_versions
from patients.casebook.page import Page
from patients.entry.edits import MISSING_SUFFIX as MISSING
from patients.entry.reasons import ReasonCode
from patients.entry.refusals import Clash
from patients.entry.voiding import VOID
from patients.items.item import Item
from patients.items.missing import MissingReason
from patients.items.problems import NotAnAnswer
from patients.web.binding import BASE, REASON, WHY, Draft, Place, Slot, is_of_header
from patients.web.clocks import ClockDay, days_on_clocks, long_day, moment
from patients.web.page_presenter import PagePresenter
from patients.web.widgets import labels_of, shown_value


@dataclass(frozen=True, slots=True)
class ClashRow:
    """One item that both changed."""

    name: str
    label: str
    was: str
    mine: str
    theirs: str


@dataclass(frozen=True, slots=True)
class MergedRow:
    """One item that only one of them changed."""

    label: str
    was: str
    now: str
    who: str


@dataclass
class ConflictScreen:
    """Everything that the template of a conflict says."""

    page: Page
    title: str
    began_version: int
    current_version: int
    clashes: list[ClashRow]
    merged: list[MergedRow]
    hidden: list[tuple[str, str]] = field(default_factory=list)
    token: str = ""
    judging: bool = False
    reason_choices: tuple[ReasonCode, ...] = tuple(ReasonCode)

    @property
    def saved_at(self) -> str:
        return moment(getattr(self.page, "saved_at", None))

    @property
    def saved_by(self) -> str:
        return getattr(self.page, "saved_by", "") or "–"

    @property
    def next_version(self) -> int:
        return self.current_version + 1

    @property
    def clock_days(self) -> list[ClockDay]:
        return days_on_clocks(
            self.page.form_date, getattr(self.page, "t0", None), getattr(self.page, "h0", None)
        )

    @property
    def day_in_words(self) -> str:
        return long_day(self.page.form_date)


def conflict_screen(presenter: PagePresenter, draft: Draft, clashes: tuple[Clash, ...]) -> ConflictScreen:
    """The screen for what this draft ran into. `presenter` holds the page as it is now."""
    clashing = {(clash.row_key, clash.item) for clash in clashes}
    return ConflictScreen(
        page=presenter.page,
        title=str(presenter.model.form.title),
        began_version=draft.base_version,
        current_version=presenter.page.version,
        clashes=[_clash(clash, draft, presenter.model) for clash in clashes],
        merged=[*_mine(draft, presenter.model, clashing), *_theirs(draft, presenter, clashing)],
        hidden=list(_hidden(draft, clashing)),
        token=presenter.token,
        judging=presenter.judging,
    )


def merged_labels(presenter: PagePresenter, draft: Draft) -> list[str]:
    """The items that others changed since this person began. `presenter` holds the page as it is now."""
    return [row.label for row in _theirs(draft, presenter, set(draft.entered))]


def _clash(clash: Clash, draft: Draft, model: type[FormRow]) -> ClashRow:
    place = (clash.row_key, clash.item)
    item = _item(model, place)
    slot = _slot(draft, clash.row_key)
    return ClashRow(
        name=f"{slot.prefix}{clash.item}",
        label=_labelled(item, clash.row_key),
        was=_aloud(item, draft.bases.get(place, "")) or _("no answer"),
        mine=clash.mine or _("no answer"),
        theirs=clash.theirs or _("no answer"),
    )


def _item(model: type[FormRow], place: Place) -> Item:
    return HEADER[place[1]] if is_of_header(place) else model.item(place[1])


def _slot(draft: Draft, key: str) -> Slot:
    return next((slot for slot in draft.slots if slot.key == key), Slot("", key))


def _labelled(item: Item, key: str) -> str:
    label = str(item.declared.label)
    row = _("Row %s") % key
    return f"{label} ({row})" if key else label


def _aloud(item: Item, text: str) -> str:
    """A text that stood in a field as it is read: the label of a missing reason, the value with its unit."""
    if text.startswith("[") and text[1:-1] in MissingReason.values:
        return str(MissingReason(text[1:-1]).label)
    try:
        return shown_value(item, item.read(text) if text else None, labels_of(item))
    except NotAnAnswer:
        return text


def _mine(draft: Draft, model: type[FormRow], clashing: set[Place]) -> Iterator[MergedRow]:
    for place, entered in draft.entered.items():
        if place not in clashing:
            item = _item(model, place)
            was, now = _aloud(item, draft.bases[place]), _aloud(item, entered.text)
            yield MergedRow(_labelled(item, place[0]), was, now, _("you"))


def _theirs(draft: Draft, presenter: PagePresenter, clashing: set[Place]) -> Iterator[MergedRow]:
    """What others changed since the person began, beside the items in question."""
    yield from _their_header(draft, presenter.page, clashing)
    for key, row in presenter.stored.rows.items():
        values = presenter.stored.record(key).values
        for name, version in row.item_versions.items():
            if version > draft.base_version and name != VOID.name and (key, name) not in clashing:
                item = presenter.model.item(name)
                now = _stored_aloud(item, values, row.missing, identify=presenter.rights.identify)
                yield MergedRow(_labelled(item, key), "", now, _("somebody else"))


def _their_header(draft: Draft, page: Page, clashing: set[Place]) -> Iterator[MergedRow]:
    values = header_values(page)
    for name, version in header_versions(page).items():
        if version > draft.base_version and ("", name) not in clashing:
            item = HEADER[name]
            now = shown_value(item, values[name], labels_of(item))
            yield MergedRow(_labelled(item, ""), "", now, _("somebody else"))


def _stored_aloud(
    item: Item, values: Mapping[str, Any], missing: Mapping[str, str], *, identify: bool
) -> str:
    if item.declared.identity and not identify:
        return _("withheld")
    if item.name in missing:
        return str(MissingReason(missing[item.name]).label)
    return shown_value(item, values.get(item.name), labels_of(item))


def _hidden(draft: Draft, clashing: set[Place]) -> Iterator[tuple[str, str]]:
    """The draft, carried along until the choices are made."""
    for slot in draft.slots:
        if slot.prefix:
            yield from (("row", slot.prefix), (f"{slot.prefix}__key", slot.key))
    for (key, item), entered in draft.entered.items():
        name = f"{_slot(draft, key).prefix}{item}"
        yield from ((name, entered.value), (f"{name}{MISSING}", entered.missing))
        yield f"{name}{BASE}", draft.bases[key, item]
        if (key, item) in draft.reasons:
            reason = draft.reasons[key, item]
            yield from ((f"{name}{REASON}", reason.code), (f"{name}{WHY}", reason.text))
    yield from (("clash", f"{_slot(draft, key).prefix}{item}") for key, item in sorted(clashing))
