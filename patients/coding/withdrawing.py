"""Withdrawing codes: a term has none again, and waits for one as if it had never been coded.

For a code that is wrong while nobody can say the right one: the site has to say first what is meant. It
writes no value of a page, and a locked page keeps its codes, as for coding.
"""

from collections.abc import Collection, Sequence
from itertools import groupby
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from patients.coding.codes import CodingWithdrawal, NoCode
from patients.coding.coding_act import (
    CODE_OF,
    MOST_AT_ONCE,
    CannotCode,
    Seen,
    place_of,
    refuse_changed,
    shown_in_full,
    terms_held,
)
from patients.coding.standing import CodedTerm
from trial.people.access import Person, actor_at
from trial.trail.actor import Source, acting, current_actor
from trial.trail.record import Change, record_event


def withdraw_codes(seen: Collection[Seen], *, why: str, by: Person, request_id: str = "") -> int:
    """Withdraw the codes of these terms: of all, or of none; how many. One without a code is left.

    Raises UnknownTerm (404), PermissionDenied (403), TermClosed (423), TermChanged (409), CannotCode (422).
    """
    if not 0 < len(seen) <= MOST_AT_ONCE:
        raise CannotCode(_("Choose between 1 and %(most)s terms.") % {"most": MOST_AT_ONCE})
    if why not in NoCode.values:
        raise CannotCode(_("Say why the code is withdrawn."))
    told = {(each.form, each.row): each for each in seen}
    with transaction.atomic():
        terms = terms_held(told.values(), by)
        refuse_changed([term for term in terms if Seen.of(term) != told[term.coded.form, term.row]], terms)
        coded = [term for term in terms if term.coding is not None]
        if not coded:
            raise CannotCode(_("None of these terms has a code."))
        for _page, some in groupby(coded, key=lambda term: (term.subject, term.page)):
            _withdraw_on_page(list(some), why, by, request_id)
    return len(coded)


def _withdraw_on_page(terms: Sequence[CodedTerm], why: str, by: Person, request_id: str) -> None:
    actor = actor_at(by, site=terms[0].site, source=Source.WEB, request_id=request_id)
    with acting(actor):
        act = uuid4()
        CodingWithdrawal.objects.bulk_create(_withdrawal(term, why, act) for term in terms)
        with translation.override("en"):  # the trail reads the same whoever codes
            changes = [_change(term, why) for term in terms]
        record_event("terms.uncoded", place_of(terms[0]), changes, act=act)


def _withdrawal(term: CodedTerm, why: str, act: UUID) -> CodingWithdrawal:
    actor = current_actor()
    return CodingWithdrawal(
        coding=term.coding,
        why=why,
        event_id=act,
        withdrawn_by=actor.user_name,
        printed_name=actor.printed_name,
        at=timezone.now(),
    )


def _change(term: CodedTerm, why: str) -> Change:
    coding = term.coding
    return Change(
        f"{CODE_OF}{term.coded.item}",
        f"Code: {term.coded.label}",
        coding.term.code if coding else "",
        "",
        row_key=term.row_key,
        old_shown=shown_in_full(coding.term) if coding else "",
        reason_code=why,
    )
