"""The lists of what is said about the records: queries, verifications, signatures."""

from typing import Any

from django.db.models import Case, Prefetch, QuerySet, Value, When

from analytics.exports.live import shapes
from analytics.exports.live.asking import Filter
from analytics.exports.live.lists import (
    Rows,
    Scope,
    Told,
    filters,
    listed,
    of_form,
    of_item,
    of_state,
    of_subject,
    of_visit,
)
from analytics.exports.live.telling import Teller
from patients.casebook.page import Page
from patients.oversight.queries import Query, QueryMessage, QuerySeverity, QueryState
from patients.oversight.signatures import Meaning, Signature
from patients.oversight.verification import Verification


def _query(query: Any, teller: Teller) -> Told:
    subject: str = query.at_subject
    tells = teller.has_words_on(query.form_code, query.item, query.check_id)

    def said(text: str) -> str | None:
        return teller.words(subject, text) if tells else None

    return {
        "id": query.pk,
        "site": query.at_site,
        "subject": subject,
        "visit": query.at_visit or "",
        "form": query.form_code,
        "page": query.page_id,
        "row": query.row_key,
        "item": query.item,
        "check": query.check_id,
        "severity": query.severity,
        "priority": query.priority,
        "state": query.state,
        "text": said(query.text),
        "opened_at": teller.moment(subject, query.opened_at),
        "answered_at": teller.moment(subject, query.answered_at),
        "closed_at": teller.moment(subject, query.closed_at),
        "raised_by": query.raised_by,
        "closed_by": query.closed_by,
        "times_opened": query.times_opened,
        "changed_data": query.changed_data,
        "thread": [
            {
                "said": line.said,
                "text": said(line.text),
                "old": said(line.old),
                "new": said(line.new),
                "author": line.author,
                "role": line.role,
                "at": teller.moment(subject, line.at),
            }
            for line in query.messages.all()
        ],
    }


def _queries(scope: Scope) -> "QuerySet[Any, Any]":
    in_order = Prefetch("messages", QueryMessage.objects.order_by("id"))
    found: QuerySet[Any, Any] = Query.objects.at(scope.sites).with_place().with_question()
    return found.prefetch_related(in_order)


QUERIES = listed(
    "queries",
    "Queries with all that was said to them.",
    shapes.QueryEntry,
    _queries,
    _query,
    Filter("site", "codes of sites", "at_site"),
    Filter("subject", "subjects: HZ01-017", "at_subject"),
    of_form("page__form_code"),
    of_visit("at_visit"),
    of_item("item"),
    of_state(QueryState.values, "state"),
    Filter("severity", "of those that a check asks", "severity", tuple(QuerySeverity.values)),
    Filter("check", "numbers of edit checks", "check_id"),
    thing="query",
)
_STATE = Case(When(fall=None, then=Value(shapes.STANDING)), default=Value(shapes.FALLEN))
_STANDING = Filter("state", "whether it still stands", "is_standing", (shapes.STANDING, shapes.FALLEN))


def _on_page(row: Any) -> Told:
    page: Page = row.page
    return {**of_subject(row, page.subject, page.visit_code), "form": page.form_code, "page": page.pk}


def _state(row: Any) -> str:
    return shapes.FALLEN if hasattr(row, "fall") else shapes.STANDING


def _verification(found: Any, teller: Teller) -> Told:
    code, fall = found.page.subject.code, getattr(found, "fall", None)
    return {
        **_on_page(found),
        "row": found.row_key,
        "item": found.item,
        "state": _state(found),
        "page_version": found.page_version,
        "verified_by": found.verified_by,
        "printed_name": found.printed_name,
        "at": teller.moment(code, found.at),
        "fallen_at": teller.moment(code, fall and fall.at),
        "reason": teller.words(code, fall.reason) if fall else "",
    }


def _signature(found: Any, teller: Teller) -> Told:
    code, fall = found.page.subject.code, getattr(found, "fall", None)
    return {
        **_on_page(found),
        "state": _state(found),
        "signer": found.signer,
        "printed_name": found.printed_name,
        "role": found.role,
        "meaning": found.meaning,
        "statement": found.statement,
        "page_version": found.page_version,
        "form_version": found.form_version,
        "sha256": None if teller.moves else found.sha256,
        "at": teller.moment(code, found.at),
        "fallen_at": teller.moment(code, fall and fall.at),
        "fallen_because": teller.words(code, fall.why) if fall else "",
    }


def _standing(model: Any) -> Rows:
    """Each with its page, and with its fall, if it has fallen."""

    def rows(scope: Scope) -> "QuerySet[Any, Any]":
        found: QuerySet[Any, Any] = model.objects.filter(page__subject__site__in=scope.sites)
        read: QuerySet[Any, Any] = found.annotate(is_standing=_STATE)
        return read.select_related("page__subject__site", "page__visit", "fall")

    return rows


_OF_PAGE = (
    *filters("page__subject__", "site", "subject"),
    of_form("page__form_code"),
    of_visit("page__visit__code"),
)
VERIFICATIONS = listed(
    "verifications",
    "Values that somebody compared with their source, those included that have changed since.",
    shapes.VerificationEntry,
    _standing(Verification),
    _verification,
    *_OF_PAGE,
    of_item("item"),
    _STANDING,
    thing="verification",
)
SIGNATURES = listed(
    "signatures",
    "Signatures on pages, those included that have fallen.",
    shapes.SignatureEntry,
    _standing(Signature),
    _signature,
    *_OF_PAGE,
    _STANDING,
    Filter("meaning", "what they mean", "meaning", tuple(Meaning.values)),
    thing="signature",
)
