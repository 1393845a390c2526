"""From the form on which results are pasted to lines that can be corrected one by one.

The text area holds what is still to be read; each line that was read stands in a table of its own fields. So
a line that cannot be read stays where it can be mended, and nothing has to be pasted twice.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from patients.entry.lab_rows import Result, Unclear, result_of
from patients.entry.reasons import Reason
from patients.forms.laboratory_names import catalogue_tests
from patients.laboratories.blocks import COLUMNS, MOST_LINES, Line, read_block
from patients.web.binding import REASON, WHY, tidy, version_of

CELLS = COLUMNS
IN_TEXT = ("value", "lower", "upper", "moment")
"""What has to be readable for a line to go into the table; the rest can be chosen there."""
MOST_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class PastedLine:
    """A line that was read: its number in the text, its cells, and what was decided about it."""

    number: int
    cells: Mapping[str, str]
    said: str = ""
    said_unit: str = ""
    reason: Reason = field(default_factory=Reason)
    left_out: bool = False

    def result(self) -> Result:
        """Raises Unclear."""
        chosen = {"test": self.cells["test"] or self.said, "unit": self.cells["unit"] or self.said_unit}
        return result_of(self.number, {**self.cells, **chosen})


@dataclass(frozen=True, slots=True)
class UnreadLine:
    """A line that stays in the text, and why."""

    number: int
    why: str


@dataclass
class Pasted:
    """What the form holds: the text that is not read, what holds for all its lines, the lines that are."""

    base_version: int
    text: str = ""
    moment: str = ""
    laboratory: str = ""
    lines: list[PastedLine] = field(default_factory=list)
    unread: list[UnreadLine] = field(default_factory=list)

    def read(self) -> None:
        """Take the lines of the text into the table; those that cannot be read stay."""
        if len(self.text) > MOST_CHARACTERS:
            self.unread.append(UnreadLine(1, _("This is too much for one page.")))
            return
        block = read_block(self.text)
        if len(block.lines) + len(self.lines) > MOST_LINES:
            self.unread.append(UnreadLine(1, _("At most %s lines are read at once.") % MOST_LINES))
            return
        left = []
        for line in block.lines:
            cells = self._cells(line)
            if why := _unreadable(cells):
                self.unread.append(UnreadLine(line.number, why))
                left.append(line.text)
            else:
                self.lines.append(_taken(line.number, cells))
        self.text = "\n".join([block.heading, *left] if left and block.heading else left)

    def _cells(self, line: Line) -> dict[str, str]:
        cells = dict.fromkeys(CELLS, "") | {name: tidy(cell) for name, cell in line.cells.items()}
        cells["moment"] = cells["moment"] or self.moment
        cells["laboratory"] = cells["laboratory"] or self.laboratory
        return cells

    @property
    def chosen(self) -> list[PastedLine]:
        """The lines that are to be saved."""
        return [line for line in self.lines if not line.left_out]


def _taken(number: int, cells: dict[str, str]) -> PastedLine:
    """A line with its test named by the catalogue where it is one alone; what was written stays beside it."""
    tests = catalogue_tests(cells["test"])
    code = tests[0].code if len(tests) == 1 else ""
    return PastedLine(number, cells | {"test": code, "unit": ""}, cells["test"], cells["unit"])


def _unreadable(cells: Mapping[str, str]) -> str:
    """Why a line cannot go into the table; empty where it can."""
    if not cells["test"]:
        return _("There is no test on it.")
    try:
        result_of(0, cells)
    except Unclear as problem:
        is_in_text = problem.cell in IN_TEXT and (problem.cell != "moment" or cells["moment"])
        return problem.why if is_in_text else _unreadable_limits(cells)
    return ""


def _unreadable_limits(cells: Mapping[str, str]) -> str:
    """The cells after the one that can be chosen, as if it were chosen."""
    try:
        result_of(0, {**cells, "test": "INR", "unit": "ratio"})
    except Unclear as problem:
        return "" if problem.cell == "moment" and not cells["moment"] else problem.why
    return ""


# --- the form --------------------------------------------------------------------------------------------
def read_pasted(post: QueryDict) -> Pasted:
    """What was typed and chosen. Raises BadRequest for a form that no page of ours sends."""
    return Pasted(
        base_version=version_of(post),
        text=post.get("block", ""),
        moment=tidy(post.get("moment", "")),
        laboratory=tidy(post.get("laboratory", "")),
        lines=list(_lines(post)),
    )


def _lines(post: QueryDict) -> Iterator[PastedLine]:
    for prefix in post.getlist("line")[:MOST_LINES]:
        number = post.get(f"{prefix}number", "")
        yield PastedLine(
            number=int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 0,
            cells={cell: tidy(post.get(f"{prefix}{cell}", "")) for cell in CELLS},
            said=tidy(post.get(f"{prefix}said", "")),
            said_unit=tidy(post.get(f"{prefix}said-unit", "")),
            reason=Reason(post.get(f"{prefix}{REASON}", ""), tidy(post.get(f"{prefix}{WHY}", ""))),
            left_out=f"{prefix}out" in post,
        )
