"""The acts on pages of a subject, as ODM-XML tells them: what was changed, signed, asked and verified, by
whom, when and why, in the order of the trail.

A value is inserted, updated or removed; a void row is removed, and inserted again where it is restored.
An item that the cut left out for being later than its cut-off is left out with all of its past.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import count
from typing import Any

from analytics.exports.disclosure import Disclosure
from analytics.exports.odm.metadata import is_told
from analytics.exports.odm.texts import escaped
from analytics.exports.odm.told_values import unit_ref
from analytics.locks.cut import Value
from patients.casebook.header import DATA
from patients.casebook.odm import (
    AFTER_CUTOFF,
    FLAGGED,
    PAGE,
    event_of,
    form_oid,
    group_oid,
    item_oid,
    items_under,
    location_oid,
    user_oid,
)
from patients.entry.voiding import VOID
from patients.items.item import Item
from patients.items.missing import MissingReason
from patients.oversight.queries import QueryMessage, Said
from patients.oversight.signatures import Signature, SignatureFall
from patients.oversight.verification import Verification, VerificationFall
from trial.protocol.study import SITE_ZONE
from trial.trail.models import TrailChange, TrailEvent

SYSTEM = "system"
QUERY, VERIFIED, SIGNATURE = "QUERY", "SDV", "SIGNATURE"
Told = tuple[int, int, str]
Key = tuple[str, str]
_IN_BRACKETS = {f"[{reason.value}]": reason.value for reason in MissingReason}


class ActsOfSubject:
    """Writes the acts on the pages of one subject, of which `values` are in the cut."""

    def __init__(self, subject: str, values: Collection[Value], moment: datetime, to: Disclosure) -> None:
        self.subject, self.moment, self.to = subject, moment, to
        self._pages = {(one.visit, one.form) for one in values}
        self._rows = {(one.visit, one.form, one.row_key) for one in values}
        self._left_out = {
            (one.visit, one.form, one.row_key, one.item) for one in values if one.missing == AFTER_CUTOFF
        }
        self._void = self._void_rows()
        self._state: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
        self._ids = count(1)

    def texts(self) -> Iterator[str]:
        """Each act as a StudyEventData, in the order of the trail."""
        found = [*self._saves(), *self._signatures(), *self._queries(), *self._verifications()]
        for _event, _order, text in sorted(found):
            yield text

    def _void_rows(self) -> set[tuple[str, str, str]]:
        """The rows that were void at the moment: no cut holds them."""
        changes = TrailChange.objects.filter(
            item=VOID.name, event__subject=self.subject, event__at__lte=self.moment
        ).order_by("event__id")
        last = {(c.event.visit, c.event.form, c.row_key): c.new for c in changes.select_related("event")}
        return {place for place, new in last.items() if new == "Y"}

    # --- saves -------------------------------------------------------------------------------------------
    def _saves(self) -> Iterator[Told]:
        events = TrailEvent.objects.filter(
            subject=self.subject, action="page.saved", at__lte=self.moment
        ).order_by("id")
        for event in events.prefetch_related("changes"):
            page = event.visit, event.form
            if page in self._pages and (groups := "".join(self._groups(event))):
                yield event.pk, 0, self._act(event, groups)

    def _groups(self, event: TrailEvent) -> Iterator[str]:
        rows: dict[str, list[TrailChange]] = defaultdict(list)
        header: list[TrailChange] = []
        for change in event.changes.all():
            (header if change.item in DATA else rows[change.row_key]).append(change)
        if items := self._items(event, PAGE, "", header):
            yield _group(PAGE, "", items)
        for key, changes in rows.items():
            yield from self._row(event, key, changes)

    def _row(self, event: TrailEvent, key: str, changes: list[TrailChange]) -> Iterator[str]:
        place = event.visit, event.form, key
        if key and place not in self._rows and place not in self._void:
            return  # it is dated after the cut-off
        void = next((change for change in changes if change.item == VOID.name), None)
        if void is not None:
            yield self._voided(event, key, void)
        elif items := self._items(event, event.form, key, changes):
            yield _group(event.form, key, items)

    def _voided(self, event: TrailEvent, key: str, void: TrailChange) -> str:
        audit = self._audit(event, void)
        if void.new == "Y":
            return _group(event.form, key, audit, "Remove")
        held = self._state[event.visit, event.form, key]
        items = (self._item(event, event.form, name, "", text, audit="") for name, text in held.items())
        return _group(event.form, key, audit + "".join(items), "Insert")

    def _items(self, event: TrailEvent, group: str, key: str, changes: Iterable[TrailChange]) -> str:
        told = []
        for change in changes:
            place = event.visit, event.form, key
            if (*place, change.item) in self._left_out:
                continue
            old, new = (_said(change.item, text) for text in (change.old, change.new))
            audit = self._audit(event, change)
            if text := self._item(event, group, change.item, old, new, audit=audit):
                told.append(text)
                self._state[place][change.item] = new
        return "".join(told)

    def _item(self, event: TrailEvent, group: str, name: str, old: str, new: str, *, audit: str) -> str:
        """An ItemData; empty for an item that is derived, that is withheld, or that is no more."""
        item = self._told(group, name)
        if item is None or not (old or new):
            return ""
        head = f'<ItemData ItemOID="{escaped(item_oid(group, name))}"'
        if not new:
            return f'{head} TransactionType="Remove">{audit}</ItemData>'
        kind = "Update" if old else "Insert"
        if reason := _IN_BRACKETS.get(new, ""):
            note = self._note("", ((reason, "CL.MISSING", FLAGGED),))
            return f'{head} IsNull="Yes" TransactionType="{kind}">{audit}{note}</ItemData>'
        return f'{head} Value="{escaped(new)}" TransactionType="{kind}">{audit}{unit_ref(item)}</ItemData>'

    def _told(self, group: str, name: str) -> Item | None:
        item = items_under(group_oid(group)).get(item_oid(group, name))
        return item if item is not None and not item.is_derived and is_told(item, self.to) else None

    # --- what was said of them ---------------------------------------------------------------------------
    def _signatures(self) -> Iterator[Told]:
        made = Signature.objects.filter(page__subject__code=self.subject, at__lte=self.moment)
        for one in made.select_related("event", "page__visit"):
            if (one.page.visit_code, one.page.form_code) in self._pages:
                yield one.event.id, 1, self._of_page(one.event, one.page, self._signature(one))
        fallen = SignatureFall.objects.filter(
            signature__page__subject__code=self.subject, at__lte=self.moment
        )
        for fall in fallen.select_related("event", "signature__page__visit"):
            page = fall.signature.page
            if (page.visit_code, page.form_code) in self._pages:
                flag = ("fallen", f"CL.{SIGNATURE}", SIGNATURE)
                note = self._note(f"{fall.signature}: {fall.why}", (flag,))
                yield fall.event.id, 2, self._of_page(fall.event, page, note)

    def _signature(self, one: Signature) -> str:
        return (
            f'<Signature ID="SIG.{one.pk}"><UserRef UserOID="{escaped(user_of(one.event))}"/>'
            f'<LocationRef LocationOID="{location_oid(one.event.site)}"/>'
            f'<SignatureRef SignatureOID="{meaning_oid(one.meaning, one.statement_version)}"/>'
            f"<DateTimeStamp>{one.at_site.isoformat(timespec='seconds')}</DateTimeStamp></Signature>"
        )

    def _queries(self) -> Iterator[Told]:
        lines = QueryMessage.objects.filter(query__page__subject__code=self.subject, at__lte=self.moment)
        for one in lines.select_related("event", "query__page__visit").order_by("id"):
            page = one.query.page
            note = self._note(f"{one.author}: {_words(one)}", ((one.said, f"CL.{QUERY}", QUERY),))
            if told := self._of_item(one.event, page, one.query.row_key, one.query.item, note):
                yield one.event.id, 3, told

    def _verifications(self) -> Iterator[Told]:
        of_subject: dict[str, Any] = {"page__subject__code": self.subject, "at__lte": self.moment}
        for one in Verification.objects.filter(**of_subject).select_related("event", "page__visit"):
            note = self._note("", (("verified", f"CL.{VERIFIED}", VERIFIED),))
            if told := self._of_item(one.event, one.page, one.row_key, one.item, note):
                yield one.event.id, 4, told
        fallen = VerificationFall.objects.filter(
            verification__page__subject__code=self.subject, at__lte=self.moment
        )
        for fall in fallen.select_related("event", "verification__page__visit"):
            one = fall.verification
            note = self._note(fall.reason, (("fallen", f"CL.{VERIFIED}", VERIFIED),))
            if told := self._of_item(fall.event, one.page, one.row_key, one.item, note):
                yield fall.event.id, 5, told

    def _of_page(self, event: TrailEvent, page: Any, inner: str) -> str:
        return _context(page.visit_code, page.form_code, f"{self._audit(event)}{inner}")

    def _of_item(self, event: TrailEvent, page: Any, key: str, name: str, note: str) -> str:
        """What was said of an item; of a page where it names none. Empty for one that its reader does not
        get, and for a page that is not in the cut."""
        place = page.visit_code, page.form_code
        if place not in self._pages or (*place, key, name) in self._left_out:
            return ""
        group = PAGE if name in DATA else page.form_code
        if not name or (key and (*place, key) not in self._rows):
            return self._of_page(event, page, note)
        if self._told(group, name) is None:
            return ""
        item = f'<ItemData ItemOID="{escaped(item_oid(group, name))}" TransactionType="Context">'
        inner = _group(group, "" if group == PAGE else key, f"{item}{self._audit(event)}{note}</ItemData>")
        return _context(*place, inner)

    # --- parts -------------------------------------------------------------------------------------------
    def _act(self, event: TrailEvent, inner: str) -> str:
        return _context(event.visit, event.form, inner)

    def _audit(self, event: TrailEvent, change: TrailChange | None = None) -> str:
        """Who did it, where, when and why; the number of the event in the trail, and of the change in it."""
        why = ": ".join(filter(None, (change.reason_code, change.reason))) if change else event.reason
        reason = f"<ReasonForChange>{escaped(why)}</ReasonForChange>" if why else ""
        number = f"{event.pk}.{change.pk}" if change else f"{event.pk}"
        at = event.at.astimezone(SITE_ZONE).isoformat(timespec="milliseconds")
        return (
            f'<AuditRecord ID="AR.{next(self._ids)}.{self.subject}">'
            f'<UserRef UserOID="{escaped(user_of(event))}"/>'
            f'<LocationRef LocationOID="{location_oid(event.site)}"/><DateTimeStamp>{at}</DateTimeStamp>'
            f"{reason}<SourceID>{number}</SourceID></AuditRecord>"
        )

    def _note(self, comment: str, flags: Iterable[tuple[str, str, str]]) -> str:
        said = f"<Comment>{escaped(comment)}</Comment>" if comment else ""
        marks = "".join(
            f'<Flag><FlagValue CodeListOID="{oid}">{value}</FlagValue>'
            f'<FlagType CodeListOID="CL.FLAG">{kind}</FlagType></Flag>'
            for value, oid, kind in flags
        )
        number = next(self._ids)
        return f'<Annotation SeqNum="{number}" ID="AN.{number}.{self.subject}">{said}{marks}</Annotation>'


def _words(line: QueryMessage) -> str:
    """A line of a query; what a check found, and how a value was changed, stand elsewhere in it."""
    if line.text or line.said not in (Said.RAISED, Said.CHANGED):
        return line.text
    return line.query.text if line.said == Said.RAISED else f"{line.old} → {line.new}"


def user_of(event: TrailEvent) -> str:
    """The OID of whoever did an act, in the role of that moment."""
    return user_oid(event.actor, event.actor_role or SYSTEM)


def meaning_oid(meaning: str, version: str) -> str:
    """The OID of what a signature means, in the words of a version of the statement."""
    return f"SD.{meaning}.{version}"


def _said(item: str, text: str) -> str:
    """A text of the trail as an export has it: that a form is not "not done" is no answer."""
    return "" if item == "not_done" and text == "N" else text


def _group(name: str, key: str, inner: str, kind: str = "Context") -> str:
    repeat = f' ItemGroupRepeatKey="{escaped(key)}"' if key else ""
    head = f'<ItemGroupData ItemGroupOID="{group_oid(name)}"{repeat} TransactionType="{kind}">'
    return f"{head}{inner}</ItemGroupData>\n"


def _context(visit: str, form: str, inner: str) -> str:
    oid, number = event_of(visit)
    repeat = f' StudyEventRepeatKey="{number}"' if number else ""
    return (
        f'<StudyEventData StudyEventOID="{oid}"{repeat} TransactionType="Context">'
        f'<FormData FormOID="{form_oid(form)}" TransactionType="Context">\n{inner}</FormData>'
        "</StudyEventData>\n"
    )
