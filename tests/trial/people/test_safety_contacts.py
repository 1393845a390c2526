"""Safety contacts: an address of a site in a stretch of time, each change with its reason on the trail."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from tests.patients.web import people
from trial.people.safety_contacts import SafetyContact, add_contact, end_contact
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db
START = date(2024, 1, 1)
HOW = {"by": people.SETUP, "source": Source.COMMAND}


def a_contact(
    address: str = "ward@hz01.example", *, site: str = "HZ01", language: str = "en", starts: date = START
) -> SafetyContact:
    contact = SafetyContact(site=people.a_site(site), address=address, language=language, starts=starts)
    return add_contact(contact, **HOW, reason="letter of the ward")


@pytest.mark.parametrize(
    ("on", "is_told"),
    [
        (START - timedelta(1), False),
        (START, True),
        (START + timedelta(9), True),
        (START + timedelta(10), False),
    ],
)
def test_it_is_told_from_its_first_day_to_its_last(on: date, is_told: bool) -> None:
    end_contact(a_contact(), START + timedelta(9), **HOW, reason="the desk has moved")
    assert SafetyContact.objects.in_force(on).exists() is is_told


def test_what_is_added_and_ended_is_on_the_trail_with_its_reason() -> None:
    end_contact(a_contact(), START + timedelta(9), **HOW, reason="the desk has moved")
    added, ended = TrailEvent.objects.filter(action__startswith="safety_contact").order_by("pk")
    assert (added.site, added.about, added.reason) == ("HZ01", "ward@hz01.example", "letter of the ward")
    assert {each.item: each.new for each in added.changes.all()} == {
        "address": "ward@hz01.example", "language": "en", "starts": "2024-01-01",
    }  # fmt: skip
    assert [(each.item, each.new) for each in ended.changes.all()] == [("ends", "2024-01-10")]
    assert ended.reason == "the desk has moved"


@pytest.mark.parametrize("wrong", [{"address": "the ward"}, {"language": "fr"}, {}])
def test_what_is_none_is_refused_and_no_address_stands_twice(wrong: dict[str, str]) -> None:
    a_contact()
    with pytest.raises(ValidationError):
        a_contact(**wrong)
    assert TrailEvent.objects.filter(action="safety_contact.added").count() == 1


def test_it_does_not_end_before_it_began() -> None:
    contact = a_contact()
    with pytest.raises(ValidationError):
        end_contact(contact, START - timedelta(1), **HOW, reason="a slip")
    with pytest.raises(ValidationError):
        end_contact(contact, START, **HOW, reason=" ")
    assert SafetyContact.objects.get().ends is None
