"""What the printed casebook of a subject says: every page that was saved, and who vouches for it.

Values are said as on the screens, in the language that is active while the document is made. The hash is over
the content by natural keys and knows no language: two prints with the same hash show the same casebook.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from patients.casebook.answers import Record, RowAnswers, StoredCasebook, record_of
from patients.casebook.form import FormRow, Repeat, declared_forms, form_model, is_declared
from patients.casebook.header import HEADER, header_values
from patients.casebook.page import Page, Subject, Visit
from patients.casebook.settings import settings_read_once
from patients.coding.codes import Coding
from patients.coding.standing import codings_of
from patients.entry.attachments import Attachment
from patients.items.item import Item
from patients.items.missing import MissingReason
from patients.oversight.content import content_of, digest_of
from patients.oversight.queries import Query
from patients.oversight.signatures import Signature
from patients.web.attachments_presenter import withdrawn_in_words
from patients.web.clocks import full_day, local_now, moment
from patients.web.coded_words import in_words
from patients.web.fields import rule_in_words
from patients.web.matrix_presenter import in_protocol_order
from patients.web.page_presenter import as_number
from patients.web.query_words import item_in_words, text_of
from patients.web.shell import site_label
from patients.web.signature_presenter import signature_in_words, view_of
from patients.web.states import state_of
from patients.web.subject_presenter import facts_of
from patients.web.trail_export import heads, line_of
from patients.web.trail_presenter import ZONE
from patients.web.widgets import Labels, labels_of, shown_value, unit_of
from trial.edition import EDITION
from trial.people.access import Person
from trial.protocol.study import STUDY
from trial.protocol.visits import FORM_ORDER, visit_type
from trial.trail.reading import Entry

MOST_COLUMNS = 7
Cell = dict[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a casebook shall be printed. `trail` holds its entries, None where they were not asked for."""

    subject: Subject
    by: Person
    identify: bool = False
    trail: Sequence[Entry] | None = None


@dataclass(slots=True)
class Document:
    """The document as its template reads it, with the hash of what it shows and its number of pages."""

    data: dict[str, Any]
    sha256: str
    pages: int


OF_NO_PAGE = 0
"""In the place of the number of a page, for what is asked about a visit or the subject."""


@dataclass(slots=True)
class _Contents:
    """What is stored of the subject, read once, however many pages it has."""

    subject: Subject
    casebook: StoredCasebook
    pages: list[Page] = field(default_factory=list)
    rows: dict[int, list[FormRow]] = field(default_factory=lambda: defaultdict(list))
    signatures: dict[int, list[Signature]] = field(default_factory=lambda: defaultdict(list))
    queries: dict[int, list[Query]] = field(default_factory=lambda: defaultdict(list))
    attachments: dict[int, list[Attachment]] = field(default_factory=lambda: defaultdict(list))
    codings: dict[int, dict[tuple[str, str], Coding]] = field(default_factory=dict)


def casebook_document(asked: Asked) -> Document:
    """The casebook of a subject (as `subjects_for` finds it) as it stands now."""
    contents = _read(asked.subject)
    sha256 = digest_of(_content(contents, asked))
    printer = _Printer(contents, asked)
    with settings_read_once():
        visits = printer.visits()
    data = _frame(asked, sha256) | {
        "forms": _forms(contents.pages),
        "overview": _overview(contents.pages),
        "queries": printer.whole_queries(),
        "visits": visits,
        "trail": None if asked.trail is None else [line_of(entry) for entry in asked.trail],
    }
    return Document(data, sha256, sum(len(visit["pages"]) for visit in visits))


def _read(subject: Subject) -> _Contents:
    forms = [model.form.code for model in declared_forms()]
    found = _Contents(subject, StoredCasebook(subject))
    found.casebook.load(forms)
    for form in forms:
        found.pages += found.casebook.pages(form).values()
        for row in found.casebook.stored(form):
            found.rows[row.page_id].append(row)
    signatures: Any = Signature.objects.filter(page__subject=subject).select_related("fall__event")
    for signature in signatures:
        found.signatures[signature.page_id].append(signature)
    for query in Query.objects.of(subject).outstanding().with_place().with_question().order_by("pk"):
        found.queries[query.page_id or OF_NO_PAGE].append(query)
    attached: Any = Attachment.objects.filter(page__subject=subject).select_related("withdrawal")
    for attachment in attached:
        found.attachments[attachment.page_id].append(attachment)
    found.codings = codings_of(subject)
    for page in found.pages:
        page.open_queries = sum(q.is_open for q in found.queries[page.pk])  # type: ignore[attr-defined]
        found.rows[page.pk].sort(key=lambda row: as_number(row.row_key))
    return found


