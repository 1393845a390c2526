"""The adverse events once more, from the sheets of a casebook as text: nothing of the analysis is used here.

Each event of a subject who was infused by the cut-off counts if it began under treatment: from the first dose
of lymphodepletion on, within 90 days of the infusion or 100 of the graft.
"""

from collections.abc import Mapping, Sequence
from datetime import date

Row = Mapping[str, str]
Worst = dict[str, int | None]  # the worst grade of each subject
Counts = dict[tuple[str, ...], Worst]  # of all, of a category, of a name in a category


def counts(sheets: Mapping[str, Sequence[Row]], cutoff: date) -> Counts:
    infused = _infused(sheets, cutoff)
    died = {row["subject_id"]: row["dth_dt"] for row in sheets["DTH"]}
    grafted = _first(sheets["HSCT"], "hsct_start_dt", cutoff)
    first_dose = _first(sheets["LD"], "ld_date", cutoff)
    found: Counts = {(): {}}
    for row in sheets["AE"]:
        subject, began = row["subject_id"], _earliest(row["ae_start"])
        if subject not in infused or began > cutoff.isoformat():
            continue
        if not _is_emergent(began, infused[subject], grafted.get(subject), first_dose.get(subject)):
            continue
        grade = _grade(row, died.get(subject, ""), cutoff.isoformat())
        other = row["ae_ctcae_term"].endswith("other")
        name = row["ae_term"].lower() if other else row["ae_ctcae_term"]
        category = row["ae_special"]
        for key in ((), (category,), (category, name)):
            worst = found.setdefault(key, {})
            worst[subject] = max((one for one in (worst.get(subject), grade) if one), default=None)
    return found


def _infused(sheets: Mapping[str, Sequence[Row]], cutoff: date) -> dict[str, str]:
    """The day of infusion of those enrolled and infused by the cut-off; days as text sort as days."""
    last = cutoff.isoformat()
    enrolled = {row["subject_id"] for row in sheets["ELIG"] if "" < row["enrol_dt"] <= last}
    days = {row["subject_id"]: row["inf_start_dt"][:10] for row in sheets["INF"]}
    return {subject: day for subject, day in days.items() if subject in enrolled and "" < day <= last}


def _first(rows: Sequence[Row], column: str, cutoff: date) -> dict[str, str]:
    """The first day of each subject in a column, by the cut-off."""
    found: dict[str, str] = {}
    for row in rows:
        subject, day = row["subject_id"], row.get(column, "")[:10]
        if "" < day <= cutoff.isoformat():
            found[subject] = min(day, found.get(subject, day))
    return found


def _is_emergent(began: str, infused: str, grafted: str | None, first_dose: str | None) -> bool:
    day = date.fromisoformat(began)
    if grafted and began >= grafted:
        return (day - date.fromisoformat(grafted)).days <= 100
    if began >= infused:
        return (day - date.fromisoformat(infused)).days <= 90
    return bool(first_dose) and began >= (first_dose or "")


def _earliest(day: str) -> str:
    return day + "-01" * (2 - day.count("-"))


def _grade(row: Row, died: str, last: str) -> int | None:
    """A death after the cut-off is no grade 5 on it, and the grade until then is not written down."""
    later = max(died, row.get("ae_end", "")) > last
    return None if row["ae_grade"] == "5" and later else int(row["ae_grade"])


def size_of_saf(sheets: Mapping[str, Sequence[Row]], cutoff: date) -> int:
    return len(_infused(sheets, cutoff))
