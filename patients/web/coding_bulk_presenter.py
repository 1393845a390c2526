"""What goes for many terms at once: the same words, and what a new version leaves as it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from patients.coding.dictionaries import Term
from patients.coding.groups import Group, Proposal
from patients.web.coding_presenter import GroupLine, TermLine, group_line, term_line


@dataclass(frozen=True)
class BulkScreen:
    """What goes for many at once: each line a group with the term that it is to be coded as."""

    lines: list[GroupLine]
    marks: list[GroupLine]
    codes: bool
    problems: tuple[str, ...] = ()
    more: int = 0

    @property
    def terms(self) -> int:
        return sum(line.count for line in self.lines)


def bulk_lines(proposals: Iterable[Proposal], now: datetime, most: int) -> tuple[list[GroupLine], int]:
    """The proposals as lines, as many as one act codes, and how many terms are left."""
    lines: list[GroupLine] = []
    terms, left = 0, 0
    for each in proposals:
        terms += len(each.group.terms)
        if terms > most:
            left += len(each.group.terms)
        else:
            lines.append(group_line(each.group, now, term_line(each.term), to=each.term))
    return lines, left


def mark_lines(groups: Iterable[Group], now: datetime, terms: Mapping[str, Term]) -> list[GroupLine]:
    """What a new version marks: each with its code, and with what the version has under it."""
    return [
        group_line(group, now, _now(terms.get(group.term.code)) if group.term else None) for group in groups
    ]


def _now(term: Term | None) -> TermLine | None:
    if term is None:
        return None
    return term_line(term, "" if term.is_current else _("not current any more"))
