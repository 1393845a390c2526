"""The figures of a lock: their numbers against the cohort as it was told, their drawings, their links."""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from hashlib import sha256
from io import StringIO
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest
from django.test import Client
from django.urls import resolve, reverse
from django.utils import translation

from analytics.datasets.build import Datasets
from analytics.datasets.courses import SCHEMA
from analytics.endpoints.courses import crs_of, neutrophils_of
from analytics.endpoints.flow import flow_of
from analytics.endpoints.listed import read_exhibits
from analytics.endpoints.shown import LANES_SHOWN
from analytics.locks.models import Lock
from analytics.reports import adverse_events, counted_tables, subject_pages, trace
from analytics.reports.figure_files import svg_of
from analytics.reports.figure_subjects import part_of
from analytics.reports.lock_figures import cards_of
from analytics.reports.step_figure import Scale
from analytics.reports.step_numbers import STEPS_SHOWN, drawn_steps, numbers_of, of_survival
from analytics.runs.models import Estimate
from patients.builder.timeline import Timeline
from tests.analytics.casebooks import (
    CutContent,
    assessed,
    died,
    enrolled,
    grafted,
    infused,
)
from tests.analytics.casebooks import (
    cohort as datasets_of,
)
from tests.analytics.reports.conftest import Results
from tests.patients.web import people
from trial.people.roles import Role
from trial.trail.models import TrailEvent

FIGURES = ("flow", "swimmer", "forest", "crs", "neutrophils", "chimerism", "mrd")
PRINTED_PART = re.compile(r'href="(/locks/\d+/figures/[^"#]+/[^"#]+/)"')


@pytest.fixture(scope="module")
def exhibits(results_of_cohort: Results) -> dict[str, Any]:
    return read_exhibits(results_of_cohort[1])


@pytest.fixture(scope="module")
def told(demo_timelines: list[Timeline]) -> dict[str, Timeline]:
    """The invented patients by the codes that they get: in the order of their ids."""
    ordered = sorted(demo_timelines, key=lambda one: one.patient_id)
    return {f"HZ01-{number:03d}": one for number, one in enumerate(ordered, 1)}


def since(origin: Any, end: Any) -> int:
    return int((end - origin).days)


def points(lane: Mapping[str, Any]) -> dict[int, float]:
    return dict(zip(lane["days"], lane["values"], strict=True))


# --- the numbers ------------------------------------------------------------------------------------------
def test_a_lane_says_what_happened_to_the_patient(
    exhibits: dict[str, Any], told: dict[str, Timeline]
) -> None:
    lanes = exhibits["swimmer"]["lanes"]
    assert {lane["subject"] for lane in lanes} == set(told)
    assert [lane["days"] for lane in lanes] == sorted((lane["days"] for lane in lanes), reverse=True)
    for lane in lanes:
        one = told[lane["subject"]]
        dates = {
            "remission": one.cri_date,
            "graft": one.hsct_date,
            "acute_gvhd": one.agvhd_onset_date,
            "relapse": one.relapse_date,
            "death": one.death_date,
        }
        expected = {code: since(one.cart_infusion_date, on) for code, on in dates.items() if on}
        assert lane["marks"] == expected, lane["subject"]
        assert (lane["days"], lane["died"]) == (
            since(one.cart_infusion_date, one.last_contact_date),
            one.death_date is not None,
        )


def test_a_strip_has_the_highest_grade_on_its_day(
    exhibits: dict[str, Any], told: dict[str, Timeline]
) -> None:
    found = exhibits["crs"]
    peaks = [max(lane["values"]) for lane in found["lanes"]]
    assert peaks == sorted(peaks, reverse=True)
    for lane in found["lanes"]:
        one, grades = told[lane["subject"]], points(lane)
        assert grades[since(one.cart_infusion_date, one.crs_onset_date)] == one.crs_max_grade
        assert max(grades.values()) == one.crs_max_grade
        assert grades[since(one.cart_infusion_date, one.crs_resolved_date)] == 0
    ill = sum(grade > 0 for lane in found["lanes"] for grade in lane["values"])
    assert sum(found["by_day"]["n"]) == ill


def read_in(cut: CutContent, form: str) -> list[dict[str, str]]:
    """The rows of a form as they are sealed, each with its items as texts."""
    rows: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for value in cut[1]:
        if value.form == form:
            rows[value.visit, value.row_key][value.item] = value.value
    return list(rows.values())


