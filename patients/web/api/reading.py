"""From the document that a program sends to what `save_page` is given."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

from patients.casebook.form import FormRow
from patients.entry.edits import MISSING_SUFFIX
from patients.entry.reasons import Reason, Reasons

MEMBERS = frozenset({"base_version", "rows", "header", "reasons", "complete"})
MOST_VERSION = 2**31 - 1


@dataclass(frozen=True, slots=True)
class SaveAsked:
    """What a program wants saved; all values are text, as a person would type them."""

    base_version: int
    rows: Mapping[str, Mapping[str, str]]
    header: Mapping[str, str]
    reasons: Reasons
    complete: bool

    def names_identity(self, model: type[FormRow]) -> bool:
        """Whether an item is named that identifies the subject."""
        named = {name.removesuffix(MISSING_SUFFIX) for answers in self.rows.values() for name in answers}
        return any(item.declared.identity and item.name in named for item in model.items())


def read_save(document: object) -> SaveAsked:
    """Raises ParseError for a document of another shape."""
    whole = _object(document, "")
    if strange := sorted(set(whole) - MEMBERS):
        raise ParseError(_("There is no member %s.") % strange[0])
    rows = _object(whole.get("rows", {}), "rows")
    reasons = _object(whole.get("reasons", {}), "reasons")
    complete = whole.get("complete", False)
    if not isinstance(complete, bool):
        raise _wrong("complete", _("true or false"))
    return SaveAsked(
        base_version=_version(whole.get("base_version")),
        rows={key: _texts(answers, f"rows.{key}") for key, answers in rows.items()},
        header=_texts(whole.get("header", {}), "header"),
        reasons={
            (key, name): _reason(said, f"reasons.{key}.{name}")
            for key, named in reasons.items()
            for name, said in _object(named, f"reasons.{key}").items()
        },
        complete=complete,
    )


def _version(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_VERSION:
        raise _wrong("base_version", _("the version that was read, a whole number"))
    return value


def _reason(value: object, where: str) -> Reason:
    said = _texts(value, where)
    if set(said) - {"code", "text"}:
        raise _wrong(where, "{code, text}")
    return Reason(said.get("code", ""), said.get("text", "").strip())


def _texts(value: object, where: str) -> dict[str, str]:
    return {name: _text(each, f"{where}.{name}") for name, each in _object(value, where).items()}


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise _wrong(where, _("text"))
    return value


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _wrong(where, _("an object"))
    return value


def _wrong(where: str, wanted: str) -> ParseError:
    return ParseError(_("%(where)s must be %(wanted)s.") % {"where": where or "/", "wanted": wanted})