def _content(contents: _Contents, asked: Asked) -> dict[str, Any]:
    """What is shown, by natural keys: of an identifying item the keyed hash."""
    pages = {
        f"{page.form_code}@{page.visit_code}": {
            "state": page.state,
            "version": page.version,
            "content": content_of(page, contents.rows[page.pk], form_model(page.form_code).form.version),
            "signatures": [(each.sha256, each.has_fallen) for each in contents.signatures[page.pk]],
            "queries": _asked_at(contents.queries[page.pk]),
            "attachments": [(a.title, a.sha256, a.is_withdrawn) for a in contents.attachments[page.pk]],
            **_coded_on(contents, page),
        }
        for page in contents.pages
    }
    trail = None if asked.trail is None else [_entry(each) for each in asked.trail]
    whole = _asked_at(contents.queries[OF_NO_PAGE])
    said = {"subject": asked.subject.code, "identity": asked.identify, "pages": pages, "trail": trail}
    return said | ({"queries": whole} if whole else {})


def _coded_on(contents: _Contents, page: Page) -> dict[str, Any]:
    """The codes on a page; nothing where there is none, so that a page without reads as it always did."""
    codes = in_words(page.form_code, contents.codings.get(page.pk, {}))
    return {"codes": sorted((key, item, code) for (key, item), code in codes.items())} if codes else {}


def _asked_at(queries: Iterable[Query]) -> list[tuple[str, str, str]]:
    """What is asked, and of a query that is answered that it is."""
    said = [(each, "" if each.is_open else f" {each.state}") for each in queries]
    return sorted(
        (each.row_key if each.page else each.visit_code, each.item, (each.check_id or each.text) + state)
        for each, state in said
    )


def _entry(entry: Entry) -> list[str]:
    """An entry of the trail, which never changes, by its act and what was changed in it."""
    change = entry.change
    return [str(entry.event.act), f"{change.row_key} {change.item}".strip() if change else ""]


# --- the frame ---------------------------------------------------------------------------------------------
def _frame(asked: Asked, sha256: str) -> dict[str, Any]:
    subject, at = asked.subject, local_now()
    made = f"{at:%Y-%m-%d %H:%M:%S} {ZONE}"
    facts = [
        (_("Subject"), subject.code),
        (_("Site"), site_label(subject.site)),
        (_("About"), facts_of(subject) or "–"),
        *_identity(asked),
        (_("Protocol"), STUDY.protocol_version),
        (_("Chimera"), EDITION),
        (_("Made"), _("%(at)s by %(who)s") % {"at": made, "who": asked.by.user_name}),
        (_("SHA-256 of what is shown"), sha256),
    ]
    return {
        "language": (get_language() or "en").partition("-")[0],
        "study": f"{STUDY.study_id} · {STUDY.registry_id}",
        "title": _("Casebook of %(subject)s") % {"subject": subject.code},
        "subtitle": str(STUDY.title),
        "made": _("Chimera %(version)s · made %(at)s") % {"version": EDITION, "at": made},
        "short_hash": sha256[:16],
        "day": [at.year, at.month, at.day],
        "facts": [list(fact) for fact in facts],
        "words": _words(),
    }


def _identity(asked: Asked) -> list[tuple[str, str]]:
    """Who the subject is, for somebody who asked for it; else that it is withheld."""
    if not asked.identify:
        return [(_("Identity"), _("withheld"))]
    kept = getattr(asked.subject, "identity", None)
    named = ((_("Name"), "full_name"), (_("Hospital number"), "hospital_number"))
    return [(label, getattr(kept, name, "") or "–") for label, name in named]


