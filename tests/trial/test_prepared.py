"""A prepared question is put together once for its arguments, and by each thread for itself."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.db.models import Exists, F, OuterRef
from pytest_django import DjangoAssertNumQueries

from tests.patients.entry.desk import a_site
from trial.people.models import Member, Site
from trial.prepared import Asked, Written, prepared


def test_it_is_put_together_again_for_other_arguments_alone() -> None:
    made: list[int] = []

    @prepared
    def question(day: int) -> list[int]:
        made.append(day)
        return [day]

    assert [question(1), question(1), question(2), question(2), question(1)] == [[1], [1], [2], [2], [1]]
    assert made == [1, 2]
    assert question(1) is question(1)


def test_no_two_threads_share_one() -> None:
    @prepared
    def question() -> object:
        return object()

    with ThreadPoolExecutor(1) as other:
        theirs = [other.submit(question).result() for _ in range(2)]
    assert theirs[0] is theirs[1]
    assert question() is not theirs[0]


@pytest.mark.django_db
def test_a_written_question_answers_as_the_question_itself(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    sites = [a_site(code) for code in ("HZ01", "HZ02")]
    asked = Site.objects.annotate(
        same=F("code"), peopled=Exists(Member.objects.filter(site=OuterRef("pk")))
    ).filter(code__startswith="HZ")
    written = Written(asked.filter(pk=Asked()))
    for each in (*sites, *reversed(sites)):
        with django_assert_num_queries(1):
            found = written.of(each.pk)
        assert [(one.pk, one.same, one.peopled) for one in found] == [(each.pk, each.code, False)]


@pytest.mark.parametrize("number", [0, 10**18, 10**19, 10**400])
@pytest.mark.django_db
def test_a_number_that_nothing_has_is_answered_by_nothing(number: int) -> None:
    a_site()
    assert Written(Site.objects.filter(pk=Asked())).of(number) == []


@pytest.mark.django_db
def test_a_question_about_no_site_is_answered_by_nothing() -> None:
    written = Written(Site.objects.filter(pk=Asked(), code__in=()))
    assert [written.of(a_site().pk), written.of(0)] == [[], []]


@pytest.mark.django_db
def test_it_is_asked_over_the_connection_of_the_moment() -> None:
    """Another one may take its place: an answer over the first would be of another transaction."""
    at = a_site()
    written = Written(Site.objects.filter(pk=Asked()))
    assert written.of(at.pk) == [at]
    connection = connections["default"]
    other = connection.copy()
    try:
        connections["default"] = other
        connection.inc_thread_sharing()
        with other.cursor() as cursor:
            cursor.execute("SELECT 1")
        assert written.of(0) == []
        assert written._compiler.connection is other
    finally:
        other.close()
        connections["default"] = connection
        connection.dec_thread_sharing()
    assert written.of(at.pk) == [at]
