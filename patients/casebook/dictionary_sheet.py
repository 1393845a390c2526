"""The data dictionary as a table: one line for each item of each form."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from patients.casebook.dictionary import dictionary

COLUMNS = (
    "form", "form_title", "item", "label", "type", "unit", "requirement", "shown_when", "codes", "hard",
    "soft", "formula", "cdisc", "hint",
)  # fmt: skip


def lines(language: str = "en") -> Iterator[tuple[str, ...]]:
    """The cells of each item, in the order of `COLUMNS`."""
    for code, form in dictionary(language)["forms"].items():
        for name, item in form["items"].items():
            yield (
                code,
                form["title"],
                name,
                item["label"],
                item["type"],
                item["unit"],
                item["requirement"],
                item["when"],
                "; ".join(f"{each['code']}={each['label']}" for each in item.get("codes", ())),
                _limits(item["hard"]),
                _limits(item["soft"]),
                item.get("formula", ""),
                item["cdisc"],
                item["hint"],
            )


def _limits(limits: list[dict[str, Any]]) -> str:
    return "; ".join(" ".join(filter(None, (each["rule"], each.get("check")))) for each in limits)


def dictionary_sheet(language: str = "en") -> str:
    """The table as CSV, with a byte order mark so that a spreadsheet reads the Chinese."""
    text = io.StringIO("\ufeff", newline="")
    text.seek(0, io.SEEK_END)
    sheet = csv.writer(text)
    sheet.writerow(COLUMNS)
    sheet.writerows(lines(language))
    return text.getvalue()
