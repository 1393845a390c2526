"""A subject who was entered twice is found, by whatever door each came in, and somebody says what it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib import import_module
from itertools import combinations
from pathlib import Path
from string import ascii_uppercase

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.casebook.identity import Identity, Likeness, fingerprint
from patients.casebook.likeness import Sign
from patients.casebook.page import Page, Subject
from patients.entry.doubles import (
    AnsweredMeanwhile,
    DoubleAnswer,
    answer_double,
    doubles_among,
    open_doubles,
)
from patients.entry.register import register_identity
from patients.models import Demographics
from tests.patients.entry import desk
from tests.patients.entry.casebooks import imported, planted
from tests.patients.web import people
from tests.trial.trail.claiming import claim
from tests.trial.trail.faults import counted
from trial.people.access import actor_at
from trial.people.models import Site
from trial.people.roles import Role
from trial.trail.actor import Source, acting
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db, pytest.mark.requirement("DI-11")]

PERSONS, ENTERED_TWICE = 300, 50


# --- many subjects at once --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Person:
    """Somebody as typed at a site."""

    name: str = ""
    born: str = ""
    number: str = ""
    sex: str = ""


@contextmanager
def entering(site: Site) -> Iterator[None]:
    with transaction.atomic(), acting(actor_at(people.SETUP, site=site.code, source=Source.COMMAND)):
        yield
        claim()


def entered(persons: list[Person], site: Site, first: int = 1) -> list[str]:
    """These people as subjects of a site, with what the rule looks at and nothing else; their codes."""
    with entering(site):
        codes = [f"{site.code}-{number:03d}" for number in range(first, first + len(persons))]
        subjects = Subject.objects.create_with_history(Subject(code=code, site=site) for code in codes)
        for subject, person in zip(subjects, persons, strict=True):
            known = {"full_name": person.name, "hospital_number": person.number, "birth_date": person.born}
            Identity(subject=subject, **known).save()
        pages = Page.objects.create_with_history(Page(subject=each, form_code="DM") for each in subjects)
        Demographics.objects.create_with_history(
            Demographics(page=page, row_key="", sex=person.sex or None)
            for page, person in zip(pages, persons, strict=True)
        )
    return codes


def somebody(number: int) -> Person:
    """A person like no other of the first 325: other initials, another birth date, another number."""
    one, other = list(combinations(ascii_uppercase, 2))[number]
    born = date(1950, 1, 1) + timedelta(days=37 * number)
    return Person(f"{one}hang {other}ing", str(born), f"ZY{number:07d}", "MF"[number % 2])


def again(person: Person, way: int) -> Person:
    """The same person as a second coordinator might enter it."""
    surname, given_name = person.name.split()
    year, month, day = person.born.split("-")
    other_sex = {"M": "F", "F": "M"}[person.sex]
    return (
        replace(person, number="", name=f"{given_name.upper()}, {surname}"),
        replace(person, number="", name=f"{surname[0]}ong {given_name[0]}i", born=year),
        replace(person, number="", name="", sex=""),
        replace(person, number="", sex=other_sex),
        Person("Another", f"{int(year) - 1}-{month}-{day}", f" zy {person.number[2:]}", other_sex),
    )[way % 5]


@pytest.mark.usefixtures("db")
def test_all_of_fifty_among_hundreds_are_found_and_nobody_else() -> None:
    site = people.a_site()
    persons = [somebody(number) for number in range(PERSONS)]
    codes = entered(persons, site)
    twice = [again(persons[6 * number], number) for number in range(ENTERED_TWICE)]
    doubles = entered(twice, site, PERSONS + 1)
    with counted() as sent:
        found = open_doubles(Subject.objects.filter(site=site))
    assert len(sent) == 1, "who is alike; nothing was said of them yet"
    seeded = {(codes[6 * number], double) for number, double in enumerate(doubles)}
    assert {(pair.first.code, pair.second.code) for pair in found} == seeded
    assert {sign for pair in found for sign in pair.signs} == set(Sign)


@pytest.mark.usefixtures("db")
def test_nobody_alike_costs_one_statement_and_another_site_is_another_site() -> None:
    same = [somebody(1)]
    entered(same, people.a_site("HZ01"))
    entered(same, people.a_site("HZ02"))
    with counted() as sent:
        assert doubles_among(Subject.objects.all()) == []
    assert len(sent) == 1


PEOPLE = st.builds(
    Person,
    st.sampled_from(("", "Li Na", "LI, NA", "Li Ning", "Wang Na", "李娜", "李 娜", "李宁")),
    st.sampled_from(("", "1980", "1980-05", "1980-05-06", "1980-05-07", "1981-05-06")),
    st.sampled_from(("", "", "7", "8")),
    st.sampled_from(("", "M", "F")),
)
NAMES = {"": "", "Li Na": "LN", "LI, NA": "LN", "Li Ning": "LN", "Wang Na": "NW", "李娜": "李娜"}
NAMES |= {"李 娜": "李娜", "李宁": "李宁"}
SPELT = {"LI, NA": "Li Na", "李 娜": "李娜"}


def are_alike(one: Person, other: Person) -> bool:
    """The rule in its own words, on what was typed."""
    if one.number and one.number == other.number:
        return True
    is_same_day = len(one.born) == 10 and one.born == other.born
    name, name_of_other = SPELT.get(one.name, one.name), SPELT.get(other.name, other.name)
    if is_same_day and name and name == name_of_other:
        return True
    if {one.sex, other.sex} == {"M", "F"}:
        return False
    same_year = one.born[:4] and one.born[:4] == other.born[:4]
    same_initials = NAMES[one.name] and NAMES[one.name] == NAMES[other.name]
    return bool(is_same_day or (same_year and same_initials))


@given(st.lists(PEOPLE, min_size=2, max_size=6))
@settings(max_examples=25, deadline=None)
def test_the_rule_finds_those_and_no_others(persons: list[Person]) -> None:
    with transaction.atomic():
        codes = entered(persons, people.a_site())
        named = list(zip(codes, persons, strict=True))
        found = {(pair.first.code, pair.second.code) for pair in doubles_among(Subject.objects.all())}
        one = Subject.objects.get(code=codes[0])
        of_the_first = {(pair.first.code, pair.second.code) for pair in doubles_among([one])}
        transaction.set_rollback(True)
    alike = {(a, b) for (a, one), (b, other) in combinations(named, 2) if are_alike(one, other)}
    assert found == alike
    assert of_the_first == {pair for pair in alike if codes[0] in pair}


# --- by every door ----------------------------------------------------------------------------------------
def named(subject: Subject, name: str = "", number: str = "") -> None:
    register_identity(subject, full_name=name, hospital_number=number, by=people.SETUP, source=Source.COMMAND)


def dm(subject: Subject, **answers: str) -> None:
    people.save(people.page_of(subject, "DM", "SCR"), answers)


@pytest.fixture
def two(db: None) -> tuple[Subject, Subject]:
    """Two subjects with the same birth date and sex."""
    pair = people.a_subject("HZ01-001"), people.a_subject("HZ01-002")
    for subject in pair:
        dm(subject, sex="F", birth_date="1992-04-04")
    return pair


def codes_of(subject: Subject) -> list[tuple[str, str]]:
    return [(pair.first.code, pair.second.code) for pair in doubles_among([subject])]


def test_a_page_that_is_saved_is_enough(two: tuple[Subject, Subject]) -> None:
    assert [codes_of(subject) for subject in two] == [[("HZ01-001", "HZ01-002")]] * 2


def test_what_is_corrected_counts_at_once(two: tuple[Subject, Subject]) -> None:
    page = people.page_of(two[1], "DM", "SCR")
    people.save(page, {"sex": "M"}, reasons={("", "sex"): desk.BECAUSE})
    assert codes_of(two[0]) == []
    named(two[0], "Canary Zhaolin")
    named(two[1], "Zhaolin  CANARY")
    assert codes_of(two[0]) == []  # not even the initials, where the sex differs
    named(two[1], "canary zhaolin")
    assert codes_of(two[0]) == [("HZ01-001", "HZ01-002")]
    people.save(page, {"birth_date": "1993-04-04"}, reasons={("", "birth_date"): desk.BECAUSE})
    assert codes_of(two[0]) == []


def test_an_import_says_it_without_saying_who_it_is(tmp_path: Path) -> None:
    def twice(found: dict[str, list[dict[str, str]]]) -> None:
        one, other = found["IDENTITY"]
        one["hospital_number"], other["hospital_number"] = "H7745531", "h 7745531"

    report = imported(planted(tmp_path / "in", twice, 2))
    [said] = [one for one in report.remarks if one.file == "SUBJECTS.csv"]
    first, second = (pair.code for pair in Subject.objects.order_by("code"))
    assert (said.line, said.value, said.refuses) == (3, second, False)
    assert first in said.why
    assert "7745531" not in str(said)
    assert [pair.signs for pair in open_doubles(Subject.objects.all())] == [(Sign.HOSPITAL_NUMBER,)]


@pytest.mark.parametrize("number", ["S-HZ01-001", "HZ01-001", "s-hz01-001"])
def test_whoever_is_screened_again_was_not_entered_twice(two: tuple[Subject, Subject], number: str) -> None:
    people.save(people.page_of(two[1], "ELIG", "SCR"), {"rescreen": "Y", "prior_screen_no": number})
    assert codes_of(two[0]) == []


@pytest.mark.parametrize(
    "answers", [{"rescreen": "Y", "prior_screen_no": "S-HZ01-009"}, {"rescreen": "N"}, {"rescreen": "Y"}]
)
def test_a_re_screening_of_somebody_else_is_none_of_this_one(
    two: tuple[Subject, Subject], answers: dict[str, str]
) -> None:
    people.save(people.page_of(two[1], "ELIG", "SCR"), answers)
    assert codes_of(two[0]) == [("HZ01-001", "HZ01-002")]


def test_nothing_of_an_identity_is_kept_in_clear(two: tuple[Subject, Subject]) -> None:
    named(two[0], "Canary Zhaolin", "H7745531")
    keys = dict(Likeness.objects.filter(subject=two[0]).values_list("sign", "key"))
    assert set(keys) == set(Sign)
    assert all(len(key) == 64 for key in keys.values())
    plain = ("1992-04-04", "h7745531", "canaryzhaolin", "cz", "1992 cz")
    assert not {fingerprint(text) for text in plain} & set(keys.values())


def test_identities_of_before_are_compared_too(two: tuple[Subject, Subject]) -> None:
    before = set(Likeness.objects.values_list("subject", "sign", "key"))
    Likeness.objects.all().delete()
    import_module("patients.migrations.0023_doubles").compare_those_that_are_there(apps, None)
    assert set(Likeness.objects.values_list("subject", "sign", "key")) == before != set()


# --- what somebody says of them ---------------------------------------------------------------------------
def said(two: tuple[Subject, Subject], is_one_person: bool = False, **options: object) -> None:
    [pair] = doubles_among([two[0]])
    by = options.pop("by", None) or people.a_member(Role.COORDINATOR)
    given_options = {"reason": "both charts were compared", "seen": pair.seen} | options
    answer_double(pair, is_one_person, by=by, **given_options)


def test_it_is_on_the_trail_with_who_and_why(two: tuple[Subject, Subject]) -> None:
    said(two)
    event = TrailEvent.objects.get(action="double.answered")
    assert (event.subject, event.about, event.site) == ("HZ01-002", "HZ01-001 HZ01-002", "HZ01")
    assert (event.actor, event.reason) == ("coordinator.hz01", "both charts were compared")
    [change] = event.changes.all()
    assert (change.label, change.old, change.new) == ("The same person as HZ01-001", "", "no")
    assert open_doubles(list(two)) == []
    [pair] = doubles_among(list(two))
    assert pair.answer is not None
    assert not pair.answer.is_one_person


def test_a_sign_that_comes_later_asks_again(two: tuple[Subject, Subject]) -> None:
    said(two)
    for subject in two:
        named(subject, number="H7745531")
    [pair] = open_doubles(list(two))
    assert pair.signs == (Sign.HOSPITAL_NUMBER, Sign.BIRTH_DATE)
    said(two, is_one_person=True)
    assert open_doubles(list(two)) == []
    assert TrailEvent.objects.filter(action="double.answered").latest("pk").changes.get().old == "no"


def test_the_newest_answer_counts_and_is_read_with_who_is_alike(two: tuple[Subject, Subject]) -> None:
    for is_one_person in (True, False, True):
        said(two, is_one_person, reason=f"compared, {is_one_person}")
    with counted() as sent:
        [pair] = doubles_among([two[1]])
    assert len(sent) == 1
    newest = DoubleAnswer.objects.latest("pk")
    assert pair.answer is not None
    assert (pair.seen, pair.answer.is_one_person, pair.answer.reason) == (newest.pk, True, "compared, True")
    assert (pair.answer.by, pair.answer.at) == (newest.printed_name, newest.at)
    assert pair.answer.signs == list(pair.signs) == [Sign.BIRTH_DATE]


def test_whoever_had_not_seen_the_last_answer_is_told(two: tuple[Subject, Subject]) -> None:
    said(two)
    with pytest.raises(AnsweredMeanwhile):
        said(two, is_one_person=True, seen=0)
    assert TrailEvent.objects.filter(action="double.answered").count() == 1


@pytest.mark.parametrize(
    "reason",
    [
        "no",
        "x" * 201,
        "a sign \0 that is none",
        "Zhaolin, Canary told me",
        "canary zhaolin is here twice",
        "number H-7745531 twice",
        "born 1992-04-04 as well",
        "电话13800138000",
    ],
)
def test_a_reason_that_says_nothing_or_who_it_is_is_refused(
    two: tuple[Subject, Subject], reason: str
) -> None:
    named(two[1], "Canary Zhaolin", "H7745531")
    named(two[0], "Zhaolin Canary", "H7745531")
    with pytest.raises(ValidationError):
        said(two, reason=reason)
    assert not TrailEvent.objects.filter(action="double.answered").exists()


@pytest.mark.parametrize("role", [Role.CELL_LAB, Role.TRANSPLANT_PHYSICIAN, Role.MONITOR, Role.DATA_MANAGER])
def test_who_enters_no_subjects_does_not_say_it(two: tuple[Subject, Subject], role: Role) -> None:
    with pytest.raises(PermissionDenied):
        said(two, by=people.a_member(role))
