"""Every format in which a table leaves the registry, by the end of its file's name."""

from analytics.exports.formats.csv_file import CSV, CSV_FOR_SPREADSHEETS
from analytics.exports.formats.dataset_json import JSON, NDJSON
from analytics.exports.formats.format import Format
from analytics.exports.formats.parquet import PARQUET
from analytics.exports.formats.statistical import DTA, SAV
from analytics.exports.formats.xport import XPT

FORMATS: dict[str, Format] = {
    one.suffix: one for one in (CSV, CSV_FOR_SPREADSHEETS, XPT, JSON, NDJSON, PARQUET, SAV, DTA)
}
