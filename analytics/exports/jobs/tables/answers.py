"""What is answered while tables are made: 503 and when to ask again, which clients know how to wait by."""

from http import HTTPStatus

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from analytics.exports.jobs.tables.models import TablesState, TablesToMake
from analytics.exports.jobs.tables.ring import ask_for
from analytics.exports.problems import NotYet
from analytics.exports.table_sets import NotReady

ASK_AGAIN_SECONDS = 15


class BeingMade(APIException):
    """Tables that a worker makes: a client asks again after so many seconds (RFC 9110, section 15.6.4)."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    wait = ASK_AGAIN_SECONDS


def refusal_of(problem: NotReady) -> APIException:
    """The answer to who asks for tables that are not there; a worker is told of it."""
    row = TablesToMake.objects.of(problem.wanted).first()
    ask_for(problem.wanted)
    if row is not None and row.state == TablesState.FAILED:
        return NotYet(_("The tables of this cut could not be made: %(why)s") % {"why": row.error})
    done, of = (row.done, row.of) if row is not None else (0, 0)
    if not of:
        return BeingMade(_("The tables of this cut are about to be made: ask again later."))
    said = _("The tables of this cut are being made, %(done)s of %(of)s parts so far: ask again later.")
    return BeingMade(said % {"done": done, "of": of})
