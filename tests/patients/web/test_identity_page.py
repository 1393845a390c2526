"""Who a subject is: typed at the site, shown there alone, and compared with the others."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from patients.casebook.identity import Identity
from patients.casebook.page import Subject
from patients.entry.identifying import named
from tests.patients.web import people
from trial.people.roles import TABLE, Permission, Role
from trial.trail.models import TrailChange, TrailEvent

pytestmark = pytest.mark.django_db

NAME, NUMBER = "Canary Zhaolin", "H7745531"


def url_of(subject: Subject) -> str:
    return reverse("identity", args=[subject.code])


def form_of(shown: Any, **typed: str) -> dict[str, str]:
    """The form as the browser would send it, with this typed into it."""
    form = shown.content.decode().partition('<form class="card"')[2]
    return dict(re.findall(r'name="(\w+)"[^>]*? value="([^"]*)"', form)) | typed


def sent(client: Client, subject: Subject, name: str = NAME, number: str = NUMBER, **typed: str) -> Any:
    url = url_of(subject)
    return client.post(url, form_of(client.get(url), full_name=name, hospital_number=number, **typed))


def events(action: str) -> list[TrailEvent]:
    return list(TrailEvent.objects.filter(action=action).order_by("pk"))


def test_it_is_kept_encrypted_and_the_trail_says_that_it_changed(desk: Client, subject: Subject) -> None:
    answer = sent(desk, subject)
    assert (answer.status_code, answer["Location"]) == (302, subject.get_absolute_url())
    assert (named(subject).full_name, named(subject).hospital_number) == (NAME, NUMBER)
    [event] = events("identity.recorded")
    assert (event.actor, event.subject, event.reason) == ("lin.qiao", subject.code, "")
    kept = [str(row) for row in (*TrailEvent.objects.values(), *TrailChange.objects.values())]
    assert not any(secret in text for text in kept for secret in (NAME, NUMBER))
    assert NAME not in desk.get(reverse("trail", args=[subject.code])).content.decode()


def test_a_correction_has_a_reason_that_says_nobody(desk: Client, subject: Subject) -> None:
    sent(desk, subject)
    for reason in ("", "no", f"was {NUMBER}", "is zhang  li", "x" * 201, "电话13800138000"):
        refused = sent(desk, subject, name="Zhang Li", reason=reason)
        assert refused.status_code == 422, reason
        assert 'value="Zhang Li"' in refused.content.decode()
    assert sent(desk, subject, name="Zhang Li", reason="misread in the source").status_code == 302
    assert [event.reason for event in events("identity.recorded")] == ["", "misread in the source"]


def test_the_birth_date_beside_it_stays(desk: Client, subject: Subject) -> None:
    people.save(people.page_of(subject, "DM", "SCR"), {"birth_date": "1992-04-04"})
    sent(desk, subject)
    assert Identity.objects.get(subject=subject).birth_date == "1992-04-04"


@pytest.mark.parametrize("typed", [{"name": "x" * 121}, {"number": "1" * 41}])
def test_what_is_too_long_is_refused(desk: Client, subject: Subject, typed: dict[str, str]) -> None:
    assert sent(desk, subject, **typed).status_code == 422
    assert named(subject).is_empty


def test_who_had_not_seen_what_is_kept_is_told(desk: Client, subject: Subject) -> None:
    url = url_of(subject)
    late = form_of(desk.get(url), full_name="Zhang Li")
    sent(desk, subject)
    answer = desk.post(url, late)
    assert answer.status_code == 409
    assert NAME in answer.content.decode()
    assert named(subject).full_name == NAME


@pytest.mark.requirement("DI-02")
def test_sent_twice_it_is_kept_once(desk: Client, subject: Subject) -> None:
    url = url_of(subject)
    form = form_of(desk.get(url), full_name=NAME)
    assert [desk.post(url, form).status_code for _time in range(2)] == [302, 302]
    assert len(events("identity.recorded")) == 1


@pytest.mark.requirement("DI-11")
def test_who_may_be_there_already_is_shown_at_once(desk: Client, subject: Subject) -> None:
    other = people.a_subject("HZ01-002")
    sent(desk, subject, number="H 774 5531")
    answer = sent(desk, other, name="", number=NUMBER)
    assert answer["Location"] == reverse("doubles", args=[other.code])
    shown = desk.get(answer["Location"]).content.decode()
    assert subject.code in shown
    assert "the same hospital number" in shown


@pytest.mark.requirement("DI-11")
def test_initials_and_year_of_birth_are_enough(desk: Client, subject: Subject) -> None:
    other = people.a_subject("HZ01-002")
    for one, born in ((subject, "1992-04-04"), (other, "1992")):
        people.save(people.page_of(one, "DM", "SCR"), {"sex": "F", "birth_date": born})
    sent(desk, subject, number="")
    answer = sent(desk, other, name="zhao-lin, CANARY", number="")
    assert answer["Location"] == reverse("doubles", args=[other.code])
    assert "the same initials and year of birth" in desk.get(answer["Location"]).content.decode()


@pytest.mark.requirement("AC-03", "PV-07")
@pytest.mark.parametrize("role", list(Role))
def test_it_is_shown_to_those_of_the_site_and_that_is_on_record(
    desk: Client, subject: Subject, role: Role
) -> None:
    sent(desk, subject)
    before = len(events("identity.viewed"))
    client = people.signed_in(people.a_member(role))
    answer = client.get(url_of(subject))
    sees = Permission.READ_IDENTITY in TABLE[role]
    assert (NAME in answer.content.decode()) is sees
    assert len(events("identity.viewed")) - before == sees
    enters = role in (Role.COORDINATOR, Role.INVESTIGATOR, Role.PRINCIPAL_INVESTIGATOR)
    assert (b'name="full_name"' in answer.content) is enters
    if not enters:
        typed = {"full_name": "Zhang Li", "seen": named(subject).seen, "reason": "a good reason"}
        assert client.post(url_of(subject), typed).status_code in (403, 404)
        assert named(subject).full_name == NAME


def test_where_nothing_is_kept_nobody_saw_anything(desk: Client, subject: Subject) -> None:
    desk.get(url_of(subject))
    assert events("identity.viewed") == []
