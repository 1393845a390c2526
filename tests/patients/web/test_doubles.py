"""What people see of subjects that may be one person, and how they say what it is."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from patients.casebook.page import Subject
from patients.entry.register import register_identity
from tests.patients.web import people
from tests.patients.web.api.programs import send
from tests.patients.web.browser_form import form_of
from trial.people.roles import Role
from trial.trail.actor import Source
from trial.trail.models import TrailChange, TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db, pytest.mark.requirement("DI-11")]

FIRST, SECOND = "HZ01-001", "HZ01-002"
PLACES = ("subject", "doubles")
WHO_IT_IS = ("1992-04-04", "Canary Zhaolin", "H7745531")


@pytest.fixture
def two(desk: Client) -> tuple[Subject, Subject]:
    """Two subjects, entered at their pages by the coordinator: one in the browser, one by a program."""
    one, other = people.a_subject(FIRST), people.a_subject(SECOND)
    url = people.page_of(one, "DM", "SCR").get_absolute_url()
    assert desk.post(url, form_of(desk.get(url), sex="F", birth_date="1992-04-04")).status_code == 302
    body = {"base_version": 0, "rows": {"": {"sex": "F", "birth_date": "4 Apr 1992"}}}
    assert send(desk, people.page_of(other, "DM", "SCR"), body).status_code == 200
    return one, other


def read(client: Client, name: str, *about: str) -> str:
    answer = client.get(reverse(name, args=about))
    assert answer.status_code == 200
    return answer.content.decode()


def sent(client: Client, **typed: str) -> dict[str, str]:
    """The form about the second subject as the browser would send it."""
    form = re.search(r"<form class=\"stack.*?</form>", read(client, "doubles", FIRST), re.DOTALL)
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    del hidden["do"]
    return hidden | {"reason": "both charts were compared", "do": "two"} | typed


def answer(client: Client, form: dict[str, str]):
    return client.post(reverse("doubles", args=[FIRST]), form)


def test_both_subjects_say_it_and_both_lists(desk: Client, two: tuple[Subject, Subject]) -> None:
    for code, other in ((FIRST, SECOND), (SECOND, FIRST)):
        assert f"may be the same person as {other}" in read(desk, "subject", code)
    for shown in (read(desk, "subjects"), read(desk, "log", "HZ01")):
        assert f"may be the same person as {SECOND}" in shown
        assert f"may be the same person as {FIRST}" in shown
    file = desk.post(reverse("log-file", args=["HZ01"])).content.decode()
    assert f"may be the same person as {FIRST}" in file


@pytest.mark.parametrize(
    ("role", "waits"),
    [
        (Role.COORDINATOR, True),
        (Role.DATA_MANAGER, True),
        (Role.INVESTIGATOR, True),
        (Role.MONITOR, False),
        (Role.CELL_LAB, False),
    ],
)
def test_it_waits_for_whoever_enters_subjects_or_brings_them_in(
    two: tuple[Subject, Subject], role: Role, waits: bool
) -> None:
    assert (f"{FIRST} · {SECOND}" in read(people.signed_in(people.a_member(role)), "home")) is waits


def test_what_is_said_takes_it_off_all_of_them(desk: Client, two: tuple[Subject, Subject]) -> None:
    assert answer(desk, sent(desk)).status_code == 302
    shown = [read(desk, "subject", FIRST), read(desk, "subjects"), read(desk, "log", "HZ01")]
    shown.append(read(desk, "home"))
    assert not any("may be the same person" in text for text in shown)
    assert not any(f"{FIRST} · {SECOND}" in text for text in shown)
    page = read(desk, "doubles", SECOND)
    assert re.search(r"They are two people.<br>both charts were compared <span[^>]*>Lin Qiao, 20", page)


def test_that_it_is_one_person_stays_to_be_seen(desk: Client, two: tuple[Subject, Subject]) -> None:
    assert answer(desk, sent(desk, do="one")).status_code == 302
    for shown in (read(desk, "subject", SECOND), read(desk, "subjects"), read(desk, "log", "HZ01")):
        assert f"the same person as {FIRST}" in shown
        assert "may be" not in shown


def test_a_form_that_is_sent_twice_is_one_answer(desk: Client, two: tuple[Subject, Subject]) -> None:
    form = sent(desk)
    first, second = answer(desk, form), answer(desk, form)
    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"])
    assert TrailEvent.objects.filter(action="double.answered").count() == 1
    assert answer(desk, form | {"do": "one"}).status_code == 422


def test_what_is_refused_comes_back_as_it_was_typed(desk: Client, two: tuple[Subject, Subject]) -> None:
    refused = answer(desk, sent(desk, reason="no"))
    assert refused.status_code == 422
    assert 'value="no"' in refused.content.decode()
    again = sent(desk)
    assert answer(desk, sent(desk)).status_code == 302
    assert answer(desk, again).status_code == 409
    assert answer(desk, sent(desk, do="three")).status_code == 400
    assert answer(desk, sent(desk, other="HZ01-009")).status_code == 404


SEES = (
    (Role.COORDINATOR, True, True),
    (Role.PRINCIPAL_INVESTIGATOR, True, True),
    (Role.TRANSPLANT_PHYSICIAN, True, False),
    (Role.CELL_LAB, False, False),
    (Role.MONITOR, False, False),
    (Role.DATA_MANAGER, False, False),
    (Role.AUDITOR, False, False),
)


@pytest.mark.parametrize(("role", "identity", "answers"), SEES)
def test_in_what_they_are_alike_is_for_who_may_see_identity(
    two: tuple[Subject, Subject], role: Role, identity: bool, answers: bool
) -> None:
    client = people.signed_in(people.a_member(role))
    page = read(client, "doubles", FIRST)
    assert SECOND in page
    assert ("birth date" in page) is identity
    assert ("It is one person" in page) is answers
    form = {"other": SECOND, "seen": "0", "do": "two", "reason": "both charts were compared"}
    assert answer(client, form).status_code == (302 if answers else 403)


@pytest.mark.parametrize("role", [Role.SPONSOR, Role.STATISTICIAN, Role.ACCOUNT_ADMINISTRATOR])
def test_who_sees_no_subjects_sees_none_of_it(two: tuple[Subject, Subject], role: Role) -> None:
    url = reverse("doubles", args=[FIRST])
    assert people.signed_in(people.a_member(role)).get(url).status_code in (403, 404)


def test_another_site_is_absent(two: tuple[Subject, Subject]) -> None:
    stranger = people.signed_in(people.a_member(Role.COORDINATOR, "HZ02"))
    assert stranger.get(reverse("doubles", args=[FIRST])).status_code == 404
    assert answer(stranger, {"other": SECOND, "do": "two"}).status_code == 404


@pytest.mark.requirement("PV-02")
def test_nothing_of_it_says_who_it_is(desk: Client, two: tuple[Subject, Subject], caplog) -> None:
    for subject in two:
        named = {"full_name": "Canary Zhaolin", "hospital_number": "H7745531"}
        register_identity(subject, **named, by=people.SETUP, source=Source.COMMAND)
    shown = [read(desk, name, FIRST) for name in PLACES]
    refused = answer(desk, sent(desk, reason="Canary Zhaolin came twice"))
    assert "Say why without a name" in refused.content.decode()
    assert answer(desk, sent(desk, do="one")).status_code == 302
    shown += [read(desk, name) for name in ("home", "subjects")]
    shown += [read(desk, "log", "HZ01"), read(desk, "doubles", FIRST), read(desk, "trail", SECOND)]
    kept = [str(row) for row in TrailEvent.objects.values()] + [str(r) for r in TrailChange.objects.values()]
    for secret in WHO_IT_IS:
        assert not any(secret in text for text in (*shown, *kept, caplog.text)), secret


def test_the_list_asks_no_more_for_many_pairs(
    desk: Client, two: tuple[Subject, Subject], django_assert_max_num_queries
) -> None:
    for number in range(3, 9):
        subject = people.a_subject(f"HZ01-00{number}")
        people.save(people.page_of(subject, "DM", "SCR"), {"birth_date": "1992-04-04"})
    with django_assert_max_num_queries(6):  # four of the list, who is alike, what was said of them
        read(desk, "subjects")
