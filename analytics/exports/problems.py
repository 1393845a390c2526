"""Errors of the REST door that reads results."""

from http import HTTPStatus

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from analytics.datasets.time_to_event import ImpossibleDates
from trial.problems import MEDIA_TYPE as MEDIA_TYPE
from trial.problems import problem_details as problem_details


class NotYet(APIException):
    """What was asked for is there and not finished: ask again later."""

    status_code = HTTPStatus.CONFLICT


def words_of(problem: Exception) -> str:
    """What a token is told of a cut that gives nothing. Of whom and of which day, the registry alone says:
    the token may have moved dates, and pseudonyms."""
    if isinstance(problem, ImpossibleDates):
        return _("A date in this cut is impossible, and nothing leaves before it is corrected.")
    return str(problem)
