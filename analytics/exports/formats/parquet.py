"""Parquet: the columns with their types, for R, Python and every engine that reads Arrow."""

from pathlib import Path

from analytics.exports.about import About
from analytics.exports.formats.format import Format
from analytics.exports.tables import Table


def write(table: Table, path: Path, about: About) -> int:
    """Write the rows; how many there are."""
    frame = table.frame()
    frame.write_parquet(path)
    return frame.height


PARQUET = Format("parquet", "application/vnd.apache.parquet", write)
