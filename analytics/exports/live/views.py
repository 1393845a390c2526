"""The addresses of the lists. A view is made of the declaration of its list, as is what the document says."""

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request

from analytics.exports.disclosure import Disclosure
from analytics.exports.live import shapes
from analytics.exports.live.answers import answered, page_of, record_read
from analytics.exports.live.asking import SEALED, Asked, Filter, Parameters, not_a_place
from analytics.exports.live.by_names import read_by_names
from analytics.exports.live.describing import LANGUAGES, dictionary_of, study_of
from analytics.exports.live.hidden import naming_of_token, told, truly
from analytics.exports.live.lists import (
    PAGES,
    SITES,
    SUBJECTS,
    VISITS,
    Found,
    Listed,
    Scope,
    of_form,
    scope_of,
)
from analytics.exports.live.oversight import QUERIES, SIGNATURES, VERIFICATIONS
from analytics.exports.live.snapshots import SNAPSHOTS
from analytics.exports.live.telling import Teller
from analytics.exports.live.trail import SYNC, TRAIL
from analytics.exports.live.values import ITEMS
from analytics.exports.naming import Naming
from analytics.exports.problems import MEDIA_TYPE
from analytics.exports.serializers import Problem
from analytics.exports.views import ExportView
from trial.people.needs import token_needs
from trial.people.tokens import ExportToken, token_of
from trial.replica import read_apart

LISTS = (
    SITES, SUBJECTS, VISITS, PAGES, ITEMS, QUERIES, VERIFICATIONS, SIGNATURES, TRAIL, SYNC, SNAPSHOTS,
)  # fmt: skip
_REFUSALS = {
    400: "a parameter, a value, a member or a place that there is not; `detail` names it",
    401: "no token, or one that is unknown, expired or revoked",
    403: "the token does not carry the permission",
    406: "only JSON is answered",
    429: "too many requests: wait as long as Retry-After says",
}
PROBLEMS = {
    (status, MEDIA_TYPE): OpenApiResponse(Problem, description=why) for status, why in _REFUSALS.items()
}
NO_SUCH_PLACE = {
    (404, MEDIA_TYPE): OpenApiResponse(Problem, description="a place that nobody was given for this list")
}
KNOWN = {304: OpenApiResponse(description="the answer is the one whose ETag `If-None-Match` names")}


class LiveView(ExportView):
    """Base: a question, read strictly, for what a token may have."""

    parameters: Parameters

    def asked(self) -> Asked:
        """Raises ParseError."""
        return self.parameters.read(self.request.query_params)

    @property
    def token(self) -> ExportToken:
        found: ExportToken = token_of(self.request)
        return found

    @property
    def teller(self) -> Teller:
        return Teller(Disclosure.to(self.token))


class ListView(LiveView):
    """Base of the lists: a page of it, with its act in the trail where something leaves."""

    listed: Listed

    def get(self, request: Request) -> HttpResponse:
        asked, scope = self.asked(), scope_of(self.token, self.teller)
        naming = naming_of_token(self.token, scope.teller.to)
        found = read_apart(lambda: self._found(asked, scope, naming))
        found = replace(found, entries=[told(entry, naming, self.listed.thing) for entry in found.entries])
        content = page_of(found, asked, request._request, self.parameters.cursor)
        answer = answered(request._request, content, content["next"])
        if answer.content and found.entries and request.method == "GET" and self.listed.permission:
            self._record(answer, len(found.entries), scope)
        return answer

    def _found(self, asked: Asked, scope: Scope, naming: Naming) -> Found:
        """Raises ParseError, and NotFound for a place that was not given out."""
        if naming.hides and self.listed.is_of_subjects:
            return read_by_names(self.listed, truly(asked, naming), scope, naming)
        if asked.cursor.startswith(SEALED):
            raise not_a_place(self.parameters.cursor, asked.cursor)
        return self.listed.read(asked, scope)

    def _record(self, answer: HttpResponse, entries: int, scope: Scope) -> None:
        name, request = self.listed.name, self.request._request
        record_read(name, entries, answer.content, scope.codes, request=request, by=self.token)


def view_of(listed: Listed) -> Any:
    """The view of a list."""
    name = listed.name.title()
    view = type(
        f"{name}List",
        (ListView,),
        {
            "__doc__": listed.about,
            "listed": listed,
            "parameters": listed.parameters,
            "known": listed.parameters.names,
        },
    )
    described = extend_schema(
        operation_id=listed.name,
        parameters=listed.parameters.told(),
        responses={200: _page_shape(listed, name), **KNOWN, **PROBLEMS, **NO_SUCH_PLACE},
    )
    return token_needs(listed.permission)(extend_schema_view(get=described)(view))


def _page_shape(listed: Listed, name: str) -> Any:
    following = serializers.URLField(allow_null=True, help_text="where the list goes on; null at its end")
    shape: dict[str, Any] = {"entries": listed.entry(many=True), "next": following}
    if listed.sealed_up_to is not None:
        shape["after"] = shapes.a_name("from where to ask the next time")
    if listed is SYNC:
        shape["sealed"] = shapes.a_number("the last act that is sealed; null where marks are", null=True)
    return type(f"{name}Page", (serializers.Serializer,), {"__doc__": listed.about, **shape})


@token_needs(None)
class StudyResource(LiveView):
    """The study, and what the token has of it."""

    parameters = Parameters(())

    @extend_schema(operation_id="study", responses={200: shapes.StudyTold, **KNOWN, **PROBLEMS})
    def get(self, request: Request) -> HttpResponse:
        self.asked()
        return answered(request._request, study_of(self.token, self.teller))


OF_DICTIONARY = Parameters((of_form(), Filter("language", "of labels and hints", among=LANGUAGES)))


@token_needs(None)
class DictionaryResource(LiveView):
    """The dictionary of the forms: what each item means, its type, its codes, its limits."""

    parameters, known = OF_DICTIONARY, OF_DICTIONARY.names

    @extend_schema(
        operation_id="dictionary",
        parameters=OF_DICTIONARY.told(),
        responses={200: shapes.DictionaryTold, **KNOWN, **PROBLEMS},
    )
    def get(self, request: Request) -> HttpResponse:
        return answered(request._request, dictionary_of(self.asked()))
