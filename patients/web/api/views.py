"""`/api/v1/pages/{id}`: a page for programs of somebody who has signed in.

The session of a browser opens this door, with the CSRF token of its forms; a token of a program does not: it
reads exports and stands for no person, and every value of the trial has one who entered it.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import NotFound, ParseError, PermissionDenied
from rest_framework.parsers import BaseParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.entry.idempotency import MOST_KEY, Answer, KeyReused, digest_of, once
from patients.entry.refusals import Conflict, PageClosed, Refused, UnknownPage
from patients.entry.save import save_page
from patients.web.api.pages import findings_data, page_data
from patients.web.api.problems import Refusal, numbered_problem
from patients.web.api.reading import SaveAsked, read_save
from patients.web.api.serializers import PROBLEMS, PageRead, PageSaved, PageToSave
from patients.web.api.strict_json import StrictJSONParser
from patients.web.page_presenter import rights_on
from patients.web.queries import page_if_any
from trial.parameters import refuse_unknown
from trial.people.models import Account
from trial.people.needs import At, session_needs
from trial.people.roles import Permission
from trial.people.second_factor import must_add_second_factor
from trial.trail.actor import Source

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="names this request: sent again within a day, it has one effect and the same answer",
)


class OwnSession(SessionAuthentication):
    """The session of who signed in. Without one the answer is 401, as for any door that is closed."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"


class PageDoor(APIView):
    """Base: who may come in, what is read, and that nothing is kept in a cache."""

    authentication_classes = (OwnSession,)
    permission_classes = (IsAuthenticated,)
    parser_classes: Sequence[type[BaseParser]] = (StrictJSONParser,)
    known: tuple[str, ...] = ()
    """The parameters that there are."""

    def get_exception_handler(self) -> Any:
        return numbered_problem

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        refuse_unknown(request.query_params, self.known)
        if must_add_second_factor(self.person):
            raise PermissionDenied(_("Set up a second factor first."))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response["Cache-Control"] = "private, no-store"
        return super().finalize_response(request, response, *args, **kwargs)

    @property
    def person(self) -> Account:
        if not isinstance(self.request.user, Account):
            raise TypeError("this door is for people who signed in")
        return self.request.user

    def page(self, pk: int) -> Page:
        """The page, if this person may see it. Raises NotFound."""
        found: Page | None = page_if_any(self.person, pk)
        if found is None:
            raise NotFound
        return found


@session_needs(Permission.READ, to_post=Permission.ENTER, at=At.ITS_SITE)
class PageResource(PageDoor):
    """One page: read it, and save it."""

    http_method_names = ("get", "head", "post")

    @extend_schema(operation_id="read_page", responses={200: PageRead, **PROBLEMS})
    def get(self, request: Request, pk: int) -> Response:
        return self._answer(page_data(self.page(pk), self.person))

    @extend_schema(
        operation_id="save_page",
        request=PageToSave,
        responses={200: PageSaved, **PROBLEMS},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, pk: int) -> Response:
        found = self.page(pk)
        asked = read_save(request.data)
        if asked.base_version > found.version:
            raise ParseError(_("base_version names a version that does not exist yet."))
        identify = rights_on(found, self.person).identify
        if asked.names_identity(form_model(found.form_code)) and not identify:
            raise PermissionDenied(_("What identifies a subject is withheld."))
        return Response(self._saved(found, asked, identify=identify).content)

    def _saved(self, found: Page, asked: SaveAsked, *, identify: bool) -> Answer:
        try:
            return once(
                lambda: self._act(found, asked, identify=identify),
                by=self.person,
                key=self._key,
                digest=digest_of(self.request.path, [("", self.request.data)]),
            )
        except KeyReused as reused:
            detail = _("This Idempotency-Key came before with another content; nothing was saved.")
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, detail) from reused
        except UnknownPage as unknown:
            raise NotFound from unknown
        except PageClosed as closed:
            raise Refusal(HTTPStatus.LOCKED, _("The page is frozen or locked.")) from closed
        except Refused as refused:
            findings = findings_data(found, refused.findings, identify=identify)
            detail = _("Nothing was saved: see the findings.")
            raise Refusal(HTTPStatus(refused.status), detail, findings=findings) from refused
        except Conflict as conflict:
            raise self._conflict(found, conflict) from conflict

    def _act(self, found: Page, asked: SaveAsked, *, identify: bool) -> Answer:
        saved = save_page(
            found,
            asked.rows,
            by=self.person,
            base_version=asked.base_version,
            source=Source.API,
            header=asked.header,
            reasons=asked.reasons,
            complete=asked.complete,
            request_id=self._request_id,
        )
        content = {
            "version": saved.page.version,
            "state": saved.page.state,
            "changed": saved.changed,
            "findings": findings_data(found, saved.findings, identify=identify),
            "request_id": self._request_id,
        }
        return Answer(content=content)

    @property
    def _key(self) -> str:
        """What the program calls this request, so that it can send it again. Raises ParseError."""
        key = self.request.headers.get("Idempotency-Key", "").strip()
        if len(key) > MOST_KEY or not key.isprintable():
            raise ParseError(_("An Idempotency-Key has at most %s characters.") % MOST_KEY)
        return key

    @staticmethod
    def _conflict(found: Page, conflict: Conflict) -> Refusal:
        both = [
            {
                "form": found.form_code,
                "item": each.item,
                "row": each.row_key,
                "mine": each.mine,
                "theirs": each.theirs,
            }
            for each in conflict.clashes
        ]
        detail = _("Nothing was saved: somebody else has changed the same items.")
        return Refusal(HTTPStatus.CONFLICT, detail, conflicts=both)

    def _answer(self, content: dict[str, Any]) -> Response:
        return Response({**content, "request_id": self._request_id})

    @property
    def _request_id(self) -> str:
        number: str = self.request.request_id  # type: ignore[attr-defined]
        return number
