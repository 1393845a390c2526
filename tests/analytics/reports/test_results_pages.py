"""The pages of a lock: who may see them, what they say, and that they say the same again."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from analytics.datasets.build import build_datasets
from analytics.endpoints.catalogue import catalogue
from analytics.endpoints.exhibits import bootstrap_exhibit, exhibits_of
from analytics.locks import seal
from analytics.locks.models import Lock
from analytics.runs.compute import compute_run
from analytics.runs.models import Estimate
from analytics.runs.start import run_of
from patients.builder.build import casebook_of
from patients.builder.timeline import Timeline
from patients.casebook.files import write_casebook
from patients.casebook.page import Page
from patients.entry.deliveries import CasebookFolder
from patients.entry.importing import CasebookImport
from patients.items.partial_date import PartialDate
from tests.analytics import plain_events
from tests.analytics.casebooks import (
    CutContent,
    built,
    content,
    cut_at,
    cut_instead,
    day,
    infused,
    row,
    without_database,
)
from tests.analytics.computing import Results, comes_to
from tests.analytics.reports.conftest import CUTOFF, cut_of
from tests.patients.web import people
from trial.people.access import SystemPerson
from trial.people.grants import grant_role
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.actor import Source

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
LockOf = Callable[..., Lock]


@pytest.fixture
def lock_of(cohort: list[CutContent], results_of_cohort: Results, monkeypatch: pytest.MonkeyPatch) -> LockOf:
    """A lock of what a cut holds; its run is finished unless said otherwise. Of the cohort it is not computed
    for each test anew."""

    def made(cut: list[CutContent], *, computed: bool = True) -> Lock:
        with monkeypatch.context() as patch:
            patch.setattr(seal, "_cut", cut_instead(cut))
            if cut is cohort:
                comes_to(patch, results_of_cohort)
            lock = seal.make_lock(CUTOFF, "interim", by=SystemPerson("lock"), source=Source.COMMAND)
            assert not computed or compute_run(run_of(lock.snapshot).pk)
        return lock

    return made


@pytest.fixture
def statistician() -> Client:
    return people.signed_in(people.a_member(Role.STATISTICIAN))


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def results_of(lock: Lock) -> str:
    return reverse("results", args=[lock.pk])


def numbers_in(text: str) -> list[tuple[str, str]]:
    """Figure and words of every number that is a link."""
    return re.findall(r'<a class="num" href="/locks/\d+/(\w+)/">([^<]*)</a>', text)


def table_3_in(text: str) -> str:
    return next(iter(re.findall(r'<h2 id="t3">.*?</section>', text, re.DOTALL)), "")


def rows_in(table: str) -> list[tuple[str, str, str]]:
    """Label, any grade and severe of each row of table 3."""
    cells = r'<th scope="row">([^<]*)</th><td class="num-col">([^<]*)</td><td class="num-col">([^<]*)</td>'
    return re.findall(cells, table)


def figures_in(text: str) -> list[str]:
    return re.findall(r"<svg viewBox.*?</svg>", text, re.DOTALL)


# --- who may see them -------------------------------------------------------------------------------------
def test_a_lock_with_a_site_that_the_reader_does_not_see_is_absent(
    statistician: Client, cohort: list[CutContent], lock_of: LockOf
) -> None:
    """A result mixes all of its sites."""
    (facts, values), *_ = cohort
    lock = lock_of([(replace(facts, site="HZ02"), values)])
    for url in (results_of(lock), reverse("trace", args=[lock.pk, "saf_n"])):
        assert statistician.get(url).status_code == 404, url
    assert f'href="{results_of(lock)}"' not in read(statistician, reverse("locks"))
    account, other = Account.objects.get(), people.a_site("HZ02")
    grant_role(account, Role.STATISTICIAN, other, by=people.SETUP, reason="both centres")
    assert f'href="{results_of(lock)}"' in read(statistician, reverse("locks"))
    assert statistician.get(results_of(lock)).status_code == 200


def test_who_sees_results_alone_starts_there(statistician: Client) -> None:
    assert statistician.get(reverse("home"))["Location"] == reverse("locks")


def test_there_is_no_page_of_a_lock_or_figure_that_does_not_exist(
    statistician: Client, cohort: list[CutContent], lock_of: LockOf
) -> None:
    lock = lock_of(cohort[:1])
    for url in ("/locks/999/", f"/locks/{lock.pk}/os_13m/", f"/locks/{lock.pk}999/os_12m/"):
        assert statistician.get(url).status_code == 404, url


# --- what they say ----------------------------------------------------------------------------------------
def test_every_number_is_the_estimate_it_leads_to(
    statistician: Client, cohort: list[CutContent], lock_of: LockOf
) -> None:
    lock = lock_of(cohort)
    printed = dict(Estimate.objects.filter(run=run_of(lock.snapshot)).values_list("figure", "text"))
    shown = numbers_in(read(statistician, results_of(lock)))
    assert len(shown) > 80
    for figure, words in shown:
        assert words.startswith(printed[figure]), (figure, words)


def test_the_published_figures_stand_in_the_paragraph_and_the_tables(
    statistician: Client, cohort: list[CutContent], lock_of: LockOf
) -> None:
    """Each as published, with its percentage or its range beside the number that is linked."""
    words = " ".join(text for _, text in numbers_in(read(statistician, results_of(lock_of(cohort)))))
    said = set(re.findall(r"\d+(?:\.\d+)?", words))
    published = [entry for entry in catalogue().values() if entry.published_value is not None]
    assert len(published) == 79
    assert [entry.id for entry in published if entry.published_text not in said] == []


def test_the_numbers_at_risk_under_the_curves_are_those_of_the_figures(
    statistician: Client, cohort: list[CutContent], lock_of: LockOf
) -> None:
    lock = lock_of(cohort)
    curves = run_of(lock.snapshot).exhibits["curves"]["survival"]
    for stem, curve in (("os", curves["OS"]), ("pfs", curves["PFS"])):
        estimates = Estimate.objects.filter(run=run_of(lock.snapshot), figure__startswith=f"{stem}_nrisk_")
        expected = {estimate.figure: int(estimate.text) for estimate in estimates}
        at_risk = zip((0, 3, 6, 9, 12, 15, 18), curve["at_risk"], strict=True)
        assert {f"{stem}_nrisk_{month}m": count for month, count in at_risk} == expected
    text = read(statistician, results_of(lock))
    shown = re.findall(r'<th scope="row">OS</th>(.*?)</tr>', text, re.DOTALL)
    assert re.findall(r">(\d+)</td>", shown[0]) == [str(count) for count in curves["OS"]["at_risk"]]


def test_the_figures_are_drawn_the_same_again(
    statistician: Client, cohort: list[CutContent], demo_timelines: list[Timeline], lock_of: LockOf
) -> None:
    """Byte for byte, from the sealed numbers, and from those of a cohort that came in another order."""
    lock = lock_of(cohort)
    first, second = (read(statistician, results_of(lock)) for _ in range(2))
    assert len(figures_in(first)) == 2
    assert figures_in(first) == figures_in(second)
    assert table_3_in(first) == table_3_in(second) != ""
    with without_database():
        data = build_datasets(CUTOFF, cut_at(built(demo_timelines[::-1]), CUTOFF))
        again = exhibits_of(data) | bootstrap_exhibit(data)
    assert again == run_of(lock.snapshot).exhibits


def test_the_adverse_events_are_those_of_the_casebook(
    statistician: Client, cohort: list[CutContent], demo_timelines: list[Timeline], lock_of: LockOf
) -> None:
    """Each row as a count of the casebook's text says it, and all subjects under their worst grade."""
    counted = plain_events.counts(casebook_of(demo_timelines), CUTOFF)
    table = table_3_in(read(statistician, results_of(lock_of(cohort))))
    shown = {label: cells for label, *cells in rows_in(table)}
    for key, label in LABELS.items():
        severe = sum((grade or 0) >= 3 for grade in counted[key].values())
        assert shown[label] == [f"{n} ({100 * n / 19:.1f})" for n in (len(counted[key]), severe)], label
    assert len(shown) == len(counted) == len(LABELS)
    crs = re.search(r"Cytokine release syndrome.*?</tr>", table, re.DOTALL)
    assert crs
    groups = re.findall(r"<dt>Grade (\d)</dt><dd>(.*?)</dd>", crs[0])
    assert [int(grade) for grade, _ in groups] == sorted((int(grade) for grade, _ in groups), reverse=True)
    named = {code: int(grade) for grade, some in groups for code in re.findall(r"HZ01-\d+", some)}
    assert named == counted["crs", "cytokine_release_syndrome"]


