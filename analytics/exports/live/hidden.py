"""Subjects and sites in the lists, to a reader from whom sites are hidden (`naming.py`): one rule for every
entry, whatever list it is of, and its inverse for what is asked."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

from analytics.exports.disclosure import Disclosure
from analytics.exports.live.asking import Asked
from analytics.exports.naming import LEAST, MERGED, Naming, hiding, mark_of, names_a_site
from patients.casebook.page import Subject
from trial.people.tokens import ExportToken
from trial.protocol.configuration import setting_as

PEOPLE = frozenset(
    {"actor", "actor_name", "author", "closed_by", "printed_name", "raised_by", "signer", "verified_by"}
)
"""Members that say who did something: whoever works at a small site names it."""
VALUES = frozenset({"value", "old", "new"})
_NUMBERED = {"pages": "page", "up_to": "act"}
"""What a change of an item that holds numbers of records holds the numbers of."""
_NAMED = re.compile(r"\b(query|request|page|entry|lock) (\d+)\b", re.IGNORECASE)
"""How a record is named in what an act is about, and in labels."""


def naming_of_token(token: ExportToken, to: Disclosure) -> Naming:
    """How the subjects of the sites of a token are named to it, as many as there are now."""
    if not to.hides_sites:
        return Naming()
    found = Subject.objects.filter(site__in=token.sites.all()).values_list("code", "site__code")
    return hiding(dict(found), {LEAST: str(setting_as(int, LEAST))})


def told(entry: Mapping[str, Any], naming: Naming, thing: str = "") -> Mapping[str, Any]:
    """An entry as the reader has it; `thing` is what its `id` numbers."""
    if not naming.hides or "subject" not in entry:
        return entry
    is_small = entry["site"] in naming.small or naming.is_of_small(entry["subject"])
    named = _told(entry, entry.get("form", ""), naming, is_small=is_small)
    marks = {name: _mark(of, entry.get(name)) for name, of in (("id", thing), *_MARKED) if name in entry}
    return named | marks | {"subject": naming.subject(entry["subject"]), "site": naming.site(entry["site"])}


_MARKED = (("page", "page"), ("seq", "act"))


def _mark(thing: str, number: int | None) -> str | None:
    return None if number is None else mark_of(thing, number)


def _told(part: Mapping[str, Any], form: str, naming: Naming, *, is_small: bool) -> dict[str, Any]:
    """The members of an entry, or of a line inside it."""
    leaves_out = is_small and names_a_site(form, str(part.get("item", "")))
    return {
        name: None if leaves_out and name in VALUES else _member(name, value, form, naming, is_small=is_small)
        for name, value in _marked(part).items()
    }


def _marked(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same with marks for the numbers of records that stand in its texts."""
    said = {name: _NAMED.sub(_named_mark, part[name]) for name in ("about", "label") if name in part}
    if thing := _NUMBERED.get(str(part.get("item", ""))):
        held = {name: part[name] for name in ("old", "new", "words") if part.get(name)}
        said |= {name: _numbers_marked(text, thing) for name, text in held.items()}
    return {**part, **said}


def _named_mark(found: re.Match[str]) -> str:
    return mark_of(found[1].lower(), int(found[2]))


def _numbers_marked(text: str, thing: str) -> str:
    return re.sub(r"\d+", lambda number: mark_of(thing, int(number[0])), text)


def _member(name: str, value: Any, form: str, naming: Naming, *, is_small: bool) -> Any:
    if isinstance(value, list):
        return [
            _told(one, form, naming, is_small=is_small) if isinstance(one, Mapping) else one for one in value
        ]
    if not isinstance(value, str):
        return value
    if name in PEOPLE and is_small:
        return value if value.startswith("system:") else ""
    return naming.words(value)


def truly(asked: Asked, naming: Naming) -> Asked:
    """What is asked in the names of the reader, in those of the registry. Raises ParseError where it is asked
    who acted: of whose acts there are none, one could try."""
    if not naming.hides:
        return asked
    if "actor" in asked.filters:
        raise ParseError(_("actor: this token does not ask for people, who would name their sites."))
    filters = dict(asked.filters)
    if wanted := filters.get("subject"):
        filters["subject"] = tuple(code for code in naming.site_of if naming.subject(code) in wanted)
    if wanted := filters.get("site"):
        merged = naming.small if MERGED in wanted else frozenset()
        filters["site"] = (*(site for site in wanted if site not in naming.small), *sorted(merged))
    return replace(asked, filters=filters)
