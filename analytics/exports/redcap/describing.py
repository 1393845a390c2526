"""What the API says of the project beside its records: dictionary, events, instruments, and who asks."""

from collections.abc import Iterable, Iterator, Sequence

from analytics.exports.disclosure import Disclosure, withheld
from analytics.exports.kept_tables import tables_of_lock
from analytics.exports.naming import Naming
from analytics.exports.redcap.answers import Row, Value
from analytics.exports.redcap.layout import RECORD, Event, Field, Instrument, Mapped, plain
from analytics.exports.tables import Kind
from analytics.locks.models import Lock
from analytics.locks.visible import sites_of_lock
from patients.items.item import Requirement
from trial.people.models import Site
from trial.people.tokens import Dates, ExportToken
from trial.protocol.study import STUDY
from trial.protocol.visits import visit_type
from trial.trail.models import TrailEvent

_VALIDATIONS = {
    Kind.INTEGER: "integer",
    Kind.DECIMAL: "number",
    Kind.DATE: "date_ymd",
    Kind.DATETIME: "datetime_seconds_ymd",
    Kind.TIME: "time",
}
_MOMENT = "%Y-%m-%d %H:%M:%S"
_NO_RIGHTS = (
    "design", "user_rights", "data_access_groups", "reports", "stats_and_charts",
    "manage_survey_participants", "calendar", "data_import_tool", "data_comparison_tool", "logging",
    "file_repository", "data_quality_create", "data_quality_execute", "api_import", "mobile_app",
    "mobile_app_download_data", "record_create", "record_rename", "record_delete", "lock_records_all_forms",
    "lock_records", "lock_records_customization",
)  # fmt: skip
_NOTES_FROM = 500  # characters: a longer text is no line
_READ_ONLY = 2


def metadata(instruments: Sequence[Instrument], fields: Sequence[str], forms: Sequence[str]) -> list[Row]:
    """The data dictionary: a line for each field, the record id first."""
    first = _line(RECORD, instruments[0].name, "text", "Subject") | {"required_field": "y"}
    lines = [first, *(line for each in instruments for line in _lines(each))]
    return [
        line
        for line in lines
        if not (fields or forms) or line["field_name"] in fields or line["form_name"] in forms
    ]


def _lines(instrument: Instrument) -> Iterator[dict[str, Value]]:
    headings = {one.starts_at: str(one.title) for one in instrument.model.form.sections}
    for field in instrument.fields:
        column, item = field.column, field.item
        yield _line(field.name, instrument.name, _type(field), str(column.label)) | {
            "section_header": headings.get(column.name, ""),
            "select_choices_or_calculations": " | ".join(
                f"{code}, {str(label).replace('|', '/')}" for code, label in field.choices.items()
            ),
            "field_note": "; ".join(filter(None, (column.unit, str(item.declared.hint) if item else ""))),
            "text_validation_type_or_show_slider_number": _VALIDATIONS.get(column.kind, ""),
            "required_field": "y" if item and item.declared.requirement is Requirement.REQUIRED else "",
        }


def _line(name: str, form: str, type_: str, label: str) -> dict[str, Value]:
    """A line of the dictionary, in the order of REDCap's columns."""
    return {
        "field_name": name,
        "form_name": form,
        "section_header": "",
        "field_type": type_,
        "field_label": label,
        "select_choices_or_calculations": "",
        "field_note": "",
        "text_validation_type_or_show_slider_number": "",
        "text_validation_min": "",
        "text_validation_max": "",
        "identifier": "",
        "branching_logic": "",
        "required_field": "",
        "custom_alignment": "",
        "question_number": "",
        "matrix_group_name": "",
        "matrix_ranking": "",
        "field_annotation": "",
    }


def _type(field: Field) -> str:
    if field.choices:
        return "checkbox" if field.is_checkbox else "radio"
    is_long = field.column.kind is Kind.TEXT and field.column.length >= _NOTES_FROM
    return "notes" if is_long else "text"


def export_field_names(instruments: Iterable[Instrument], only: str) -> list[Row]:
    """Under which names the fields are exported: a checkbox has one for each code."""
    lines = [_export_name(RECORD, "", RECORD)]
    for each in instruments:
        for field in each.fields:
            lines += [_export_name(field.name, code, name) for code, name in field.boxes.items()] or [
                _export_name(field.name, "", field.name)
            ]
        lines.append(_export_name(each.complete, "", each.complete))
    return [line for line in lines if not only or line["original_field_name"] == only]


def _export_name(field: str, code: str, name: str) -> Row:
    return {"original_field_name": field, "choice_value": code, "export_field_name": name}


def arms() -> list[Row]:
    return [{"arm_num": 1, "name": str(STUDY.arms[0].label)}]


