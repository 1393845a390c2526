"""REST v1: the files of ODM-XML of a lock."""

from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from analytics.exports.cut_views import LOCK, PROBLEMS, FileView, file_answers
from analytics.exports.disclosure import Disclosure
from analytics.exports.odm.files import KINDS, MEDIA_TYPE, SNAPSHOT, odm_file
from trial.people.needs import At, token_needs
from trial.people.roles import Permission

KIND = OpenApiParameter("kind", str, description="what it holds", enum=sorted(KINDS), default=SNAPSHOT)


@token_needs(Permission.EXPORT, at=At.ALL_ITS_SITES)
class OdmFile(FileView):
    """The casebook of a cut, or what is declared about it, in ODM-XML."""

    known = (KIND.name,)

    @extend_schema(
        operation_id="odm_file", parameters=[LOCK, KIND], responses={**file_answers(MEDIA_TYPE), **PROBLEMS}
    )
    def get(self, request: Request, lock: str) -> HttpResponseBase:
        found, kind = self.lock(lock), request.query_params.get("kind", SNAPSHOT)
        return self.answer(found, odm_file(found, kind, Disclosure.to(self.token)))
