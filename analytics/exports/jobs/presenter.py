"""What the pages show of the data of a lock and of the files that were asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.exports.bundle import ALL
from analytics.exports.formats.registry import FORMATS
from analytics.exports.jobs.models import Export, What
from analytics.exports.kept_tables import tables_of_lock
from analytics.exports.tables import Standard, Table
from analytics.locks.models import Lock
from trial.people.models import Account

SHOWN = 20
_TITLES: Mapping[Standard, Promise] = {
    Standard.ANALYSIS: gettext_lazy("Analysis datasets"),
    Standard.REGISTRY: gettext_lazy("Reports to registries"),
    Standard.FORMS: gettext_lazy("Forms of the casebook"),
    Standard.SDTM: gettext_lazy("Domains of SDTM"),
}
"""The lists of tables, in the order of the page."""


@dataclass(frozen=True, slots=True)
class TableList:
    """The tables of a standard."""

    standard: str
    title: str
    tables: list[Table]


@dataclass(frozen=True, slots=True)
class ExportLine:
    """A file that was asked for."""

    export: Export
    what: str


@dataclass(frozen=True, slots=True)
class DataScreen:
    """What of a lock can be taken, and what the person asked for."""

    lock: Lock
    formats: list[str]
    of_archive: list[str]
    lists: list[TableList]
    exports: list[ExportLine]
    refused: str


@dataclass(frozen=True, slots=True)
class ExportScreen:
    """One file, and how far it is."""

    lock: Lock
    export: Export
    what: str


def data_screen(lock: Lock, person: Account, refused: str = "") -> DataScreen:
    """The page of the data of a lock."""
    tables = list(tables_of_lock(lock).values())
    lists = [
        TableList(str(one), str(title), [table for table in tables if table.standard is one])
        for one, title in _TITLES.items()
    ]
    newest = Export.objects.by(person).filter(lock=lock)[:SHOWN]
    lines = [ExportLine(export, in_words(export)) for export in newest]
    return DataScreen(lock, list(FORMATS), list(ALL), lists, lines, refused)


def export_screen(lock: Lock, export: Export) -> ExportScreen:
    """The page of a file."""
    return ExportScreen(lock, export, in_words(export))


def in_words(export: Export) -> str:
    """What was asked for: `Archive (csv, xpt)`, `LAB (csv)`."""
    told = export.options
    if export.what == What.ARCHIVE:
        return _("Archive (%(formats)s)") % {"formats": ", ".join(told["formats"])}
    if export.what == What.TABLE:
        return f"{told['name']} ({told['suffix']})"
    if export.what == What.ODM:
        return f"ODM-XML ({told['kind']})"
    return _("Workbook (%(standard)s)") % {"standard": told["standard"]}
