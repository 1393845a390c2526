"""The screening and enrolment log of a site."""

import hashlib
import re

import polars as pl
import pytest
from django.test import Client
from django.urls import reverse

from patients.casebook.page import Subject
from tests.patients.entry.signing_desk import eligibility, principal_investigator, screened, sign
from tests.patients.web import people
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db


def lines(client: Client) -> dict[str, list[str]]:
    """The cells of each subject's line."""
    shown = client.get(reverse("log", args=["HZ01"])).content.decode()
    rows = re.findall(r'<tr><th scope="row"><a [^>]*>([^<]*)</a></th>(.*?)</tr>', shown)
    return {code: re.findall(r"<td>(.*?)</td>", cells) for code, cells in rows}


def test_it_tells_of_each_subject_from_consent_to_where_it_stands(desk: Client, subject: Subject) -> None:
    people.a_subject("HZ01-002", infused=True)
    people.a_subject("HZ01-003", consented=False)
    found = lines(desk)
    assert found["HZ01-001"] == ["2025-05-16 09:00", "–", "–", "–", "–", "–", "in screening", "–"]
    assert found["HZ01-002"][1] == "Yes"
    assert "2025-05-20" in found["HZ01-002"][3]
    assert found["HZ01-002"][5:] == ["2025-06-07", "infused 2025-06-07", "–"]
    assert found["HZ01-003"] == ["–"] * 6 + ["in screening", "–"]


def test_it_names_the_criteria_that_were_not_met(desk: Client, subject: Subject) -> None:
    page = people.page_of(subject, "ELIG", "SCR")
    people.save(page, {"inc10_contra": "N"})
    assert lines(desk)["HZ01-001"][2].startswith("I10")


def test_it_names_who_signed_and_when(desk: Client) -> None:
    pi = principal_investigator()
    page = eligibility(screened())
    signature = sign(page, pi)
    at = f"{signature.at_site:%Y-%m-%d %H:%M:%S} UTC+08:00"
    assert lines(desk)["HZ01-001"][3] == (
        f"{pi.printed_name}, Principal investigator, {at}, approval (statement 1)"
    )


def test_it_is_reached_from_the_list_of_subjects(desk: Client, subject: Subject) -> None:
    assert reverse("log", args=["HZ01"]) in desk.get(reverse("subjects")).content.decode()


def test_another_site_is_absent(desk: Client) -> None:
    people.a_site("HZ02")
    assert desk.get(reverse("log", args=["HZ02"])).status_code == 404


def test_a_data_frame_reads_what_the_screen_shows(desk: Client, subject: Subject) -> None:
    people.a_subject("HZ01-002", infused=True)
    answer = desk.post(reverse("log-file", args=["HZ01"]))
    assert answer["Content-Disposition"].startswith('attachment; filename="screening-log-HZ01-')
    read = pl.read_csv(answer.content, infer_schema=False)
    assert {row[0]: [text or "–" for text in row[1:]] for row in read.rows()} == lines(desk)
    assert read.columns[0] == "Subject"


def test_that_it_left_is_on_the_trail(desk: Client, subject: Subject) -> None:
    answer = desk.post(reverse("log-file", args=["HZ01"]))
    event = TrailEvent.objects.get(action="screening_log.exported")
    told = {change.item: change.new for change in event.changes.all()}
    digest = hashlib.sha256(answer.content).hexdigest()
    assert told == {"entries": "1", "sha256": digest, "sites": "HZ01"}
    assert (event.site, event.actor) == ("HZ01", "lin.qiao")


def test_nothing_leaves_by_a_link(desk: Client, subject: Subject) -> None:
    assert desk.get(reverse("log-file", args=["HZ01"])).status_code == 405
    people.a_site("HZ02")
    assert desk.post(reverse("log-file", args=["HZ02"])).status_code == 404
