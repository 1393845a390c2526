"""`POST /api/v1/imports/odm` and `/casebook`: an import for programs of somebody who may import.

It is the import of the commands, page by page through `save_page`, in the name of whoever asks: at the sites
where that person may import, and without making anybody a member. What was interrupted is sent again.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError, PermissionDenied
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from patients.entry.casebook_archive import unpack_casebook
from patients.entry.deliveries import CasebookFolder, Delivery, UnreadableCasebook
from patients.entry.importing import CasebookImport, Report, run_import
from patients.entry.odm_delivery import OdmFile
from patients.web.api.problems import Refusal
from patients.web.api.serializers import IMPORT_PROBLEMS, ImportReport
from patients.web.api.views import PageDoor
from trial.people.access import SystemPerson, can, sites_where
from trial.people.import_rate import ImportRate
from trial.people.needs import session_needs
from trial.people.roles import Permission

MOST_BYTES = 20 << 20
_CHUNK = 1 << 16
_SAID = {"true": True, "false": False}
PARAMETERS = [
    OpenApiParameter("dry_run", bool, description="report, and keep nothing", default=False),
    OpenApiParameter(
        "all_or_nothing", bool, description="keep nothing if anything is refused", default=False
    ),
    OpenApiParameter("reason", str, description="why pages that exist are changed"),
]


class RawFile(BaseParser):
    """The body as a file that is gone when it is closed. Raises Refusal (413) beyond 20 MiB."""

    media_type = "*/*"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        request: Request = (parser_context or {})["request"]
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise _too_large()  # before it is sent in vain
        file = tempfile.NamedTemporaryFile(prefix="chimera-import-")  # noqa: SIM115  closed by the view
        while chunk := stream.read(_CHUNK):
            if file.tell() + len(chunk) > MOST_BYTES:
                file.close()
                raise _too_large()
            file.write(chunk)
        file.flush()
        return file


def _too_large() -> Refusal:
    sentence = _(
        "A file has at most %(most)s here. Send it in parts, some subjects in each, or have it imported on "
        "the server by the command."
    )
    size = filesizeformat(MOST_BYTES)
    return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence % {"most": size})


class ImportDoor(PageDoor):
    """Base: from the body to the report."""

    http_method_names = ("post",)
    parser_classes = (RawFile,)
    throttle_classes = (ImportRate,)
    known = tuple(one.name for one in PARAMETERS)

    @cached_property
    def _sites(self) -> frozenset[str]:
        """Where this person may import."""
        held = sites_where(self.person, Permission.IMPORT)
        return frozenset(s.code for s in held if can(self.person, Permission.IMPORT, site=s.code))

    def import_file(self, path: Path) -> Response:
        raise TypeError(f"{type(self).__name__} must say what it imports")

    def post(self, request: Request) -> Response:
        if not self._sites:
            raise PermissionDenied
        file: Any = request.data
        if not hasattr(file, "name"):
            raise ParseError(_("The body of the request is the file itself."))
        with file:
            try:
                return self.import_file(Path(file.name))
            except UnreadableCasebook as problem:
                raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(problem)) from problem

    def import_delivery(self, delivery: Delivery) -> Response:
        """Raises UnreadableCasebook."""
        dry_run, all_or_nothing = self._asked("dry_run"), self._asked("all_or_nothing")
        running = CasebookImport(
            delivery,
            SystemPerson("import", on_behalf_of=self.person.user_name),
            reason=self.request.query_params.get("reason", "").strip(),
            sites=self._sites,
            grants=False,
        )
        kept = run_import(running, dry_run=dry_run, all_or_nothing=all_or_nothing)
        number = self.request.request_id  # type: ignore[attr-defined]
        return Response({**_told(running.report), "kept": kept, "request_id": number})

    def _asked(self, name: str) -> bool:
        said = self.request.query_params.get(name, "false")
        if said not in _SAID:
            raise ParseError(_("%(where)s must be %(wanted)s.") % {"where": name, "wanted": "true, false"})
        return _SAID[said]


def _told(report: Report) -> dict[str, Any]:
    return {
        "clean": report.is_clean,
        "pages": {str(outcome): count for outcome, count in report.pages.items()},
        "rows": {str(outcome): count for outcome, count in report.rows.items()},
        "signatures_left": report.not_imported,
        "members_left": report.members_left,
        "births_by_age": report.born_by_age,
        "remarks": [asdict(remark) for remark in report.remarks],
    }


@session_needs(to_post=Permission.IMPORT)
class OdmImport(ImportDoor):
    """A file of ODM-XML 1.3."""

    @extend_schema(
        operation_id="import_odm",
        request={"application/xml": OpenApiTypes.BINARY},
        parameters=PARAMETERS,
        responses={200: ImportReport, **IMPORT_PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        return super().post(request)

    def import_file(self, path: Path) -> Response:
        return self.import_delivery(OdmFile(path, "odm.xml"))


@session_needs(to_post=Permission.IMPORT)
class CasebookZipImport(ImportDoor):
    """A casebook directory as a ZIP archive."""

    @extend_schema(
        operation_id="import_casebook",
        request={"application/zip": OpenApiTypes.BINARY},
        parameters=PARAMETERS,
        responses={200: ImportReport, **IMPORT_PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        return super().post(request)

    def import_file(self, path: Path) -> Response:
        with tempfile.TemporaryDirectory(prefix="chimera-casebook-") as folder:
            unpack_casebook(path, Path(folder))
            return self.import_delivery(CasebookFolder(Path(folder)))
