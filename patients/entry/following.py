"""What follows from the findings of a save: queries open and close, deviations are put on record.

A save follows for its own page and for the rules of other rows that look at what it changed.
`follow_subject` does the same for everything that is recorded about a subject: after an import, and when time
alone has passed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from patients.casebook.answers import Record, StoredCasebook
from patients.casebook.form import Repeat, declared_forms, form_model
from patients.casebook.page import Page
from patients.entry.checks import page_findings, row_findings
from patients.entry.deviations import (
    DEVIATIONS,
    Raised,
    deviations_of,
    outside_window,
    record_deviations,
)
from patients.entry.ending import end_findings, follow_end_of_study
from patients.entry.header import header_findings
from patients.entry.watching import Rules, Touched, watching
from patients.items.problems import Finding, Severity
from patients.oversight.answering import answer_by_change
from patients.oversight.checks_ask import Sighting, follow
from patients.oversight.closing import CHECK as END_OF_STUDY_CHECK
from patients.oversight.queries import Query, queries_of
from trial.trail.record import Change


def follow_page(
    page: Page,
    records: Iterable[Record],
    findings: list[Finding],
    casebook: StoredCasebook,
    touched: Touched,
    *,
    act: UUID,
    saved: Iterable[Change] = (),
) -> list[Change]:
    """What follows from the save of a page with these rows and findings, which changed what is `saved`; what
    changed with it, for the event of the trail that is named `act`."""
    elsewhere = _Elsewhere(page, casebook, watching(touched))
    raised = [outside_window(page), *elsewhere.deviations()]
    if not page.not_done:
        raised += [each for record in records for each in deviations_of(record, casebook)]
    changes = record_deviations(casebook, raised, act=act)
    if changes:
        items = frozenset(change.item.rpartition(".")[2] for change in changes)
        elsewhere.rules |= {
            form: elsewhere.rules.get(form, Rules()) | rules
            for form, rules in watching({DEVIATIONS: items}).items()
        }
    sightings = [*_asking(page, findings), *elsewhere.sightings()]
    queries = list(_queries_of(casebook))
    looked_at = [query for query in queries if query.page_id == page.pk or elsewhere.holds(query)]
    return [
        *changes,
        *answer_by_change(queries, page, saved, act=act),
        *follow(looked_at, sightings, act=act),
        *follow_end_of_study(casebook, act=act),
    ]


def _queries_of(casebook: StoredCasebook) -> Iterable[Query]:
    """All queries of the subject, but for the one that counts the others."""
    return queries_of(casebook.subject).exclude(check_id=END_OF_STUDY_CHECK)


def _asking(page: Page, findings: Iterable[Finding]) -> Iterator[Sighting]:
    """A hard finding keeps its page from being complete and needs no query; it asks where the page was
    complete before the finding came. What is only noted asks nothing."""
    for finding in findings:
        if finding.severity is not Severity.NOTE:
            yield Sighting(page, finding, asks=finding.severity is Severity.SOFT or page.is_settled)


@dataclass
class _Elsewhere:
    """The rules of rows on other pages that look at what a save changed."""

    page: Page
    casebook: StoredCasebook
    rules: dict[str, Rules]

    def _records(self) -> Iterator[tuple[Page, Record, Rules]]:
        self.casebook.load(self.rules)
        for form, rules in self.rules.items():
            pages = self.casebook.pages(form)
            for record in self.casebook.records(form):
                page = pages[record.visit]
                if page.pk != self.page.pk and not page.not_done:
                    yield page, record, rules

    def deviations(self) -> Iterator[Raised]:
        for _page, record, rules in self._records():
            yield from deviations_of(record, self.casebook, rules)

    def sightings(self) -> Iterator[Sighting]:
        for page, record, rules in self._records():
            yield from _asking(page, row_findings(record, self.casebook, rules))

    def holds(self, query: Query) -> bool:
        """Whether a query is about one of these rules."""
        rules = self.rules.get(query.form_code)
        return rules is not None and rules.hold(query.item, query.check_id)


@dataclass(frozen=True, slots=True)
class Looked:
    """A page with all that is to say about it."""

    page: Page
    findings: list[Finding]


def look_at(casebook: StoredCasebook) -> list[Looked]:
    """Every saved page of a subject with its findings."""
    casebook.load(model.form.code for model in declared_forms())
    pages = Page.objects.filter(subject=casebook.subject, version__gt=0).select_related("visit")
    return [_looked(page, casebook) for page in pages]


def _looked(page: Page, casebook: StoredCasebook) -> Looked:
    page.subject = casebook.subject
    return Looked(page, findings_on(page, casebook))


def findings_on(page: Page, casebook: StoredCasebook) -> list[Finding]:
    """Everything that is to say about a page as it is stored."""
    records = records_on(page, casebook)
    return [*header_findings(page, casebook), *page_findings(page, records, casebook)]


def records_on(page: Page, casebook: StoredCasebook) -> list[Record]:
    """The rows of a page; of a single form without one, a row without answers."""
    records = [record for record in casebook.records(page.form_code) if record.visit == page.visit_code]
    model = form_model(page.form_code)
    if not records and model.form.repeat is Repeat.SINGLE:
        values = dict.fromkeys(item.name for item in model.items())
        records = [Record(page.form_code, page.visit_code, "", page.form_date, values)]
    return records


def follow_subject(
    casebook: StoredCasebook, *, act: UUID, by_data: bool = True
) -> tuple[list[Looked], list[Change]]:
    """What follows from all that is recorded about a subject: its pages, and what changed, for the event of
    the trail that is named `act`. `by_data`: data have changed, and not time alone has passed."""
    changes = record_deviations(casebook, _raised(casebook), act=act)
    looked = look_at(casebook)
    sightings = [sighting for each in looked for sighting in _asking(each.page, each.findings)]
    changes += follow(_queries_of(casebook), sightings, act=act, by_data=by_data)
    changes += follow_end_of_study(casebook, act=act)
    return [_at_the_end(each, casebook) for each in looked], changes


def _at_the_end(looked: Looked, casebook: StoredCasebook) -> Looked:
    return Looked(looked.page, [*looked.findings, *end_findings(looked.page, casebook)])


def _raised(casebook: StoredCasebook) -> Iterator[Raised]:
    casebook.load(model.form.code for model in declared_forms())
    for page in Page.objects.filter(subject=casebook.subject, version__gt=0).select_related("visit"):
        page.subject = casebook.subject
        yield outside_window(page)
        if not page.not_done:
            for record in records_on(page, casebook):
                yield from deviations_of(record, casebook)