def _words() -> dict[str, Any]:
    return {
        "forms": _("Forms and their versions"),
        "form_heads": [_("Form"), _("Title"), _("Version")],
        "overview": _("Visits and pages"),
        "overview_heads": [_("Visit"), _("Form"), _("Date of assessment"), _("State"), _("Version")],
        "item_heads": [_("Item"), _("Value"), _("Remark")],
        "row": _("Row"),
        "queries": _("Open queries"),
        "signatures": _("Signatures"),
        "attachments": _("Attached sources"),
        "trail": _("Trail"),
        "trail_heads": heads(),
        "empty": _("Nothing was recorded."),
    }


def _forms(pages: Iterable[Page]) -> list[list[str]]:
    used = {page.form_code for page in pages if page.version}
    models = [form_model(code) for code in FORM_ORDER if code in used]
    return [[model.form.code, str(model.form.title), model.form.version] for model in models]


def _overview(pages: Iterable[Page]) -> list[list[str]]:
    """Every page that was saved or is due; what is not due yet says nothing of the subject."""
    today = local_now().date()
    return [
        [
            page.visit_code or "–",
            page.form_code,
            full_day(page.form_date) or "–",
            str(state_of(page, today).label),
            str(page.version),
        ]
        for _visit, found in _by_visit(pages)
        for page in found
        if page.version or state_of(page, today).name != "notdue"
    ]


def _by_visit(pages: Iterable[Page]) -> list[tuple[Visit | None, list[Page]]]:
    """The pages of each visit, in the order of the protocol; those of the logs at the end."""
    found: dict[int | None, list[Page]] = defaultdict(list)
    visits: dict[int | None, Visit] = {}
    for page in sorted(pages, key=lambda page: FORM_ORDER.index(page.form_code)):
        found[page.visit_id].append(page)
        if page.visit is not None:
            visits[page.visit_id] = page.visit
    ordered: list[Visit | None] = [*in_protocol_order(visits.values())]
    return [
        (visit, found[visit.pk if visit else None])
        for visit in [*ordered, None]
        if (visit.pk if visit else None) in found
    ]


