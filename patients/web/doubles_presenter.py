"""What the screens say of subjects that may be one person, entered twice.

Nothing here says who it is: in what two are alike is told in words, and only to whoever may see identity.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.casebook.likeness import Sign
from patients.entry.doubles import Pair
from patients.web.clocks import moment
from patients.web.states import mark
from patients.web.subject_presenter import ChipView
from patients.web.work_presenter import WorkLine

SIGNS: dict[Sign, Promise] = {
    Sign.HOSPITAL_NUMBER: gettext_lazy("the same hospital number"),
    Sign.NAME_AND_BIRTH_DATE: gettext_lazy("the same name and birth date"),
    Sign.BIRTH_DATE: gettext_lazy("the same birth date, and no different sex"),
    Sign.BIRTH_YEAR_AND_INITIALS: gettext_lazy("the same initials and year of birth, and no different sex"),
}


@dataclass(frozen=True, slots=True)
class PairCard:
    """Two subjects that are alike, seen from one of them."""

    other: str
    other_url: str
    signs: list[str]
    is_open: bool
    seen: int
    answer: str
    reason: str
    remark: str


@dataclass(frozen=True, slots=True)
class DoublesScreen:
    """Everything that the template says. A reason that was refused comes back to the other (`about`) that it
    was typed for."""

    subject: Any
    cards: list[PairCard]
    may_answer: bool
    about: str = ""
    reason: str = ""
    problems: list[str] = field(default_factory=list)


def doubles_screen(
    subject: Any,
    pairs: Iterable[Pair],
    *,
    may_answer: bool,
    sees_identity: bool,
    about: str = "",
    reason: str = "",
    problem: str = "",
) -> DoublesScreen:
    cards = [_card(pair, subject, sees_identity=sees_identity) for pair in pairs]
    return DoublesScreen(subject, cards, may_answer, about, reason, [problem] if problem else [])


def _card(pair: Pair, subject: Any, *, sees_identity: bool) -> PairCard:
    other, answer = pair.other_than(subject).code, pair.answer
    return PairCard(
        other=other,
        other_url=reverse("subject", args=[other]),
        signs=[str(SIGNS[sign]) for sign in pair.signs] if sees_identity else [],
        is_open=pair.is_open,
        seen=pair.seen,
        answer=_answered(pair),
        reason=answer.reason if answer else "",
        remark=f"{answer.by}, {moment(answer.at)}" if answer else "",
    )


def _answered(pair: Pair) -> str:
    if pair.answer is None:
        return _("Nobody has said yet.")
    if pair.is_open:
        return _("More is the same of them than when somebody last said.")
    return _("It is one person.") if pair.answer.is_one_person else _("They are two people.")


def likely_doubles(pairs: Iterable[Pair]) -> dict[str, list[ChipView]]:
    """By the code of each subject of these pairs: whom it may be the same as. Two of whom somebody said that
    they are two people are left out."""
    found: dict[str, list[ChipView]] = defaultdict(list)
    for pair in pairs:
        for subject in (pair.first, pair.second):
            if said := _likely(pair, subject.code, pair.other_than(subject).code):
                found[subject.code].append(said)
    return found


def _likely(pair: Pair, code: str, other: str) -> ChipView | None:
    url = reverse("doubles", args=[code])
    if pair.is_open:
        return ChipView(_("may be the same person as %(subject)s") % {"subject": other}, "bad", "warn", url)
    if pair.answer and pair.answer.is_one_person:
        return ChipView(_("the same person as %(subject)s") % {"subject": other}, "warn", "warn", url)
    return None


def double_lines(pairs: Iterable[Pair]) -> list[WorkLine]:
    """The pairs of which somebody has to say whether they are one person."""
    return [
        WorkLine(
            mark("query"),
            reverse("doubles", args=[pair.second.code]),
            f"{pair.first.code} · {pair.second.code}",
            _("may be one person, entered twice"),
            "",
        )
        for pair in pairs
    ]