def events(found: Iterable[Event]) -> list[Row]:
    """The visits that the cut has; days count from the infusion, or from the graft for those after it."""
    return [
        {
            "event_name": event.label,
            "arm_num": 1,
            "day_offset": _offset(event),
            "unique_event_name": event.name,
            "custom_event_label": "",
            "event_id": number,
        }
        for number, event in enumerate(found, start=1)
    ]


def _offset(event: Event) -> Value:
    day = visit_type(event.code).target_day if event.code else None
    return "" if day is None else day


def instrument_names(instruments: Iterable[Instrument]) -> list[Row]:
    return [{"instrument_name": each.name, "instrument_label": each.label} for each in instruments]


def form_event_mapping(found: Iterable[Mapped]) -> list[Row]:
    return [
        {"arm_num": 1, "unique_event_name": each.event.name, "form": each.instrument.name} for each in found
    ]


def repeating(found: Iterable[Mapped]) -> list[Row]:
    """At which events an instrument repeats."""
    return [
        {"event_name": each.event.name, "form_name": each.instrument.name, "custom_form_label": ""}
        for each in found
        if each.instrument.repeats
    ]


def project(lock: Lock, token: ExportToken) -> Row:
    """The study and the data cut; `project_notes` says what the token does not get."""
    return {
        "project_id": 1,
        "project_title": f"{STUDY.study_id}: {STUDY.title}",
        "creation_time": f"{lock.made_at:{_MOMENT}}",
        "production_time": f"{lock.made_at:{_MOMENT}}",
        "in_production": 1,
        "project_language": "English",
        "purpose": 2,
        "purpose_other": "",
        "project_notes": _notes(lock, token),
        "custom_record_label": "",
        "secondary_unique_field": "",
        "is_longitudinal": 1,
        "has_repeating_instruments_or_events": 1,
        "surveys_enabled": 0,
        "scheduling_enabled": 0,
        "record_autonumbering_enabled": 0,
        "randomization_enabled": 0,
        "ddp_enabled": 0,
        "project_irb_number": "",
        "project_grant_number": STUDY.registry_id,
        "project_pi_firstname": "",
        "project_pi_lastname": "",
        "display_today_now_button": 0,
        "missing_data_codes": "",
    }


def _notes(lock: Lock, token: ExportToken) -> str:
    tables = tables_of_lock(lock)
    gone = [
        f"{table.name}.{column.name}"
        for table in tables.values()
        if table.subject == RECORD
        for column in withheld(table, Disclosure.to(token))
    ]
    moved = "as they are" if token.dates == Dates.TRUE else "moved by a number of days of each subject"
    told = [f"Lock {lock.pk}", f"cut-off {lock.cutoff}", f"snapshot SHA-256 {lock.snapshot.hash}"]
    told += ["subjects under pseudonyms"] * Disclosure.to(token).hides_sites
    told += [f"dates {moved}", f"withheld genetic fields: {', '.join(gone) or 'none'}"]
    return "; ".join(told)


def user(token: ExportToken, instruments: Sequence[Instrument]) -> list[Row]:
    """The token as the one user it knows: it reads and exports every instrument, and nothing else."""
    return [
        {
            "username": token.name,
            "email": "",
            "firstname": "",
            "lastname": "",
            "expiration": f"{token.expires:%Y-%m-%d}",
            "data_access_group": "",
            "data_access_group_id": "",
            **dict.fromkeys(_NO_RIGHTS, 0),
            "api_export": 1,
            "forms": {each.name: _READ_ONLY for each in instruments},
            "forms_export": {each.name: 1 for each in instruments},
        }
    ]


def groups(lock: Lock, naming: Naming) -> list[Row]:
    """The sites of the cut as data access groups."""
    return [
        {"data_access_group_name": name, "unique_group_name": plain(code), "data_access_group_id": number}
        for number, (code, name) in enumerate(site_names(lock, naming).items(), start=1)
    ]


def site_names(lock: Lock, naming: Naming) -> dict[str, str]:
    """The sites of a cut by their codes; those that are told as one under their common name."""
    found = Site.objects.filter(code__in=sites_of_lock(lock)).order_by("code")
    names = dict(found.values_list("code", "name"))
    return {naming.site(code): naming.site(code) if code in naming.small else names[code] for code in names}


def log(token: ExportToken) -> list[Row]:
    """What left with this token, the newest first; nothing where another token has its name, since the trail
    knows a token by that."""
    if ExportToken.objects.filter(name=token.name).count() > 1:
        return []
    taken = TrailEvent.objects.filter(actor=token.name, action="data.exported", at__gte=token.created)
    return [
        {
            "timestamp": f"{event.at:%Y-%m-%d %H:%M}",
            "username": token.name,
            "action": "Data export",
            "details": event.about,
            "record": "",
        }
        for event in taken.order_by("-id")[:1000]
    ]