# --- the pages ---------------------------------------------------------------------------------------------
class _Printer:
    """Says the pages of one casebook, each as the template sets it."""

    def __init__(self, contents: _Contents, asked: Asked) -> None:
        self.contents, self.identify = contents, asked.identify
        self.today = local_now().date()
        self.labels: dict[tuple[str, str], Labels] = {}

    def visits(self) -> list[dict[str, Any]]:
        saved = [page for page in self.contents.pages if page.version and is_declared(page.form_code)]
        return [
            {"title": _visit_title(visit), "pages": [self._page(page) for page in pages]}
            for visit, pages in _by_visit(saved)
        ]

    def whole_queries(self) -> list[str]:
        """What is asked about the subject and its visits as a whole."""
        return [
            f"{query.visit_code}: {self._query(query)}".removeprefix(": ")
            for query in self.contents.queries[OF_NO_PAGE]
        ]

    def _page(self, page: Page) -> dict[str, Any]:
        form = form_model(page.form_code).form
        rows = self.contents.rows[page.pk]
        about = (
            str(state_of(page, self.today).label),
            _("version %(version)s of the page") % {"version": page.version},
            _("form version %(version)s") % {"version": form.version},
        )
        signatures = [view_of(each, page, rows) for each in self.contents.signatures[page.pk]]
        return {
            "title": f"{form.code} {form.title}",
            "about": " · ".join(about),
            "header": [
                [str(item.declared.label), shown_value(item, value, labels_of(item)), ""]
                for (name, value), item in zip(header_values(page).items(), HEADER.values(), strict=True)
                if value is not None
            ],
            **self._rows(page, rows),
            "queries": [self._query(query) for query in self.contents.queries[page.pk]],
            "signatures": [signature_in_words(each) for each in signatures],
            "attachments": [_attachment(each) for each in self.contents.attachments[page.pk]],
        }

    def _rows(self, page: Page, rows: Sequence[FormRow]) -> dict[str, Any]:
        """The rows as one table where that is narrow enough, else as a list of items for each."""
        model = form_model(page.form_code)
        said = [(row.row_key, self._row(row, page)) for row in rows]
        columns = [item for item in model.items() if any(item.name in cells for _key, cells in said)]
        if model.form.repeat is not Repeat.ROWS or len(columns) > MOST_COLUMNS:
            return {"table": None, "rows": [_as_list(key, cells) for key, cells in said]}
        lines = [[key, *(_in_one(cells.get(item.name)) for item in columns)] for key, cells in said]
        table = {"heads": [_("Row"), *(_head(item) for item in columns)], "lines": lines}
        return {"table": table if lines else None, "rows": []}

    def _row(self, row: FormRow, page: Page) -> dict[str, Cell]:
        """What is said of each item of a row that is asked, or in which something stands."""
        record = record_of(row, page, self.contents.subject)
        answers = RowAnswers(record, self.contents.casebook)
        said = ((item, self._item(item, record, answers)) for item in row.items())
        cells = {item.name: cell for item, cell in said if cell is not None}
        return self._with_codes(row, page, cells)

    def _with_codes(self, row: FormRow, page: Page, cells: dict[str, Cell]) -> dict[str, Cell]:
        """What terms are coded as: in the item that is there for it, or as a remark beside the text."""
        codes = in_words(page.form_code, self.contents.codings.get(page.pk, {}))
        for item in row.items():
            if code := codes.get((row.row_key, item.name)):
                label = str(item.declared.label)
                cell = cells.get(item.name, {"label": label, "value": code, "remark": _("coded")})
                beside = _("coded as %(code)s") % {"code": code}
                cells[item.name] = cell if item.is_derived else cell | {"remark": beside}
        return {item.name: cells[item.name] for item in row.items() if item.name in cells}

    def _item(self, item: Item, record: Record, answers: RowAnswers) -> Cell | None:
        value, missing = record.values.get(item.name), record.missing.get(item.name, "")
        cell = {"label": str(item.declared.label), "value": "", "remark": ""}
        if item.declared.identity and not self.identify:
            return cell | {"value": _("withheld")}
        if missing:
            return cell | {"value": str(MissingReason(missing).label), "remark": _("no value")}
        shown = shown_value(item, value, self._labels(item, record.form))
        if shown:
            return cell | {"value": shown, "remark": _remark(item, record)}
        return cell | {"value": "–"} if item.asked(answers) and not item.is_derived else None

    def _labels(self, item: Item, form: str) -> Labels:
        key = (form, item.name)
        if key not in self.labels:
            self.labels[key] = labels_of(item)
        return self.labels[key]

    def _query(self, query: Query) -> str:
        row = _("Row %s") % query.row_key + ", " if query.row_key else ""
        text = text_of(query, identify=self.identify)
        asker = query.check_id or item_in_words(query)
        state = "" if query.is_open else f", {query.get_state_display()}"
        return f"{row}{text} ({asker}, {moment(query.opened_at)}{state})"


def _visit_title(visit: Visit | None) -> str:
    if visit is None:
        return _("Logs")
    return f"{visit.code} {visit_type(visit.code).label}"


def _head(item: Item) -> str:
    unit = unit_of(item)
    return f"{item.declared.label} ({unit})" if unit else str(item.declared.label)


def _as_list(key: str, cells: dict[str, Cell]) -> dict[str, Any]:
    lines = [[cell["label"], cell["value"], cell["remark"]] for cell in cells.values()]
    return {"title": _("Row %s") % key if key else "", "lines": lines}


def _in_one(cell: Cell | None) -> str:
    """A value with its remark: `2 (derived · CRS-3 (crs 1))`; nothing where nothing is asked."""
    if cell is None:
        return ""
    return f"{cell['value']} ({cell['remark']})" if cell["remark"] else cell["value"]


def _remark(item: Item, record: Record) -> str:
    rule = rule_in_words(record.grades.get(item.name))
    return " · ".join(part for part in (_("derived") if item.is_derived else "", rule) if part)


def _attachment(attachment: Attachment) -> str:
    """What is attached, by its whole hash: the file itself is apart."""
    parts = [f"{attachment.title} ({attachment.kind_label})", f"SHA-256 {attachment.sha256}"]
    parts.append(f"{moment(attachment.at)}, {attachment.printed_name}")
    if withdrawn := withdrawn_in_words(attachment):
        named = {"at": withdrawn, "why": attachment.withdrawal.reason}
        parts.append(_("Withdrawn %(at)s: %(why)s") % named)
    return " · ".join(parts)
