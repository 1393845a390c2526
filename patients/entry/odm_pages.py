"""From the elements of ODM-XML to rows of pages, by the OIDs that the casebook has in ODM."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from patients.casebook.files import MISSING_SUFFIX
from patients.casebook.form import form_model
from patients.casebook.odm import (
    AFTER_CUTOFF,
    AGE,
    FLAGGED,
    NAMESPACE,
    PAGE,
    SHIFTED,
    STUDY_OID,
    SUBJECT,
    WITHHELD,
    event_of,
    form_of,
    group_oid,
    items_under,
    role_of,
    site_of,
    unit_oid,
    visit_of,
)
from patients.entry.staging import Fault, StagedRow
from patients.items.item import Item

MOST_TEXT = 100_000


class NotThisFile(Exception):
    """The file as a whole is not one that this registry takes in; the text says why."""


@dataclass
class Known:
    """What a file says of a subject beside its pages."""

    code: str
    line: int
    site: str = ""
    planned: str | None = None
    age: str = ""
    enrolled: str = ""


@dataclass
class User:
    """Somebody whom a file names, with a role at sites."""

    line: int
    role: str
    texts: dict[str, str] = field(default_factory=dict)
    sites: list[str] = field(default_factory=list)


@dataclass
class _Value:
    """An item as it is read."""

    oid: str
    line: int
    value: str
    is_null: bool
    unit: str = ""
    flags: dict[str, str] = field(default_factory=dict)


@dataclass
class _Group:
    """An item group as it is read: its cells by item, and what of it cannot be read."""

    oid: str
    key: str
    line: int
    cells: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


@dataclass
class _Page:
    """A page as it is read."""

    form: str
    visit: str
    line: int
    groups: list[_Group] = field(default_factory=list)


class OdmPages:
    """Follows the elements of one file. `keep` gets each row as soon as its page ends."""

    def __init__(self, keep: Callable[[StagedRow], None], line: Callable[[], int]) -> None:
        self.keep, self._line = keep, line
        self.subjects: dict[str, Known] = {}
        self.users: list[User] = []
        self.strange: list[Fault] = []
        self._path: list[str] = []
        self._subject: Known | None = None
        self._user: User | None = None
        self._visit = ""
        self._page: _Page | None = None
        self._group: _Group | None = None
        self._value: _Value | None = None
        self._flag = self._ended = ""
        self._text: list[str] = []
        self._length = 0

    # --- what the reader tells ---------------------------------------------------------------------------
    def starts(self, name: str, attributes: dict[str, str]) -> None:
        """Raises NotThisFile."""
        space, _space, local = name.rpartition(" ")
        if not self._path:
            self._root(space, local, attributes)
        self._path.append(local if space == NAMESPACE else "")
        self._text, self._length = [], 0
        if space == NAMESPACE and "" not in self._path:
            self._start(local, attributes)

    def _start(self, local: str, attributes: dict[str, str]) -> None:
        if local.startswith("ItemData"):
            self._start_item(attributes)
        elif starts := _STARTS.get(local):
            starts(self, attributes)

    def ends(self, name: str) -> None:
        """Raises NotThisFile."""
        local = self._ended = self._path.pop()
        if local.startswith("ItemData"):
            self._end_item(typed=local != "ItemData")
        elif (ends := _ENDS.get(local)) and "" not in self._path:
            ends(self)

    def text(self, text: str) -> None:
        """Raises NotThisFile."""
        self._length += len(text)
        if self._value is not None or self._user is not None:
            if self._length > MOST_TEXT:
                raise NotThisFile(_("A text is longer than %s characters.") % MOST_TEXT)
            self._text.append(text)

    # --- the file ----------------------------------------------------------------------------------------
    def _root(self, space: str, local: str, attributes: dict[str, str]) -> None:
        if local != "ODM" or space != NAMESPACE:
            raise NotThisFile(_("The file is not ODM-XML 1.3."))
        if attributes.get("FileType") != "Snapshot":
            raise NotThisFile(_("The file is no Snapshot: what is imported is a state, not the way to it."))

    def _start_clinical(self, attributes: dict[str, str]) -> None:
        study = attributes.get("StudyOID", "")
        if study != STUDY_OID:
            said = _("The file is of the study %(theirs)s, this registry of %(ours)s.")
            raise NotThisFile(said % {"theirs": study, "ours": STUDY_OID})

    def _start_user(self, attributes: dict[str, str]) -> None:
        self._user = User(self._line(), role_of(attributes.get("OID", "")))

    def _start_user_site(self, attributes: dict[str, str]) -> None:
        if self._user is not None:
            self._user.sites.append(site_of(attributes.get("LocationOID", "")))

    def _end_name(self) -> None:
        if self._user is not None:
            self._user.texts[self._ended] = "".join(self._text)

    def _end_user(self) -> None:
        if self._user is not None and self._user.role:
            self.users.append(self._user)
        self._user = None

    def _start_subject(self, attributes: dict[str, str]) -> None:
        code = attributes.get("SubjectKey", "")
        self._subject = self.subjects.setdefault(code, Known(code, self._line()))

    def _start_site(self, attributes: dict[str, str]) -> None:
        if self._subject:
            self._subject.site = site_of(attributes.get("LocationOID", ""))

    def _start_event(self, attributes: dict[str, str]) -> None:
        event, repeat = attributes.get("StudyEventOID", ""), attributes.get("StudyEventRepeatKey", "")
        visit = visit_of(event, repeat)
        # An event that does not repeat may carry a number all the same, as other systems write it.
        self._visit = visit if event_of(visit) == (event, repeat) else visit_of(event, "")

    # --- pages -------------------------------------------------------------------------------------------
    def _start_page(self, attributes: dict[str, str]) -> None:
        oid = attributes.get("FormOID", "")
        form = form_of(oid)
        if form is None:
            why = _("%s is not a form of this version.") % oid
            self.strange.append(Fault(self._line(), "FormOID", oid, why))
            self._page = None
        else:
            self._page = _Page(form, self._visit, self._line())

    def _end_page(self) -> None:
        page, self._page = self._page, None
        if page is None or self._subject is None:
            return
        if page.form == SUBJECT:
            self._known(self._subject, page)
            return
        header = {n: cell for g in page.groups if g.oid == group_oid(PAGE) for n, cell in g.cells.items()}
        faults = [f for g in page.groups if g.oid == group_oid(PAGE) for f in g.faults]
        rows = [group for group in page.groups if group.oid != group_oid(PAGE)]
        place = {"subject_id": self._subject.code, "visit_code": page.visit}
        for group in rows or [_Group(group_oid(page.form), "", page.line)]:
            cells = {**place, "repeat": group.key, **header, **group.cells}
            self.keep(StagedRow(page.form, group.line, cells, (*faults, *group.faults)))
            faults = []
            if page.form == "ELIG":
                self._subject.enrolled = group.cells.get("enrol_dt", "")

    def _known(self, subject: Known, page: _Page) -> None:
        """Raises NotThisFile for a file of which a reader was not to have everything."""
        said = {name: cell for group in page.groups for name, cell in group.cells.items()}
        if said.get("dates") == SHIFTED:
            raise NotThisFile(_("The dates in the file were moved: it is pseudonymised and is not imported."))
        if said.get("genetic_data") == WITHHELD:
            raise NotThisFile(
                _("Genetic data were withheld from the file: it is not whole and is not imported.")
            )
        subject.planned, subject.age = said.get("planned_infusion"), said.get(AGE, "")

    def _start_group(self, attributes: dict[str, str]) -> None:
        if self._page is None:
            return
        oid, key = attributes.get("ItemGroupOID", ""), attributes.get("ItemGroupRepeatKey", "")
        self._group = _Group(oid, key, self._line())
        self._page.groups.append(self._group)
        if oid not in _groups_of(self._page.form):
            self._fault("ItemGroupOID", oid, _("%s is not an item group of this form.") % oid)
            self._group.oid = group_oid(self._page.form)

    def _end_group(self) -> None:
        self._group = None

    # --- items -------------------------------------------------------------------------------------------
    def _start_item(self, attributes: dict[str, str]) -> None:
        if self._group is not None:
            self._value = _Value(
                attributes.get("ItemOID", ""),
                self._line(),
                attributes.get("Value", ""),
                attributes.get("IsNull") == "Yes",
            )

    def _start_unit(self, attributes: dict[str, str]) -> None:
        if self._value is not None:
            self._value.unit = attributes.get("MeasurementUnitOID", "")

    def _end_flag_value(self) -> None:
        self._flag = "".join(self._text).strip()

    def _end_flag_type(self) -> None:
        if self._value is not None:
            self._value.flags["".join(self._text).strip()] = self._flag

    def _end_item(self, *, typed: bool) -> None:
        value, self._value = self._value, None
        if value is None or self._group is None or "" in self._path:
            return
        if typed and not value.is_null:
            value.value = "".join(self._text)
        item = items_under(self._group.oid).get(value.oid)
        if item is None or item.is_derived or item.name in self._group.cells:
            self._refuse_item(value, item)
        elif value.unit and value.unit != unit_oid(item.declared.unit):
            why = _("The unit is %(theirs)s, the item has %(ours)s.")
            told = {"theirs": value.unit, "ours": unit_oid(item.declared.unit) if item.declared.unit else "-"}
            self._fault(item.name, value.value, why % told, value.line)
        else:
            self._group.cells |= _cells(item, value)

    def _refuse_item(self, value: _Value, item: Item | None) -> None:
        if item is None:
            name = value.oid.rpartition(".")[2]
            shown = "" if self._identifies(name) else value.value
            why = _("%s is not an item of this form that a file can hold.") % value.oid
            self._fault(name, shown, why, value.line)
        elif item.is_derived:
            why = _("%s is derived and never read from a file.") % item.name
            self._fault(item.name, value.value, why, value.line)
        else:
            self._fault(item.name, value.value, _("The item stands twice in its group."), value.line)

    def _identifies(self, name: str) -> bool:
        """Whether an item of this name says who somebody is: no report repeats it."""
        form = self._page.form if self._page else SUBJECT
        items = () if form == SUBJECT else form_model(form).items()
        return any(item.name == name and item.declared.identity for item in items)

    def _fault(self, column: str, cell: str, why: str, line: int = 0) -> None:
        if self._group is not None:
            self._group.faults.append(Fault(line or self._line(), column, cell, why))


def _groups_of(form: str) -> set[str]:
    return {group_oid(SUBJECT)} if form == SUBJECT else {group_oid(PAGE), group_oid(form)}


def _cells(item: Item, value: _Value) -> dict[str, str]:
    """The cells of an item: a value, or none with its reason. A date that a cut left out says nothing."""
    if not value.is_null:
        return {item.name: value.value}
    reason = value.flags.get(FLAGGED, "")
    if reason == AFTER_CUTOFF:
        return {}
    return {item.name: "", **({item.name + MISSING_SUFFIX: reason} if reason else {})}


_STARTS: dict[str, Callable[[OdmPages, dict[str, str]], None]] = {
    "User": OdmPages._start_user,
    "LocationRef": OdmPages._start_user_site,
    "ClinicalData": OdmPages._start_clinical,
    "SubjectData": OdmPages._start_subject,
    "SiteRef": OdmPages._start_site,
    "StudyEventData": OdmPages._start_event,
    "FormData": OdmPages._start_page,
    "ItemGroupData": OdmPages._start_group,
    "MeasurementUnitRef": OdmPages._start_unit,
}
_ENDS: dict[str, Callable[[OdmPages], None]] = {
    "LoginName": OdmPages._end_name,
    "FullName": OdmPages._end_name,
    "User": OdmPages._end_user,
    "FormData": OdmPages._end_page,
    "ItemGroupData": OdmPages._end_group,
    "FlagValue": OdmPages._end_flag_value,
    "FlagType": OdmPages._end_flag_type,
}
