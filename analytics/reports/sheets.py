"""Writing the sheets of a workbook: a title, a note, a heading row that stays, and rows.

A text is always written as a text, so that a value which begins with `=` is no formula; whole numbers and
values at full precision are numbers. The bytes depend on what is written alone: the workbook bears the moment
that it is given, and its members that of the format.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import xlsxwriter

Value = str | float | int | None
LONGEST_TEXT = 32_767  # characters in a cell
LONGEST_NAME = 31  # characters of the name of a sheet
WIDEST, NARROWEST = 70, 9  # characters
_AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


class Sheets:
    """A workbook that is being written."""

    def __init__(self, *, title: str, author: str, made: datetime) -> None:
        self._content = BytesIO()
        self._book: Any = xlsxwriter.Workbook(self._content, {"in_memory": True, **_AS_TEXT})
        moment = made.astimezone(UTC).replace(tzinfo=None)
        self._book.set_properties({"title": title, "author": author, "created": moment})
        self._title = self._book.add_format({"bold": True, "font_size": 14, "font_color": "#1C5688"})
        self._note = self._book.add_format({"font_color": "#46545E", "italic": True})
        self._head = self._book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#EEF2F5"}
        )
        self._text = self._book.add_format({"text_wrap": True, "valign": "top"})
        self._alert = self._book.add_format(
            {"text_wrap": True, "valign": "top", "bold": True, "font_color": "#9C2B22"}
        )

    def add(
        self,
        name: str,
        heads: Sequence[str],
        rows: Iterable[Sequence[Value]],
        *,
        title: str = "",
        note: str = "",
        alerts: frozenset[int] = frozenset(),
    ) -> None:
        """A sheet. `alerts` are the numbers of the rows that stand out, from 0."""
        sheet, kept = self._book.add_worksheet(self._named(name)), list(rows)
        sheet.write_string(0, 0, title or name, self._title)
        sheet.write_string(1, 0, note, self._note)
        for place, head in enumerate(heads):
            sheet.write_string(2, place, head, self._head)
            sheet.set_column(place, place, _width(place, heads, kept))
        sheet.freeze_panes(3, 1 if len(heads) > 2 else 0)
        for number, row in enumerate(kept):
            form = self._alert if number in alerts else self._text
            for place, value in enumerate(row):
                _write(sheet, number + 3, place, value, form)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(2)

    def _named(self, name: str) -> str:
        """As the format allows: no sign of an address in it, and not the name of another sheet."""
        allowed = "".join(" " if sign in "[]:*?/\\'" else sign for sign in name)
        plain = " ".join(allowed.split())[:LONGEST_NAME].strip()
        taken = {sheet.get_name().casefold() for sheet in self._book.worksheets()}
        if plain.casefold() not in taken:
            return plain
        number = next(n for n in range(2, 100) if f"{plain[:27]} {n}".casefold() not in taken)
        return f"{plain[:27]} {number}"

    def finished(self) -> bytes:
        """The file."""
        self._book.close()
        return self._content.getvalue()


def _write(sheet: Any, row: int, column: int, value: Value, form: Any) -> None:
    if isinstance(value, int | float):
        sheet.write_number(row, column, value, form)
    elif value:
        sheet.write_string(row, column, value[:LONGEST_TEXT], form)


def _width(place: int, heads: Sequence[str], rows: Sequence[Sequence[Value]]) -> int:
    """Wide enough for most of what stands in a column; a Chinese character takes two places."""
    texts = [heads[place], *(str(row[place]) for row in rows[:200] if len(row) > place and row[place])]
    longest = max(sum(1 + (ord(sign) > 0x2E7F) for sign in text) for text in texts)
    return max(NARROWEST, min(WIDEST, longest + 2))
