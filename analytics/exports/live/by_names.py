"""The lists for a reader from whom sites are hidden: subject by subject, in the order of the pseudonyms
(decision 0072).

In the order of their numbers entries would tell who was entered before whom, and who was first at a site is
001 there. What goes along the ledger is read in windows: from where the reader stood up to the last seal, and
inside of it by subject; no act can come to lie in a window that was read, so nothing is missed and nothing
told twice. Where a page ended is sealed (AES-SIV, RFC 5297): the same place is the same text, which tells no
number.
"""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings

from analytics.exports.live.asking import SEALED, Asked, not_a_place
from analytics.exports.live.lists import Found, Listed, Scope
from analytics.exports.naming import Naming
from trial.replica import ReplicaBehind, is_apart

_LENGTH = 96  # of what is sealed, so that no length tells a number


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: in the ledger what was read before the window and where it ends, the name of the
    subject that comes next, and where its own entries go on."""

    after: int = 0
    up_to: int = 0
    name: str = ""
    own: str = ""


def read_by_names(listed: Listed, asked: Asked, scope: Scope, naming: Naming) -> Found:
    """A page of a list in this order. Raises NotFound for a place that nobody was given."""
    place = _opened(listed, asked.cursor)
    if listed.sealed_up_to is not None and not place.up_to:
        place = replace(place, up_to=max(listed.sealed_up_to(), place.after))
    elif listed.sealed_up_to is not None and is_apart() and listed.sealed_up_to() < place.up_to:
        raise ReplicaBehind("the window that is read ends after it")
    reading = _Reading(listed, asked, scope, naming, place)
    entries, following = reading.page()
    ended = sealed(listed, following or Place(after=place.up_to))
    more = {"after": ended, "sealed": None} if listed.sealed_up_to is not None else None
    return Found(entries, ended if following else "", more)


class _Reading:
    """A page of a list, taken from one subject after the other."""

    def __init__(self, listed: Listed, asked: Asked, scope: Scope, naming: Naming, place: Place) -> None:
        self.listed, self.scope, self.naming, self.place = listed, scope, naming, place
        begin = str(place.after) if listed.sealed_up_to is not None else listed.parameters.begin
        self.asked = replace(asked, cursor=begin, up_to=place.up_to)
        self.limit = asked.limit

    def page(self) -> tuple[list[Mapping[str, Any]], Place | None]:
        """The entries, and where they go on, if they do.

        So many subjects at a time as fit into the page: one at first, and twice as many while they do.
        """
        waiting, entries = self._waiting(), list[Mapping[str, Any]]()
        own, several, grows = self.place.own, 1, True
        while waiting and len(entries) < self.limit:
            some = waiting[: 1 if own else several]
            found = self._read(some, own, self.limit - len(entries))
            if found.cursor and len(some) > 1:
                several, grows = len(some) // 2, False
                continue
            entries += sorted(found.entries, key=lambda entry: self.naming.subject(entry["subject"]))
            own = found.cursor
            if not own:
                waiting, several = waiting[len(some) :], several * 2 if grows else several
        if not waiting:
            return entries, None
        return entries, replace(self.place, name=self.naming.subject(waiting[0]), own=own)

    def _read(self, codes: Sequence[str], own: str, limit: int) -> Found:
        filters = {**self.asked.filters, "subject": tuple(codes)}
        asked = replace(self.asked, filters=filters, limit=limit, cursor=own or self.asked.cursor)
        return self.listed.read(asked, self.scope)

    def _waiting(self) -> list[str]:
        """The subjects of the list from the place on, in the order of their names."""
        all_of_it: Callable[[Asked, Scope], set[str]] | None = self.listed.subjects
        found = all_of_it(self.asked, self.scope) if all_of_it else set(self.naming.site_of)
        if "subject" in self.asked.filters:
            found &= set(self.asked.filters["subject"])
        named = sorted((self.naming.subject(code), code) for code in found)
        return [code for name, code in named if name >= self.place.name]


# --- places -------------------------------------------------------------------------------------------------
def sealed(listed: Listed, place: Place) -> str:
    """A place as its reader has it."""
    told = json.dumps(list(asdict(place).values())).ljust(_LENGTH).encode()
    return SEALED + urlsafe_b64encode(_cipher().encrypt(told, [listed.name.encode()])).decode().rstrip("=")


def _opened(listed: Listed, text: str) -> Place:
    """Raises NotFound for what nobody here has sealed for this list."""
    if text == listed.parameters.begin:
        return Place()
    try:
        kept = urlsafe_b64decode(text.removeprefix(SEALED) + "=" * (-len(text.removeprefix(SEALED)) % 4))
        return Place(*json.loads(_cipher().decrypt(kept, [listed.name.encode()])))
    except (InvalidTag, ValueError) as problem:
        raise not_a_place(listed.parameters.cursor, text) from problem


def _cipher() -> AESSIV:
    return AESSIV(hashlib.sha512(b"places in lists" + settings.IDENTITY_KEY.encode()).digest())