def test_the_courses_are_the_values_of_the_casebook(
    exhibits: dict[str, Any], cohort: list[CutContent], told: dict[str, Timeline]
) -> None:
    """Counts, donor cells and MRD, read again from the sealed rows."""
    lanes = {
        name: {lane["subject"]: lane for lane in exhibits[name]["lanes"]}
        for name in ("neutrophils", "chimerism", "mrd")
    }
    for cut in cohort:
        one = told[cut[0].subject]
        counts: dict[str, list[Decimal]] = defaultdict(list)
        for row in read_in(cut, "LAB"):
            if row["lab_test"] == "NEUT" and row.get("lab_value"):
                counts[row["lab_dt"][:10]].append(Decimal(row["lab_value"]))
        lowest = {since(one.cart_infusion_date, _date(on)): float(min(of)) for on, of in counts.items()}
        inside = {on: value for on, value in lowest.items() if 0 <= on <= 100}
        assert points(lanes["neutrophils"][cut[0].subject]) == pytest.approx(inside)
        whole = {
            since(one.hsct_date, _date(row["chim_dt"])): float(row["chim_donor_pct"])
            for row in read_in(cut, "CHIM")
            if row["chim_lineage"] == "whole" and row["chim_sample"] == "blood"
        }
        drawn = lanes["chimerism"].get(cut[0].subject, {"days": [], "values": []})
        assert points(drawn) == {on: value for on, value in whole.items() if on >= 0}
        levels = {
            since(one.cart_infusion_date, _date(row["resp_dt"])): float(row["mrd_value"])
            for row in read_in(cut, "RESP")
            if row.get("mrd_value") and _date(row["resp_dt"]) >= one.cart_infusion_date
        }
        mrd = lanes["mrd"][cut[0].subject]
        assert points(mrd) == levels
        assert all(
            code.startswith("negative|") == (value < 0.01)
            for code, value in zip(mrd["codes"], mrd["values"], strict=True)
        )


def _date(text: str) -> date:
    return date.fromisoformat(text[:10])


def test_whoever_left_the_flow_and_came_back_is_counted(new_registry: None) -> None:
    """Each box is the one before it, less who left, and who joined it again."""
    data = datasets_of(
        enrolled(),
        infused(),
        [*infused(), died(9)],
        [*infused(), assessed(20, 2)],
        [*infused(), grafted(25), assessed(60, 2)],
        [*infused(), assessed(20, 2), grafted(25)],
    )
    flow = flow_of(data)
    for before, after in pairwise(flow):
        left = sum(each["n"] for each in before["left"])
        assert after["n"] == before["n"] - left + after["joined"]["n"], after["code"]
    assert {box["code"]: box["n"] for box in flow} == {
        "screened": 6, "enrolled": 6, "infused": 5, "remission": 2, "transplanted": 2, "followed": 0,
    }  # fmt: skip
    left = {each["reason"]: each["subjects"] for box in flow for each in box["left"]}
    assert left["transplanted_without_remission"] == ["HZ01-005"]
    assert left["died_without_remission"] == ["HZ01-003"]
    assert left["no_remission_so_far"] == ["HZ01-002"]


def test_the_whole_stands_beside_its_groups(exhibits: dict[str, Any]) -> None:
    """The line of all is the curve of section 4 at its time."""
    overall = exhibits["subgroups"]["overall"]
    times = {one["code"]: one for one in exhibits["times"]}
    for part, code, months in (("os", "OS", 12), ("pfs", "PFS", 12), ("acute_gvhd", "AGV14", 3)):
        (found,) = overall[part]["groups"]
        at = next(one for one in times[code]["times"] if one["day"] == months * 30.4375)
        assert found["times"][0]["estimate"] == at["estimate"], part


