"""Errors of the REST door that reads results."""

from http import HTTPStatus

from rest_framework.exceptions import APIException

from trial.problems import MEDIA_TYPE as MEDIA_TYPE
from trial.problems import problem_details as problem_details


class NotYet(APIException):
    """What was asked for is there and not finished: ask again later."""

    status_code = HTTPStatus.CONFLICT
