"""The handbook: every chapter is shown, in Chinese where it is written so, and nothing of it is run."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from analytics.datasets.parameters import PARAMETERS
from analytics.endpoints.catalogue import catalogue
from analytics.handbook.chapters import Chapter, decisions, parts, picture
from analytics.handbook.prose import prose
from tests.patients.web import people
from trial.people.roles import Role

CHAPTERS = [one for part in parts() for one in part.chapters]
CHINESE = {"coordinator", "investigator", "monitor"}
LINK = re.compile(r'(?:href|src)="([^"#]+)"')
pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


@pytest.fixture
def reader() -> Client:
    return people.signed_in(people.a_member(Role.ACCOUNT_ADMINISTRATOR))


def text_of(client: Client, name: str, language: str = "en") -> str:
    answer = client.get(reverse("handbook-chapter", args=[name]), headers={"Accept-Language": language})
    assert answer.status_code == 200, name
    return answer.content.decode()


def test_the_contents_lead_to_every_chapter_and_decision(reader: Client) -> None:
    contents = reader.get(reverse("handbook")).content.decode()
    for one in (*CHAPTERS, *decisions()):
        assert reverse("handbook-chapter", args=[one.name]) in contents


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda one: one.name)
def test_what_a_chapter_leads_to_and_shows_is_there(reader: Client, chapter: Chapter) -> None:
    for language in ("en", "zh-hans"):
        shown = prose_of(text_of(reader, chapter.name, language))
        addresses = {found for found in LINK.findall(shown) if found.startswith("/handbook/")}
        assert [url for url in addresses if reader.get(url).status_code != 200] == []


@pytest.mark.parametrize("name", sorted(CHINESE))
def test_those_of_the_site_and_the_monitor_are_written_in_chinese(reader: Client, name: str) -> None:
    shown = prose_of(text_of(reader, name, "zh-hans"))
    assert re.search("[\u4e00-\u9fff]{4}", shown)
    assert 'lang="en"' not in shown


def test_another_says_that_it_is_in_english(reader: Client) -> None:
    assert {one.name for one in CHAPTERS if len(one.languages()) > 1} == CHINESE
    assert '<article class="prose" lang="en">' in text_of(reader, "api", "zh-hans")


def test_the_statistician_finds_every_endpoint_and_figure(reader: Client) -> None:
    shown = text_of(reader, "statistician")
    assert [one.code for one in PARAMETERS if f"<code>{one.code}</code>" not in shown] == []
    assert [name for name in catalogue() if f"<code>{name}</code>" not in shown] == []


def test_markup_in_a_text_is_shown_and_not_run() -> None:
    with translation.override("en"):
        html = prose("<script>alert(1)</script>\n\n[x](javascript:alert(1)) `<b>`\n").html
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert 'href="javascript' not in html
    assert "<code>&lt;b&gt;</code>" in html


@pytest.mark.parametrize("name", ["nothing.png", "..", ".png"])
def test_a_picture_that_there_is_not_is_absent(reader: Client, name: str) -> None:
    assert picture(name) is None
    assert reader.get(reverse("handbook") + f"pictures/{name}").status_code == 404


def prose_of(page: str) -> str:
    return page.partition('<article class="prose"')[2].partition("</article>")[0]
