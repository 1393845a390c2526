"""DM, SE, SV and DS: who a subject is, what it went through, when it was seen, and what became of it."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from analytics.datasets.sourced import days, first, latest
from analytics.datasets.story import Day, Story, value
from analytics.datasets.subjects import DAYS_OF_A_YEAR
from analytics.exports.form_tables import exported_items
from analytics.exports.sdtm.design import (
    ARM_CODE,
    ARM_NAME,
    criteria,
    criterion_name,
    visit_name,
    visit_number,
)
from analytics.exports.sdtm.epochs import (
    elements_of,
    end_of_participation,
    epoch_of,
    reference_start,
    study_day,
)
from analytics.exports.sdtm.observations import Observation, Qualifier, iso, text_of
from analytics.exports.sdtm.reading import NOT_READ, qualifier, rows_of
from patients.casebook.answers import Record
from patients.casebook.form import declared_forms, form_model

_QUALIFYING = ("SUPPDM", "SUPPIE", "SUPPDS")
FURTHER_CONSENTS = {
    "icf_genetic_signed": "consent to genetic data",
    "icf_ltfu_signed": "consent to long-term follow-up",
}
MILESTONE, DISPOSITION, OTHER = "PROTOCOL MILESTONE", "DISPOSITION EVENT", "OTHER EVENT"
REASONS = {
    "completed": "COMPLETED",
    "death": "DEATH",
    "lost_to_follow_up": "LOST TO FOLLOW-UP",
    "withdrawal_by_subject": "WITHDRAWAL BY SUBJECT",
    "physician_decision": "PHYSICIAN DECISION",
    "sponsor_stop": "STUDY TERMINATED BY SPONSOR",
    "never_dosed": "NEVER DOSED",
    "other": "OTHER",
}
"""`eos_reason` in the words of NCOMPLT (C66727)."""


def subject_domains(story: Story) -> Iterator[Observation]:
    """The records of these domains."""
    yield _demographics(story)
    yield from _elements(story)
    yield from _visits(story)
    yield from _dispositions(story)
    yield from _criteria(story)


# --- DM ---------------------------------------------------------------------------------------------------
def _said(story: Story, form: str, item: str) -> Any:
    return value(first(story.casebook, form, item))


def _demographics(story: Story) -> Observation:
    age = story.facts.age_days_at_enrolment
    died = value(story.died)
    values = {
        "SUBJID": story.subject,
        "RFSTDTC": iso(reference_start(story)),
        "RFENDTC": iso(end_of_participation(story)),
        "RFXSTDTC": iso(reference_start(story)),
        "RFXENDTC": iso(
            _said(story, "INF", "inf_end_dt") or value(story.infused) or value(_last_dose(story))
        ),
        "RFICDTC": iso(_said(story, "ELIG", "icf_main_dt")),
        "RFPENDTC": iso(end_of_participation(story)),
        "DTHDTC": iso(died),
        "DTHFL": None if died is None else "Y",
        "SITEID": story.facts.site,
        "AGE": None if age is None else int(Decimal(age) / DAYS_OF_A_YEAR),
        "AGEU": None if age is None else "YEARS",
        "SEX": value(story.sex),
        "RACE": _said(story, "DM", "race"),
        "ETHNIC": "NOT REPORTED",
        **_arms(story),
        "COUNTRY": _said(story, "DM", "country"),
    }
    return Observation("DM", values, ("DM", "", ""), tuple(_qualifiers(story)))


def _last_dose(story: Story) -> Day:
    return latest(days(story.casebook, "LD", "ld_date"))


def _arms(story: Story) -> dict[str, str | None]:
    enrolled, treated = story.enrolled is not None, reference_start(story) is not None
    planned = (ARM_CODE, ARM_NAME) if enrolled else (None, None)
    actual = planned if treated else (None, None)
    reason = None
    if not enrolled:
        reason = "SCREEN FAILURE" if _said(story, "ELIG", "screen_fail_reason") else "NOT ASSIGNED"
    elif not treated:
        reason = "ASSIGNED, NOT TREATED"
    return {
        "ARMCD": planned[0], "ARM": planned[1], "ACTARMCD": actual[0], "ACTARM": actual[1], "ARMNRS": reason,
    }  # fmt: skip


def _qualifiers(story: Story) -> Iterator[Qualifier]:
    for dataset, form, name in qualifying():
        model = form_model(form)
        for record in rows_of(story, form) if dataset == "SUPPDM" else ():
            if text := text_of(model.item(name), record.values.get(name)):
                yield qualifier(model, model.item(name), text)


@cache
def qualifying() -> tuple[tuple[str, str, str], ...]:
    """The items that qualify a subject or its disposition: dataset, form and item. What qualifies criteria
    stands with the subject: IE holds those alone that were not met."""
    items = [(form, item) for form in ("DM", "ELIG", "EOS") for item in exported_items(form_model(form))]
    return tuple(
        ("SUPPDS" if "SUPPDS" in item.declared.cdisc else "SUPPDM", form, item.name)
        for form, item in items
        if any(one in item.declared.cdisc for one in _QUALIFYING) and not isinstance(item, NOT_READ)
    )


# --- SE and SV --------------------------------------------------------------------------------------------
def _elements(story: Story) -> Iterator[Observation]:
    start = reference_start(story)
    for passed in elements_of(story):
        yield Observation(
            "SE",
            {
                "ETCD": passed.element.code,
                "ELEMENT": passed.element.name,
                "TAETORD": passed.element.order,
                "EPOCH": passed.element.epoch,
                "SESTDTC": iso(passed.start),
                "SEENDTC": iso(passed.end),
                "SESTDY": study_day(passed.start, start),
                "SEENDY": study_day(passed.end, start),
            },
        )


def _visits(story: Story) -> Iterator[Observation]:
    """Each visit with its first and last day."""
    seen: dict[str, list[date]] = {}
    for model in declared_forms():
        for record in rows_of(story, model.form.code):
            if record.visit and (day := seen_on(record)) is not None:
                seen.setdefault(record.visit, []).append(day)
    passed, start = elements_of(story), reference_start(story)
    for visit, on in seen.items():
        yield Observation(
            "SV",
            {
                "VISITNUM": visit_number(visit),
                "VISIT": visit_name(visit),
                "SVSTDTC": iso(min(on)),
                "SVENDTC": iso(max(on)),
                "SVSTDY": study_day(min(on), start),
                "SVENDY": study_day(max(on), start),
                "EPOCH": epoch_of(min(on), passed),
            },
        )


def seen_on(record: Record) -> date | None:
    """The day of a visit that a row tells: that of its page, unless the form was not done."""
    return None if record.header.get("not_done") == "Y" else record.form_date


# --- DS ---------------------------------------------------------------------------------------------------
def _dispositions(story: Story) -> Iterator[Observation]:
    eligibility, ended = next(rows_of(story, "ELIG"), None), next(rows_of(story, "EOS"), None)
    if eligibility is not None:
        yield from _of_eligibility(eligibility)
    yield from _treated(story)
    if ended is not None and ended.values["eos_reason"]:
        reason = ended.values["eos_reason"]
        yield _status(ended, "EOS", reason, REASONS[reason], DISPOSITION, ended.values["eos_dt"])
        if ended.values["eos_ltfu"]:
            term = "OPTED TO CONTINUE INTO SURVIVAL FOLLOW-UP"
            yield _status(ended, "EOS", term, term, MILESTONE, ended.values["eos_dt"])


def _of_eligibility(record: Record) -> Iterator[Observation]:
    said = record.values
    if said["icf_main_signed"]:
        term = "INFORMED CONSENT OBTAINED"
        yield _status(record, "ELIG", term, term, MILESTONE, said["icf_main_dt"])
    if said["icf_hsct_signed"]:
        term = "INFORMED CONSENT OBTAINED FOR PROTOCOL-SPECIFIED ACTIVITY"
        yield _status(record, "", "consent to transplantation", term, MILESTONE, said["icf_hsct_dt"])
    for item, text in (
        ("icf_genetic_signed", "consent to genetic data"),
        ("icf_ltfu_signed", "consent to LTFU"),
    ):
        if said[item] in (True, "Y"):
            term = "INFORMED CONSENT OBTAINED FOR PROTOCOL-SPECIFIED ACTIVITY"
            yield _status(record, "", text, term, MILESTONE, said["icf_main_dt"])
    if said["eligible"] is not None:
        term = "ELIGIBILITY CRITERIA MET" if said["eligible"] else "ELIGIBILITY CRITERIA NOT MET"
        yield _status(record, "", term, term, MILESTONE, said["enrol_dt"] or record.form_date)
    if said["enrol_dt"]:
        yield _status(record, "", "ENTERED INTO TRIAL", "ENTERED INTO TRIAL", MILESTONE, said["enrol_dt"])
    if said["screen_fail_reason"]:
        reason = said["screen_fail_reason"]
        yield _status(record, "", reason, "SCREEN FAILURE", DISPOSITION, record.form_date)


def _treated(story: Story) -> Iterator[Observation]:
    for found, term in (
        (story.infused, "CAR-T CELLS INFUSED"),
        (story.grafted, "TRANSPLANTED"),
    ):
        if found is not None:
            values = {"DSTERM": term, "DSDECOD": term, "DSCAT": OTHER, "DSSTDTC": iso(found.value)}
            yield Observation("DS", values, (found.form, found.visit, found.row_key))
    for record in rows_of(story, "HSCT"):
        if record.values["hsct_done"] is False:
            reason = record.values["hsct_not_reason"] or "NOT TRANSPLANTED"
            yield _status(record, "", reason, "NOT TRANSPLANTED", OTHER, record.form_date)


def _status(
    record: Record, form: str, term: str, decode: str, category: str, at: date | datetime | None
) -> Observation:
    """`form`: that whose items qualify the record; the first record of a row carries them."""
    values = {"DSTERM": term, "DSDECOD": decode, "DSCAT": category, "DSSTDTC": iso(at)}
    return Observation("DS", values, record.place, tuple(_of_status(record, form)))


def _of_status(record: Record, form: str) -> Iterator[Qualifier]:
    for dataset, of, name in qualifying():
        item = form_model(of).item(name)
        if (dataset, of) == ("SUPPDS", form) and (text := text_of(item, record.values.get(name))):
            yield qualifier(form_model(of), item, text)


# --- IE ---------------------------------------------------------------------------------------------------
def _criteria(story: Story) -> Iterator[Observation]:
    """The criteria that were not met."""
    for record in rows_of(story, "ELIG"):
        for name, code, category in criteria():
            failing = "N" if category == "INCLUSION" else "Y"
            if record.values[name] == failing:
                values = {
                    "IETESTCD": code,
                    "IETEST": criterion_name(name),
                    "IECAT": category,
                    "IEORRES": failing,
                    "IESTRESC": failing,
                    "IEDTC": iso(record.form_date),
                }
                yield Observation("IE", values, record.place)
