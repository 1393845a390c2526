"""How a laboratory writes a result, a limit or a moment, read as the items of LAB take it.

A number may have full-width digits, groups of three, a comparator and the arrow of its place in the range;
nothing is guessed: a word that is no number is refused in words.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from patients.items.problems import NotAnAnswer
from patients.items.types import DateTimeItem, DecimalItem

DONE, NOT_DONE, CLOTTED = "done", "not_done", "haemolysed_clotted"
_WORDS = {
    "notdone": NOT_DONE,
    "未做": NOT_DONE,
    "未检": NOT_DONE,
    "未测": NOT_DONE,
    "haemolysed": CLOTTED,
    "hemolyzed": CLOTTED,
    "clotted": CLOTTED,
    "溶血": CLOTTED,
    "凝血": CLOTTED,
    "凝固": CLOTTED,
}
_COMPARATORS = {"≤": "<=", "=<": "<=", "⩽": "<=", "≥": ">=", "=>": ">=", "⩾": ">=", "小于": "<", "大于": ">"}
_RESULT = re.compile(
    r"(?P<sign><=|>=|<|>|=)?(?P<number>[+-]?[\d.,]+)"
    r"(?:(?:e|[x×*]10\^?)(?P<power>[+-]?\d{1,2}))?(?:[↑↓*]|[hl]{1,2})?"
)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
_COMMA = re.compile(r"([+-]?\d+),(\d+)")
_MOMENT = re.compile(
    r"(?P<y>\d{4})[-/.年]?(?P<m>\d{1,2})[-/.月]?(?P<d>\d{1,2})日?[ T]*"
    r"(?P<h>\d{1,2})[:时]?(?P<min>\d{2})分?(?::(?P<s>\d{2}))?"
)
_RANGE = re.compile(r"(?P<low>[\d.,]+)\s*(?:-{1,2}|~|–|—|至)\s*(?P<high>[\d.,]+)")
_AT_MOST = re.compile(r"(?:<=?|≤)\s*(?P<high>[\d.,]+)")
_AT_LEAST = re.compile(r"(?:>=?|≥)\s*(?P<low>[\d.,]+)")
_result, _limit, _moment = DecimalItem("", 17, 4), DecimalItem("", 12, 4), DateTimeItem("")


@dataclass(frozen=True, slots=True)
class Reported:
    """A result as LAB keeps it: its value as text, empty where the status says that there is none."""

    value: str
    comparator: str = "="
    status: str = DONE

    @property
    def as_written(self) -> str:
        """`<0.5`, as it is shown to be corrected."""
        return f"{'' if self.comparator == '=' else self.comparator}{self.value}"


def read_result(written: str) -> Reported:
    """The result that was written. Raises NotAnAnswer."""
    plain = _plain(written).casefold()
    if status := _WORDS.get(re.sub(r"[\s_/-]", "", plain)):
        return Reported("", status=status)
    for sign, comparator in _COMPARATORS.items():
        plain = plain.replace(sign, comparator)
    found = _RESULT.fullmatch(re.sub(r"\s", "", plain))
    if found is None:
        raise NotAnAnswer(_("“%(typed)s” is not a number.") % {"typed": written.strip()})
    number = read_number(found["number"], _result, power=int(found["power"] or 0))
    return Reported(number, found["sign"] or "=")


def read_limit(written: str) -> str:
    """A limit of the normal range, as text; empty for none. Raises NotAnAnswer."""
    plain = _plain(written)
    return read_number(plain, _limit) if plain else ""


def read_number(written: str, item: DecimalItem, power: int = 0) -> str:
    """A number as the item takes it. `1,234` is a thousand; a comma that makes no groups of three is a point.
    Raises NotAnAnswer."""
    plain = written.removeprefix("+")
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    elif decimal := _COMMA.fullmatch(plain):
        plain = f"{decimal[1]}.{decimal[2]}"
    value = item.read(plain)
    return item.text(item.read(f"{value.scaleb(power):f}") if power else value)


def read_moment(written: str) -> str:
    """Date and time as they are typed on a page; empty for none. No time is made up. Raises NotAnAnswer."""
    plain = _plain(written)
    if not plain:
        return ""
    if found := _MOMENT.fullmatch(plain):
        day = f"{found['y']}-{int(found['m']):02}-{int(found['d']):02}"
        plain = f"{day} {int(found['h']):02}:{found['min']}" + (f":{found['s']}" if found["s"] else "")
    found_moment = _moment.read(plain)
    return _moment.text(found_moment) if found_moment.second else _moment.shown(found_moment)


def read_range(written: str) -> tuple[str, str] | None:
    """The two limits of `3.5-9.5`, `<40` or `>90`; None for what is no range."""
    plain = _plain(written)
    found = _RANGE.fullmatch(plain) or _AT_MOST.fullmatch(plain) or _AT_LEAST.fullmatch(plain)
    if found is None:
        return None
    given = found.groupdict()
    return given.get("low") or "", given.get("high") or ""


def is_number(written: str) -> bool:
    """Whether a cell could be a result."""
    try:
        return bool(read_result(written).value)
    except NotAnAnswer:
        return False


def _plain(written: str) -> str:
    raised = re.sub(r"10([⁰¹²³⁴⁵⁶⁷⁸⁹]+)", r"10^\1", written)
    return unicodedata.normalize("NFKC", raised).strip()


def shown_number(value: Decimal) -> str:
    """Without the zeros that a conversion leaves behind the point."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
