"""The list of terms as it is taken out."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from patients.coding.groups import Group
from patients.coding.standing import CodedTerm, State, days_waiting
from patients.web.clocks import moment
from patients.web.signature_presenter import signed_in_words


def rows_of(groups: Sequence[Group], now: datetime) -> Iterator[list[str]]:
    """The terms, one row each, with who has signed its page."""
    signed = signed_in_words(term.page for group in groups for term in group.terms)
    for group in groups:
        days = "" if group.state is State.CODED else str(days_waiting(group.since, now))
        for term in group.terms:
            yield [*_cells(term, days), signed.get(term.page, "")]


def headings() -> list[str]:
    """What the columns are called."""
    return [
        _("Site"),
        _("Subject"),
        _("Form"),
        _("Visit"),
        _("Row"),
        _("Item"),
        _("As written"),
        _("State"),
        _("Days"),
        _("Dictionary"),
        _("Term"),
        _("Code"),
        _("Reported as"),
        _("Code of that"),
        _("Classes"),
        _("Codes of the classes"),
        _("How"),
        _("Coded by"),
        _("Coded at"),
        _("Page signed by"),
    ]


def _cells(term: CodedTerm, days: str) -> list[str]:
    coding = term.coding
    place = [term.site, term.subject, term.coded.form, term.visit, term.row_key, term.coded.item]
    stands = [term.verbatim, str(term.state.label), days]
    if coding is None:
        return [*place, *stands, *[""] * 10]
    found = coding.term
    return [
        *place,
        *stands,
        str(found.dictionary),
        found.name,
        found.code,
        found.concept.name,
        found.concept.code,
        found.concept.path_in_words,
        found.concept.classes,
        str(coding.get_how_display()),
        coding.printed_name,
        moment(coding.at),
    ]
