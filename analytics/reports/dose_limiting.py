"""Dose-limiting toxicity in tables: who met which criterion by which items, and what the adjudication says
otherwise."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from analytics.datasets.sourced import item_label
from analytics.reports.counted_tables import Cell, Row, Table, awaiting, count
from patients.forms.dose_limiting_toxicity import RULES

Item = Sequence[str]  # form, visit, row key and item


def criteria_table(found: Mapping[str, Any]) -> Table:
    """Each criterion with its subjects, and below it the events and the items that make it met."""
    rows = [row for criterion in found["criteria"] for row in _criterion(criterion, found["settings"])]
    rows.append(Row(_("Cannot be told yet"), (count(found["open"]), Cell(""), Cell(""))))
    heads = (_("Criterion"), _("Subjects"), _("Event"), _("Items behind it"))
    return Table("dose_limiting", _("DLT by criterion"), _note(found), heads, tuple(rows))


def _note(found: Mapping[str, Any]) -> str:
    if awaiting(found["settings"]):
        return _("derived; criteria from memory that await the trial team's confirmation (section 4.1)")
    return _("derived by the criteria that the trial team has confirmed (section 4.1)")


def _criterion(criterion: Mapping[str, Any], settings: Mapping[str, str]) -> Iterator[Row]:
    code = criterion["code"]
    in_force = settings[f"dlt_{code.lower()}"] == "yes"
    standing = Cell("" if in_force else _("not in force"))
    yield Row(str(RULES.labels[code]), (count(criterion["subjects"]), standing, Cell("")))
    for event in criterion["events"]:
        named = _("event %(number)s, %(start)s") % {"number": event["event"], "start": event["start"]}
        yield Row(event["subject"], (count([event["subject"]]), Cell(named), Cell(_items(event["items"]))))


def _items(items: Iterable[Item]) -> str:
    """`CRS C3: Grade; AE 2: Grade, Start`."""
    by_row = groupby(items, key=lambda one: tuple(one[:3]))
    return "; ".join(f"{' '.join(filter(None, place))}: {_labels(some)}" for place, some in by_row)


def _labels(items: Iterable[Item]) -> str:
    return ", ".join(item_label(form, item) for form, _visit, _key, item in items)


def differences_table(found: Mapping[str, Any]) -> Table:
    """Where the criteria and the form of adjudication do not say the same."""
    rows = tuple(
        Row(
            each["subject"],
            (Cell(_said(bool(each["derived"]), each["derived"])), Cell(_adjudicated(each))),
        )
        for each in found["differences"]
    )
    heads = (_("Subject"), _("Derived"), _("As adjudicated"))
    title = _("DLT: derived and adjudicated")
    note = _("only where they differ") if rows else _("they say the same of every subject")
    return Table("dlt_differences", title, note, heads, rows)


def _adjudicated(each: Mapping[str, Any]) -> str:
    if each["adjudicated"] is None:
        return _("not adjudicated")
    return _said(each["adjudicated"], each["adjudicated_rules"])


def _said(occurred: bool, rules: Iterable[str]) -> str:
    return ", ".join(rules) or (_("Yes") if occurred else _("No"))
