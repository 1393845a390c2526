"""The protocol deviations that checks see: the system adds a row for each to the deviations of the subject.

The key of such a row says what raised it (`X-INF-05:INF@C0`), so each is raised once, by whatever door its
cause came in. If the cause goes away (a date corrected) the row stays on record and says so.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import Record, RowAnswers, StoredCasebook, record_of
from patients.casebook.form import FormRow, form_model, is_declared
from patients.casebook.page import Page, PageState
from patients.entry.derive import with_derived
from patients.entry.watching import Rules
from patients.items.problems import Text, filled
from patients.oversight.checks_ask import AUTHOR
from patients.oversight.follow import drop_signatures
from patients.oversight.verification import ItemKey, follow_edits
from patients.schedule.placing import page_of
from trial.protocol.study import site_today
from trial.trail.record import Change

DEVIATIONS = "PDEV"
KEY_LENGTH = 60
WITHDRAWN = "What raised this deviation was corrected: "


@dataclass(frozen=True, slots=True)
class Raised:
    """A deviation that is seen now, or (without `words`) one that was looked for and is not there."""

    key: str
    words: Text | None = None
    day: date | None = None
    category: str = ""
    weight: str = ""


def deviations_of(record: Record, casebook: StoredCasebook, only: Rules | None = None) -> Iterator[Raised]:
    """What the deviations that the form of a row declares see, or do not see, in it."""
    answers = RowAnswers(record, casebook)
    for declared in form_model(record.form).form.deviations:
        if only is None or declared.id in only.checks:
            key = key_of(declared.id, record.form, record.visit, record.row_key)
            yield Raised(
                key, declared.seen(answers), declared.day(answers), declared.category, declared.weight
            )


def outside_window(page: Page) -> Raised:
    """X-PD-01: a visit done outside its window stays, and is a minor deviation."""
    key = key_of("X-PD-01", page.form_code, page.visit_code)
    visit, day = page.visit, page.form_date
    if visit is None or day is None or visit.predicted or not page.version or visit.holds(day):
        return Raised(key)
    words = _("%(form)s of %(visit)s is dated %(day)s, outside the window %(opens)s to %(closes)s.")
    named = {
        "form": page.form_code,
        "visit": visit.code,
        "day": day,
        "opens": visit.opens or "…",
        "closes": visit.closes or "…",
    }
    return Raised(key, filled(words, named), day, "visit_window", "minor")


def key_of(check: str, form: str, visit: str, row_key: str = "") -> str:
    """The key of the row that a deviation raises; a long one ends in a digest."""
    key = f"{check}:{form}@{visit}" + (f".{row_key}" if row_key else "")
    return key if len(key) <= KEY_LENGTH else f"{key[:47]}~{sha256(key.encode()).hexdigest()[:12]}"


def record_deviations(casebook: StoredCasebook, looked_for: Iterable[Raised], *, act: UUID) -> list[Change]:
    """Add a row for each deviation that has none, mark those whose cause has gone, and take the mark away
    where it is there again; what changed, in the event that is named `act`. One that a person made void stays
    so. While their page is closed they wait: the next look after it is opened finds them."""
    if not is_declared(DEVIATIONS) or _is_closed(casebook):
        return []
    judged = {row.row_key for row in casebook.void(DEVIATIONS)}
    seen = {each.key: each for each in looked_for if each.key not in judged}
    if not seen:
        return []
    kept = {row.row_key: row for row in casebook.stored(DEVIATIONS)}
    new = [each for key, each in seen.items() if each.words and not _stands(kept.get(key))]
    gone = [kept[key] for key, each in seen.items() if not each.words and _stands(kept.get(key))]
    if not (new or gone):
        return []
    with translation.override("en"):  # rows of the casebook read the same whoever raised them
        return _Deviations(casebook, kept).write(new, gone, act)


def _is_closed(casebook: StoredCasebook) -> bool:
    page = casebook.pages(DEVIATIONS).get("")
    return page is not None and page.is_closed


def _stands(row: FormRow | None) -> bool:
    return row is not None and not (row.pd_text or "").startswith(WITHDRAWN)  # type: ignore[attr-defined]


class _Deviations:
    """The page of deviations of a subject while the system writes to it."""

    def __init__(self, casebook: StoredCasebook, rows: Mapping[str, FormRow]) -> None:
        self.casebook, self.rows = casebook, dict(rows)
        self.page = casebook.pages(DEVIATIONS).get("") or page_of(casebook.subject, DEVIATIONS, None)
        self.page.version += 1
        if self.page.state == PageState.EMPTY:
            self.page.state = PageState.IN_PROGRESS
        self.changes: list[Change] = []
        self.edited: set[ItemKey] = set()

    def write(self, new: list[Raised], gone: list[FormRow], act: UUID) -> list[Change]:
        model = form_model(DEVIATIONS)
        fresh = [model(page=self.page, row_key=each.key) for each in new if each.key not in self.rows]
        rows = self.rows | {row.row_key: row for row in fresh}
        for each in new:
            self._set(rows[each.key], _answers(each))
        for row in gone:
            text = f"{WITHDRAWN}{row.pd_text}"[:1000]  # type: ignore[attr-defined]
            self._set(row, {"pd_text": text, "pd_class": "minor"})
        for row in [*gone, *(self.rows[each.key] for each in new if each.key in self.rows)]:
            row.save()
        self.changes += drop_signatures([self.page], self.changes, act=act)
        standing = [*rows.values(), *self.casebook.void_on(self.page)]
        self.changes += follow_edits(self.page, standing, self.edited, act=act)
        self.page.save()
        model.objects.create_with_history(fresh)
        self.rows |= {row.row_key: row for row in fresh}
        self.casebook.keep(self.page, [*self.rows.values(), *self.casebook.void_on(self.page)])
        return self.changes

    def _set(self, row: FormRow, answers: Mapping[str, str]) -> None:
        """Give the row these answers, and what is derived from them."""
        before = row.values()
        record = record_of(row, self.page, self.casebook.subject)
        record.values.update({name: row.item(name).read(text) for name, text in answers.items()})
        row.item_versions |= dict.fromkeys(answers, self.page.version)
        for name, value in with_derived(record, self.casebook).values.items():
            setattr(row, name, value)
        for item in row.items():
            old, new = item.text(before[item.name]), item.text(record.values[item.name])
            if old != new:
                self.edited.add((row.row_key, item.name))
                self.changes.append(
                    Change(
                        item=f"{DEVIATIONS}@.{item.name}",
                        label=str(item.declared.label),
                        old=old,
                        new=new,
                        row_key=row.row_key,
                        author=AUTHOR,
                    )
                )


def _answers(raised: Raised) -> dict[str, str]:
    today = site_today()
    return {
        "pd_dt": str(min(raised.day or today, today)),
        "pd_aware_dt": str(today),
        "pd_cat": raised.category,
        "pd_class": raised.weight,
        "pd_text": f"{raised.key.partition(':')[0]}: {raised.words}"[:1000],
    }