def test_of_a_large_cohort_so_many_are_drawn_and_all_are_counted() -> None:
    rows = [
        (f"HZ01-{number:03d}", course, on, float(number % 4), "")
        for number in range(200)
        for course in ("crs", "neutrophils")
        for on in range(3)
    ]
    data: Any = SimpleNamespace(courses=pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    typed: Datasets = data
    crs, counts = crs_of(typed), neutrophils_of(typed)
    assert (crs["of"], len(crs["lanes"])) == (200, LANES_SHOWN)
    assert [max(lane["values"]) for lane in crs["lanes"]] == [3.0] * 50 + [2.0] * 10
    assert crs["by_day"]["n"] == [150, 150, 150]
    assert (counts["of"], len(counts["lanes"]), counts["by_day"]["n"]) == (200, LANES_SHOWN, [200] * 3)
    assert counts["by_day"]["median"] == [1.5] * 3


def test_so_many_steps_of_a_curve_are_listed_and_it_is_said() -> None:
    numbers = list(range(1, 301))
    curve = {
        "time": numbers,
        "survival": [1 - each / 300 for each in numbers],
        "lower": [None] * 300,
        "upper": [1.0] * 300,
        "n_risk": [301 - each for each in numbers],
        "n_event": [1] * 300,
    }
    stepped = of_survival({"survival": {"OS": curve, "PFS": None}})
    listed = numbers_of(stepped, lambda part: f"/{part}/")
    assert listed is not None
    *steps, last = listed.rows
    assert len(steps) == STEPS_SHOWN
    assert [cell.text for cell in steps[0][2:4]] == ["300", "1"]
    assert str(STEPS_SHOWN) in last[0].text
    drawn = list(drawn_steps(stepped, Scale(18.0), str))
    assert len(drawn) == 18, "as far as the axis goes"


# --- the drawings -----------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.one_engine
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_figure_is_drawn_and_said(lock: Lock, exhibits: dict[str, Any], language: str) -> None:
    with translation.override(language):
        cards = cards_of(lock, exhibits)
        assert tuple(cards) == FIGURES
        for name, card in cards.items():
            root = ElementTree.fromstring(svg_of(card.drawing))
            words = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
            assert all(words), name
            assert card.drawing.described
            assert {len(row) for row in card.numbers.rows} == {len(card.numbers.heads)}, name
            assert "<a " not in svg_of(card.drawing), "a file leads nowhere"


@pytest.mark.django_db
@pytest.mark.one_engine
def test_every_element_leads_to_its_subjects(lock: Lock, exhibits: dict[str, Any]) -> None:
    desk: Client = people.signed_in(people.a_member(Role.STATISTICIAN))
    pages = [desk.get(reverse(name, args=[lock.pk])) for name in ("lock-figures", "results")]
    found = {href for page in pages for href in PRINTED_PART.findall(page.content.decode())}
    by_figure: dict[str, tuple[int, str]] = {}
    for href in sorted(found):
        named = resolve(href).kwargs
        part = part_of(exhibits, named["figure"], named["part"])
        assert part.subjects or named["figure"] == "flow", href
        fewest = by_figure.get(named["figure"], (99, ""))
        by_figure[named["figure"]] = min(fewest, (part.n or 99, href))
    assert set(by_figure) == {*FIGURES, "survival", "incidence"}
    for figure, (_number, href) in by_figure.items():
        page = desk.get(href).content.decode()
        assert re.search(r"<th scope=\"row\">HZ01-\d{3}</th><td>\w", page), figure
        assert "counted by what is not recorded" not in page, figure


@pytest.mark.django_db
@pytest.mark.one_engine
def test_the_step_of_a_curve_is_the_deaths_of_its_day(lock: Lock, told: dict[str, Timeline]) -> None:
    code, one = next((code, one) for code, one in told.items() if one.death_date)
    on = since(one.cart_infusion_date, one.death_date)
    desk = people.signed_in(people.a_member(Role.STATISTICIAN))
    page = desk.get(reverse("figure-subjects", args=[lock.pk, "survival", f"OS.{on}.1"])).content.decode()
    assert set(re.findall(r"HZ01-\d{3}", page.partition("<main")[2])) == {code}
    assert str(one.death_date) in page


@pytest.mark.django_db
@pytest.mark.one_engine
def test_many_subjects_stand_on_several_pages(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each page alone the casebooks are read."""
    monkeypatch.setattr(subject_pages, "ON_A_PAGE", 1)
    desk = people.signed_in(people.a_member(Role.STATISTICIAN))
    url = reverse("figure-subjects", args=[lock.pk, "flow", "transplanted.died_within_3_months"])
    first, second = (desk.get(f"{url}?start={start}").content.decode() for start in ("x", "1"))
    named = [set(re.findall(r"HZ01-\d{3}", page.partition("<main")[2])) for page in (first, second)]
    assert all(len(each) == 1 for each in named)
    assert named[0] != named[1]
    assert 'href="?start=1"' in first
    assert 'href="?start=0"' in second


@pytest.mark.django_db
@pytest.mark.one_engine
def test_a_number_of_many_subjects_names_some_and_leads_to_all(
    lock: Lock, exhibits: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in (counted_tables, adverse_events):
        monkeypatch.setattr(room, "SUBJECTS_NAMED", 1)
    monkeypatch.setattr(counted_tables, "ROWS_SHOWN", 12)
    desk = people.signed_in(people.a_member(Role.STATISTICIAN))
    tables = desk.get(reverse("lock-tables", args=[lock.pk])).content.decode()
    assert "and 18 more" in tables
    assert "the first 12 of" in tables
    events = desk.get(reverse("results", args=[lock.pk])).content.decode()
    for figure, page in (("tables", tables), ("events", events)):
        links = sorted({link for link in PRINTED_PART.findall(page) if f"/figures/{figure}/" in link})
        assert links, figure
        *_start, _figure, part, _end = links[0].split("/")
        found = desk.get(links[0]).content.decode()
        named = set(re.findall(r"HZ01-\d{3}", found.partition("<main")[2]))
        assert named == set(part_of(exhibits, figure, part).subjects)
        assert len(named) > 1
    assert desk.get(f"/locks/{lock.pk}/figures/tables/populations.99.0/").status_code == 404


@pytest.mark.django_db
@pytest.mark.one_engine
def test_a_run_of_before_kept_codes_and_is_read_alike(lock: Lock) -> None:
    desk = people.signed_in(people.a_member(Role.STATISTICIAN))
    addresses = [reverse(name, args=[lock.pk]) for name in ("lock-tables", "results", "lock-figures")]
    told = [main_of(desk, address) for address in addresses]
    run = lock.snapshot.runs.get()
    run.exhibits = plain(run.shown)
    run.save()
    assert '"kept"' not in json.dumps(run.exhibits)
    assert [main_of(desk, address) for address in addresses] == told
    assert Estimate(run=run, subjects=["HZ01-001"]).counted == ["HZ01-001"]


@pytest.mark.django_db
@pytest.mark.one_engine
def test_the_subjects_of_an_estimate_stand_on_pages(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    for room in (subject_pages, trace):
        monkeypatch.setattr(room, "ON_A_PAGE", 5)
    desk = people.signed_in(people.a_member(Role.STATISTICIAN))
    url = reverse("trace", args=[lock.pk, "saf_n"])
    pages = [desk.get(f"{url}?start={start}").content.decode() for start in range(0, 20, 5)]
    named = [re.findall(r'<th scope="row">(HZ01-\d+)</th>', page) for page in pages]
    counted = list(Estimate.objects.get(run=lock.snapshot.runs.get(), figure="saf_n").counted)
    assert [list(dict.fromkeys(each)) for each in named] == [counted[at : at + 5] for at in range(0, 20, 5)]
    assert 'href="?start=10"' in pages[1]


def main_of(desk: Client, address: str) -> str:
    """A page without its frame, the time it was read at, and the keys of its forms."""
    main = desk.get(address).content.decode().partition("<main")[2].partition('<p class="asof">')[0]
    return re.sub(r'<input type="hidden"[^>]*>', "", main)


def plain(content: Any) -> Any:
    """As it was kept before: lists of codes and of rows."""
    if isinstance(content, dict):
        return {name: plain(value) for name, value in content.items()}
    is_list = isinstance(content, Sequence) and not isinstance(content, str)
    return [plain(value) for value in content] if is_list else content


@pytest.mark.django_db
@pytest.mark.one_engine
def test_the_data_of_all_subjects_leave_on_record(lock: Lock, exhibits: dict[str, Any]) -> None:
    person = people.a_member(Role.STATISTICIAN)
    desk = people.signed_in(person)
    for figure in ("swimmer", "crs"):
        taken = desk.post(reverse("figure-data", args=[lock.pk, figure])).content
        rows = list(csv.DictReader(StringIO(taken.decode())))
        event = TrailEvent.objects.filter(action="results.exported").latest("pk")
        said = {change.item: change.new for change in event.changes.all()}
        assert (event.actor, said["figure"], said["entries"]) == (person.user_name, figure, str(len(rows)))
        assert said["sha256"] == sha256(taken).hexdigest()
        drawn = {lane["subject"]: lane for lane in exhibits[figure]["lanes"]}
        assert {row["subject"] for row in rows} == set(drawn)
        if figure == "swimmer":
            assert all(int(row["days"]) == drawn[row["subject"]]["days"] for row in rows)
    assert desk.post(reverse("figure-data", args=[lock.pk, "flow"])).status_code == 404


@pytest.mark.django_db
@pytest.mark.one_engine
def test_of_what_is_not_drawn_there_is_nothing(lock: Lock) -> None:
    desk = people.signed_in(people.a_member(Role.STATISTICIAN))
    absent = ("other/x", "swimmer/HZ01-999", "flow/infused.other", "forest/a.b", "survival/OS.x.1")
    for part in absent:
        url = f"/locks/{lock.pk}/figures/{part}/"
        assert desk.get(url).status_code == 404, url
    run = lock.snapshot.runs.get()
    for curve in run.exhibits["curves"]["survival"].values():
        del curve["n_risk"], curve["n_event"]
    run.exhibits = {"curves": run.exhibits["curves"]}
    run.save()
    of_before = desk.get(reverse("results", args=[lock.pk])).content.decode()
    assert 'class="c1"' in of_before
    assert "r-survival" not in of_before
    assert "Make the cut again" in desk.get(reverse("lock-figures", args=[lock.pk])).content.decode()
    assert desk.get(reverse("figure-svg", args=[lock.pk, "swimmer"])).status_code == 404
