"""`/redcap/api/` with the client that sponsors have, as it comes: PyCap against a server."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
import redcap
import requests
from django.test import Client
from redcap.request import _session

from analytics.exports.redcap import records
from analytics.exports.tables import Table
from analytics.locks.models import Lock
from tests.analytics.exports.conftest import a_key
from trial.people.models import Site
from trial.people.roles import Permission
from trial.people.tokens import Dates, issue_token
from trial.spreadsheets import text_of
from trial.trail.models import TrailEvent

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.one_engine,
    pytest.mark.xdist_group("exports"),
]
Connect = Callable[[str], redcap.Project]


@pytest.fixture
def connect(live_server: Any) -> Iterator[Connect]:
    yield lambda key: redcap.Project(f"{live_server.url}/redcap/api/", key)
    _session.close()  # PyCap keeps its connections in the module


@pytest.fixture
def true_key(lock: Lock) -> str:
    """A token that sees the days and the genetic data, as the tables have them."""
    return a_key(dates=Dates.TRUE, filing="2025-BGH-1")


def post(key: str, **form: str) -> Any:
    """A request by hand, for what PyCap would not send."""
    content = "&".join(f"{name}={value}" for name, value in {"token": key, **form}.items())
    return Client().post("/redcap/api/", content, content_type="application/x-www-form-urlencoded")


def test_what_the_project_says_of_itself(connect: Connect, true_key: str, tables: dict[str, Table]) -> None:
    project = connect(true_key)
    assert (project.def_field, project.is_longitudinal) == ("subject_id", True)
    names = project.field_names
    assert len(set(names)) == len(names) > 600
    exported = [one["export_field_name"] for one in project.export_field_names()]
    assert len(set(exported)) == len(exported) > len(names)
    assert all(re.fullmatch("[a-z0-9_]+", name) for name in (*names, *exported, *project.forms))
    dictionary = {one["field_name"]: one for one in project.metadata}
    assert dictionary["ae_serious"]["field_type"] == "radio"
    assert dictionary["ae_serious"]["select_choices_or_calculations"] == "Y, Yes | N, No"
    assert (dictionary["mutations"]["field_type"], dictionary["mutations"]["form_name"]) == ("checkbox", "dx")
    assert dictionary["ae_form_date"]["text_validation_type_or_show_slider_number"] == "date_ymd"
    assert list(project.export_metadata(format_type="df").index) == names
    assert {one["instrument_name"] for one in project.export_instruments()} == set(project.forms)
    assert [one["arm_num"] for one in project.export_arms()] == [1]
    events = [one["unique_event_name"] for one in project.export_events()]
    assert (events[0], events[-1]) == ("scr_arm_1", "log_arm_1")
    assert len(set(events)) == len(events)
    found = {(one["unique_event_name"], one["form"]) for one in project.export_instrument_event_mappings()}
    codes = {(f"{code.lower() or 'log'}_arm_1", name.lower()) for name, code in visits_of(tables)}
    assert found == codes
    repeating = {one["form_name"] for one in project.export_repeating_instruments_events()}
    assert {"ae", "lab", "cm"} <= repeating
    assert not {"dm", "vs"} & repeating


def visits_of(tables: dict[str, Table]) -> set[tuple[str, str]]:
    return {
        (table.name, code)
        for table in tables.values()
        if table.subject == "subject_id"
        for code in table.frame()["visit_code"].unique()
    }


def test_who_asks_and_what_left(connect: Connect, lock: Lock, key: str) -> None:
    project = connect(key)
    (user,) = project.export_users()
    assert (user["username"], user["api_export"], user["api_import"]) == ("sponsor", 1, 0)
    assert str(project.export_version()) == "0.1.0"
    about = project.export_project_info()
    assert "DONOR.r_hla" in about["project_notes"]
    assert lock.snapshot.hash in about["project_notes"]
    assert project.export_dags()[0]["unique_group_name"] == "hz01"
    assert [one["details"] for one in project.export_logging()][:2] == [
        f"lock {lock.pk} REDCap dag",
        f"lock {lock.pk} REDCap project",
    ]


def test_records_hold_what_the_tables_hold(connect: Connect, true_key: str, tables: dict[str, Table]) -> None:
    """A form of a row for each visit and one that repeats, in every format and shape."""
    project, forms = connect(true_key), ["resp", "ae"]
    flat = project.export_records(forms=forms)
    assert all(isinstance(cell, str) for row in flat for cell in row.values())
    for row in (row for row in flat if row["redcap_repeat_instrument"]):
        assert (row["ae_repeat"], row["redcap_event_name"]) == (row["redcap_repeat_instance"], "log_arm_1")
    expected = {name: of_table(tables[name], project) for name in ("RESP", "AE")}
    for name, rows in expected.items():
        assert [cells_of(row, rows[0]) for row in flat if row[f"{name.lower()}_complete"]] == rows
    lines = list(csv.DictReader(io.StringIO(project.export_records(format_type="csv", forms=forms))))
    assert [{name: text_of(cell) for name, cell in line.items()} for line in lines] == flat
    frame = project.export_records(format_type="df", forms=forms, df_kwargs={"dtype": str})
    assert (len(frame), len(frame.columns) + len(frame.index.names)) == (len(flat), len(flat[0]))
    values = project.export_records(forms=forms, record_type="eav")
    codes = {one["export_field_name"]: one["choice_value"] for one in project.export_field_names()}
    assert filled(values) == {
        (*place(row), name, cell) for row in flat for name, cell in row.items() if counts(name, cell)
    } | {
        (*place(row), name.partition("___")[0], codes[name])
        for row in flat
        for name, cell in row.items()
        if "___" in name and cell == "1"
    }


def place(row: dict[str, str]) -> tuple[str, ...]:
    names = ("redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance")
    return (row.get("record") or row["subject_id"], *(row[name] for name in names))


def counts(name: str, cell: str) -> bool:
    return bool(cell) and "___" not in name and not name.startswith("redcap_")


def filled(values: list[dict[str, str]]) -> set[tuple[str, ...]]:
    told = [(*place(one), one["field_name"], one["value"]) for one in values]
    assert len(set(told)) == len(told)
    return set(told)


def of_table(table: Table, project: redcap.Project) -> list[dict[str, str]]:
    """The rows of a table as they ought to be: the subject and each item."""
    form = table.name.lower()
    kinds = {one["field_name"]: one["field_type"] for one in project.metadata}
    rows = []
    for row in table.frame().iter_rows(named=True):
        told = {"subject_id": row["subject_id"]}
        for name, value in row.items():
            own = name if name in kinds else f"{form}_{name}"
            if name == "subject_id" or own not in kinds:
                continue
            if kinds[own] != "checkbox":
                told[own] = "" if value is None else str(value)
                continue
            checked = (value or "").split("|")
            told |= {
                f"{own}___{code.lower()}": str(int(code in checked))
                for code in table.column(name).codes.labels
            }
        rows.append(told)
    return rows


def cells_of(row: dict[str, str], like: dict[str, str]) -> dict[str, str]:
    return {name: row[name] for name in like}


def test_only_what_is_asked_for(connect: Connect, lock: Lock, key: str) -> None:
    project = connect(key)
    some = project.export_records(
        records=["HZ01-001", "HZ01-002"],
        fields=["sex", "ae_serious", "donor_role"],
        events=["scr_arm_1", "log_arm_1"],
        raw_or_label="label",
        export_data_access_groups=True,
    )
    assert {row["subject_id"] for row in some} == {"HZ01-001", "HZ01-002"}
    assert {row["redcap_event_name"].split()[0] for row in some} <= {"SCR", "Log"}
    assert {row["redcap_data_access_group"] for row in some} == {"Hangzhou"}
    assert {row["ae_serious"] for row in some} <= {"", "Yes", "No"}
    assert {row["donor_role___backup"] for row in some} <= {"", "Checked", "Unchecked"}
    assert "form_date" not in "".join(some[0])
    headings = project.export_records(
        format_type="csv", fields=["sex"], raw_or_label_headers="label", records=["HZ01-001"]
    )
    assert headings.startswith("Subject,Event Name,Repeat Instrument,Repeat Instance,Sex")
    later = lock.made_at.replace(tzinfo=None) + timedelta(days=2)
    assert project.export_records(forms=["dm"], date_begin=later) == []
    assert len(project.export_records(forms=["dm"], date_end=later)) == 19
    frame = project.export_records(format_type="df", fields=["sex"])
    assert isinstance(frame, pd.DataFrame)
    assert frame.index.names == ["subject_id", "redcap_event_name"]


@pytest.mark.requirement("PV-04")
@pytest.mark.requirement("PV-05")
def test_a_token_gets_moved_days_and_no_genetic_field(connect: Connect, key: str, true_key: str) -> None:
    moved, true = (connect(one).export_records(forms=["inf"])[0] for one in (key, true_key))
    assert moved["inf_form_date"] < true["inf_form_date"]
    assert "r_hla" not in connect(key).field_names
    assert "r_hla" in connect(true_key).field_names
    with pytest.raises(redcap.RedcapError, match="r_hla"):
        connect(key).export_records(fields=["r_hla"])


@pytest.mark.requirement("CP-03")
def test_each_answer_is_on_the_trail_with_its_rows_and_hash(lock: Lock, key: str) -> None:
    answer = post(key, content="record", format="json", forms="dm")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    event = TrailEvent.objects.filter(action="data.exported").get()
    assert (event.actor, event.site, event.about) == ("sponsor", "HZ01", f"lock {lock.pk} REDCap record")
    told = {change.item: change.new for change in event.changes.all()}
    digest = hashlib.sha256(answer.content).hexdigest()
    assert told == {"entries": str(len(json.loads(answer.content))), "sha256": digest, "sites": "HZ01"}


@pytest.mark.requirement("AC-02")
def test_who_may_not_is_told_the_same_whoever_it_is(connect: Connect, lock: Lock, key: str) -> None:
    other = Site.objects.create(code="HZ02", name="Ningbo")
    with pytest.raises(redcap.RedcapError, match="do not have permissions"):
        connect("0" * 32).export_metadata()
    for wrong in ("", "0" * 32, a_key(Permission.READ_RESULTS)):
        answer = post(wrong, content="record", format="json")
        assert (answer.status_code, answer.json()) == (
            403,
            {"error": "You do not have permissions to use the API"},
        )
    assert Client().post("/redcap/api/", {"token": key}, content_type="application/json").status_code == 403
    foreign = issue_token("b", by="test", sites=[other], permissions=[Permission.EXPORT])
    assert post(foreign, content="record", format="json").status_code == 400
    assert b"no finished data cut" in post(foreign, content="metadata", format="json").content
    assert not TrailEvent.objects.filter(action="data.exported").exists()


def test_what_is_not_given_is_refused_in_words(
    connect: Connect, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = connect(key)
    with pytest.raises(redcap.RedcapError, match="for reading"):
        project.import_records([{"subject_id": "HZ01-001", "sex": "M"}])
    with pytest.raises(redcap.RedcapError, match="for reading"):
        project.delete_records(["HZ01-001"])
    with pytest.raises(redcap.RedcapError, match='"content" is not supported'):
        project.export_report("1")
    with pytest.raises(redcap.RedcapError, match="filterLogic"):
        project.export_records(filter_logic="[sex] = 'M'")
    with pytest.raises(redcap.RedcapError, match=r"fields.*nothing"):
        project.export_records(fields=["nothing"])
    monkeypatch.setattr(records, "MOST_CELLS", 1000)
    for shape in ("flat", "eav"):
        with pytest.raises(redcap.RedcapError, match=r"bundle\.zip"):
            project.export_records(record_type=shape, forms=["lab"])
    with pytest.raises(ValueError, match="not a 'file' field"):  # the client looks into the metadata
        project.export_file("HZ01-001", "sex")
    asked = post(key, content="file", action="export", record="HZ01-001", field="sex", returnFormat="json")
    assert (asked.status_code, '"sex\\" is not a file' in asked.content.decode()) == (400, True)
    assert post(key, content="report", format="csv").content.startswith(b"ERROR: ")
    assert post(key, content="record", format="xml").content.startswith(b'<?xml version="1.0"')
    assert requests.get(project.url, timeout=30).status_code == 403
