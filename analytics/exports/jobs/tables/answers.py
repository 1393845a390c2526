"""What is answered while tables are made: 503 and when to ask again, which clients know how to wait by."""

from collections.abc import Container
from http import HTTPStatus

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from analytics.exports.jobs.tables.models import GOING, TablesState, TablesToMake
from analytics.exports.jobs.tables.ring import ask_for
from analytics.exports.problems import NotYet
from analytics.exports.table_sets import NotReady, TableSet

ASK_AGAIN_SECONDS = 15
_MADE_ONCE = (*GOING, TablesState.DONE)
"""Where hosts share a store, what is done and does not lie here is fetched when it is read; if the store has
lost it, it is asked for then."""


class BeingMade(APIException):
    """Tables that a worker makes: a client asks again after so many seconds (RFC 9110, section 15.6.4)."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    wait = ASK_AGAIN_SECONDS


def refusal_of(problem: NotReady, *beside: TableSet) -> APIException:
    """The answer to who asks for tables that are not there; a worker is told of them, unless they are made
    already, and of those beside them that are not there either."""
    if not problem.is_made:
        _ask_for(problem.wanted, GOING)
    for wanted in beside:
        if wanted.standard != problem.wanted.standard:
            _ask_for(wanted, GOING if settings.SNAPSHOT_STORE is None else _MADE_ONCE)
    row = TablesToMake.objects.of(problem.wanted).first()
    if row is not None and row.state == TablesState.FAILED:
        # The reason names files and values: it is in the log, for who runs the registry.
        return NotYet(_("The tables of this cut could not be made. The log of the registry says why."))
    done, of = (row.done, row.of) if row is not None else (0, 0)
    if not of:
        return BeingMade(_("The tables of this cut are about to be made: ask again later."))
    said = _("The tables of this cut are being made, %(done)s of %(of)s parts so far: ask again later.")
    return BeingMade(said % {"done": done, "of": of})


def _ask_for(wanted: TableSet, enough: Container[str]) -> None:
    """Ring once, unless a row says enough: those that wait or are at work already are rung by the sweeper."""
    row = TablesToMake.objects.of(wanted).first()
    if not wanted.is_ready and (row is None or row.state not in enough):
        ask_for(wanted)


def retry_after(refused: APIException) -> str | None:
    """The seconds after which a client asks again; None where asking again is of no use."""
    wait = getattr(refused, "wait", None)
    return None if wait is None else str(wait)
