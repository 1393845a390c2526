"""Built sheets read back as the import would: each cell through its item, what is derived by the engines."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from patients.builder import timelines
from patients.builder.build import FORMS
from patients.builder.members import member_rows
from patients.casebook.answers import HeldCasebook, Record
from patients.casebook.files import HEADER, IDENTITY, PEOPLE
from patients.casebook.form import form_model
from patients.entry.checks import row_findings
from patients.entry.derive import with_derived
from patients.forms import eligibility, release
from patients.forms import response as response_form
from patients.items import limits
from patients.items.problems import Finding
from trial.people.roles import Role
from trial.protocol import configuration
from trial.protocol.defaults import CONSENT_VERSIONS
from trial.protocol.laboratories import laboratories_as
from trial.protocol.models import ConsentVersion

Rows = Sequence[Mapping[str, str]]
DERIVED_IN_ORDER = tuple(FORMS)
DEMO = Path(timelines.__file__).parent / "demo" / "timelines.csv"


@contextmanager
def a_new_registry() -> Iterator[None]:
    """Configuration and consent versions as a registry starts with them, without its database."""

    def by_default(key: str, **_at: Any) -> Any:
        return configuration.SETTINGS[key].default

    versions = tuple(ConsentVersion(**one) for one in CONSENT_VERSIONS)
    with (
        pytest.MonkeyPatch.context() as patch,
        laboratories_as("[]"),
        configuration.consent_versions.being(versions),
    ):
        for module in (configuration, limits, response_form, eligibility):
            patch.setattr(module, "setting", by_default)
        patch.setattr(release, "has_held", _is_in_the_sheet)
        yield


def _is_in_the_sheet(user_name: str, role: Role, site_code: str) -> bool:
    """Whether a member that the builder names holds the role."""
    return any(row["user_name"] == user_name and row["role"] == role for row in member_rows())


def subjects(sheets: Mapping[str, Rows]) -> dict[str, HeldCasebook]:
    """The casebooks by subject, with every derived item computed."""
    births = {row["subject_id"]: row["birth_date"] for row in sheets[IDENTITY]}
    records: dict[str, list[Record]] = {subject: [] for subject in births}
    for form, rows in sheets.items():
        for row in rows if form not in PEOPLE else ():
            records[row["subject_id"]].append(record(form, row, births[row["subject_id"]]))
    casebooks = {subject: HeldCasebook(subject, found) for subject, found in records.items()}
    for casebook in casebooks.values():
        derive(casebook)
    return casebooks


def record(form: str, row: Mapping[str, str], birth_date: str) -> Record:
    model = form_model(form)
    values = {name: read(form, name, cell) for name, cell in row.items() if name not in HEADER and cell}
    if form == "DM":
        values["birth_date"] = model.item("birth_date").read(birth_date)
    empty = {item.name: None for item in model.items()}
    return Record(
        form, row["visit_code"], row["repeat"], date.fromisoformat(row["form_date"]), empty | values
    )


def read(form: str, name: str, cell: str) -> Any:
    """The value of a cell, which is the cell again as text."""
    item = form_model(form).item(name)
    value = item.read(cell)
    assert item.text(value) == cell, (form, name, cell)
    return value


def derive(casebook: HeldCasebook) -> None:
    """Twice: an item may be made from another that comes later in the order of forms."""
    for form in DERIVED_IN_ORDER * 2:
        for found in casebook.records(form):
            with_derived(found, casebook)


def findings(casebook: HeldCasebook) -> list[tuple[Record, Finding]]:
    """Everything that the declarations say about a subject's pages."""
    return [
        (found, finding)
        for form in DERIVED_IN_ORDER
        for found in casebook.records(form)
        for finding in row_findings(found, casebook)
    ]