LABELS = {
    (): "Any adverse event",
    ("crs",): "CRS",
    ("crs", "cytokine_release_syndrome"): "Cytokine release syndrome",
    ("cytopenia",): "Cytopenia",
    ("cytopenia", "neutrophil_count_decreased"): "Neutrophil count decreased",
    ("cytopenia", "platelet_count_decreased"): "Platelet count decreased",
    ("cytopenia", "anemia"): "Anemia",
    ("cytopenia", "lymphocyte_count_decreased"): "Lymphocyte count decreased",
    ("cytopenia", "white_blood_cell_decreased"): "White blood cell decreased",
    ("agvhd",): "aGVHD",
    ("agvhd", "acute graft versus host disease"): "Acute graft versus host disease",
    ("infection",): "Infection",
    ("infection", "sepsis"): "Sepsis",
}


def test_an_adverse_event_leads_to_its_page_for_who_may_read_it(
    tmp_path: Path, demo_timelines: list[Timeline], statistician: Client
) -> None:
    sheets = casebook_of(demo_timelines[2:5])
    write_casebook(tmp_path / "casebook", sheets)
    CasebookImport(CasebookFolder(tmp_path / "casebook"), SystemPerson("import")).run()
    lock = seal.make_lock(CUTOFF, "interim", by=SystemPerson("lock"), source=Source.COMMAND)
    assert compute_run(run_of(lock.snapshot).pk)
    with_events = set(plain_events.counts(sheets, CUTOFF)[()])
    pages = Page.objects.filter(form_code="AE", subject__code__in=with_events)
    expected = {(f"/pages/{page.pk}/", page.subject.code) for page in pages}
    assert len(expected) == len(with_events) > 0
    for client, links in ((statistician, set()), (a_reader(), expected)):
        table = table_3_in(read(client, results_of(lock)))
        assert set(re.findall(r'<a href="([^"]*)">(HZ01-\d+) · \d+</a>', table)) == links
        assert set(re.findall(r"HZ01-\d+", table)) == with_events


def a_reader() -> Client:
    """Somebody who may read both the results and the pages of the site."""
    return people.signed_in(people.a_member(Role.PRINCIPAL_INVESTIGATOR))


def test_the_words_of_an_event_are_shown_as_text(statistician: Client, lock_of: LockOf) -> None:
    fever = row("AE", day(1), key="1", ae_start=PartialDate.of(day(1)), ae_term="<b>Fever</b>")
    with without_database():
        cut = [content([*infused(), fever], CUTOFF)]
    table = table_3_in(read(statistician, results_of(lock_of(cut))))
    assert ("&lt;b&gt;Fever&lt;/b&gt;", "1 (100.0)", "0 (0.0)") in rows_in(table)
    assert "Grade not known" in table


def test_what_the_published_analysis_had_no_occasion_to_say_is_said_where_it_occurred(
    statistician: Client, cohort: list[CutContent], demo_timelines: list[Timeline], lock_of: LockOf
) -> None:
    assert "grade 4 occurred" not in read(statistician, results_of(lock_of(cohort)))
    worse = [with_grade_four(one) for one in demo_timelines[:3]]
    text = read(statistician, results_of(lock_of(cut_of(worse))))
    for words in ("CRS of grade 4 occurred in", "Acute GVHD of grade IV occurred in"):
        assert words in text
    assert "CD7-positive relapse" not in text


def with_grade_four(timeline: Timeline) -> Timeline:
    return replace(timeline, crs_max_grade=4, agvhd_max_grade=4)


def test_a_cut_with_nobody_in_it_has_a_page(statistician: Client, lock_of: LockOf) -> None:
    text = read(statistician, results_of(lock_of([])))
    assert figures_in(text) == []
    assert ("enrolled_n", "0") in numbers_in(text)
    assert rows_in(table_3_in(text)) == [("Any adverse event", "0", "0")]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Results paragraph", "Table 3. Adverse events", "Any adverse event", "Grade 3 or higher")),
        ("zh-hans", ("结果段落", "表 3", "任何不良事件", "3 级及以上", "细胞因子释放综合征")),
    ],
)
def test_the_page_speaks_both_languages(
    statistician: Client, cohort: list[CutContent], lock_of: LockOf, language: str, words: tuple[str, ...]
) -> None:
    url = results_of(lock_of(cohort[:2]))
    text = statistician.get(url, headers={"Accept-Language": language}).content.decode()
    assert [one for one in words if one not in text] == []


# --- a run that is not finished ---------------------------------------------------------------------------
def test_a_lock_says_that_its_results_are_being_computed(
    statistician: Client, cohort: list[CutContent], lock_of: LockOf
) -> None:
    lock = lock_of(cohort[:1], computed=False)
    assert "Results paragraph" not in read(statistician, results_of(lock))
    assert statistician.get(reverse("trace", args=[lock.pk, "saf_n"])).status_code == 404
    assert compute_run(run_of(lock.snapshot).pk)
    assert "Results paragraph" in read(statistician, results_of(lock))


# --- from a number to its subjects ------------------------------------------------------------------------
def test_every_figure_leads_to_its_subjects(
    statistician: Client, cohort: list[CutContent], lock_of: LockOf
) -> None:
    lock = lock_of(cohort)
    for estimate in Estimate.objects.filter(run=run_of(lock.snapshot)):
        text = read(statistician, reverse("trace", args=[lock.pk, estimate.figure]))
        shown = set(re.findall(r'<th scope="row">(HZ01-\d+)</th>', text))
        assert shown == set(estimate.counted), estimate.figure


def test_a_number_of_a_lock_whose_sources_are_gone_says_so(
    statistician: Client, cohort: list[CutContent], lock_of: LockOf, tmp_path: Path
) -> None:
    lock = lock_of(cohort)
    lock.sources_path.rename(tmp_path / "away")
    try:
        answer = statistician.get(reverse("trace", args=[lock.pk, "deaths_n"]), follow=True)
    finally:
        (tmp_path / "away").rename(lock.sources_path)
    assert answer.redirect_chain == [(results_of(lock), 302)]
    assert "subjects cannot be shown" in answer.content.decode()


def test_the_items_behind_a_number_are_shown_as_they_were_in_the_cut(
    statistician: Client, cohort: list[CutContent], lock_of: LockOf
) -> None:
    text = read(statistician, reverse("trace", args=[lock_of(cohort).pk, "deaths_n"]))
    for words in ("Date of death", "2025-03-21", "DTH ENDv", "Primary cause"):
        assert words in text, words
