"""Scripts that read the CSV files of an export with their types and the labels of codes, in R and in SAS.

R needs nothing beside itself. A text that was marked against spreadsheets is given back as it was.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from analytics.exports.about import About
from analytics.exports.formats.sas_names import sas_names
from analytics.exports.tables import Column, Kind, Table

R_SCRIPT, SAS_SCRIPT = "import.R", "import.sas"
_R_CLASSES = {Kind.INTEGER: "numeric", Kind.DECIMAL: "numeric", Kind.DATE: "Date"}
_SAS_INFORMATS = {
    Kind.INTEGER: "best32.",
    Kind.DECIMAL: "best32.",
    Kind.DATE: "yymmdd10.",
    Kind.DATETIME: "e8601dz25.",
}
_SAS_FORMATS = {Kind.DATE: "yymmdd10.", Kind.DATETIME: "e8601dt19."}
_LONGEST_IN_SAS = 32767


def write_r(tables: Mapping[str, Table], path: Path, about: About) -> int:
    """A script that puts each table into a data frame of its name, in the folder of the archive."""
    lines = [
        f"# {about.study}, cut-off {about.cutoff}: reads csv/*.csv into data frames. Run it in this folder.",
        'unmarked <- function(x) if (is.character(x)) sub("^\'", "", x) else x',
        "read <- function(name, classes) {",
        '  d <- read.csv(file.path("csv", paste0(name, ".csv")), colClasses = classes, na.strings = "",',
        '                encoding = "UTF-8", check.names = FALSE)',
        "  d[] <- lapply(d, unmarked)",
        "  d",
        "}",
        *(line for table in tables.values() for line in _r_table(table)),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)


def _r_table(table: Table) -> Iterator[str]:
    classes = ", ".join(
        f"{_quoted(one.name)} = {_quoted(_R_CLASSES.get(one.kind, 'character'))}" for one in table.columns
    )
    name = f"`{table.name}`"
    yield f"{name} <- read({_quoted(table.name)}, c({classes}))"
    for one in table.columns:
        yield f"attr({name}[[{_quoted(one.name)}]], 'label') <- {_quoted(str(one.label))}"
        if labels := one.labels:
            told = ", ".join(f"{_quoted(label)} = {_quoted(code)}" for code, label in labels.items())
            yield f"attr({name}[[{_quoted(one.name)}]], 'labels') <- c({told})"


def write_sas(tables: Mapping[str, Table], path: Path, about: About) -> int:
    """A program that reads each table into a dataset of its name, from the folder in `&folder`."""
    lines = [
        f"/* {about.study}, cut-off {about.cutoff}: reads csv/*.csv. Set the folder of the archive first. */",
        "%let folder = .;",
        *(line for table in tables.values() for line in _sas_table(table)),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)


def _sas_table(table: Table) -> Iterator[str]:
    names = sas_names(column.name for column in table.columns)
    yield f"data {sas_names([table.name])[table.name]};"
    yield f'  infile "&folder/csv/{table.name}.csv" dsd firstobs=2 encoding="utf-8" lrecl=1000000 missover;'
    for one in table.columns:
        yield f"  informat {names[one.name]} {_informat(one)};"
        if one.kind in _SAS_FORMATS:
            yield f"  format {names[one.name]} {_SAS_FORMATS[one.kind]};"
    yield f"  input {' '.join(names[one.name] for one in table.columns)};"
    for one in table.columns:
        if one.kind is Kind.TEXT:
            yield f'  if {names[one.name]} =: "\'" then {names[one.name]} = substr({names[one.name]}, 2);'
        yield f"  label {names[one.name]} = {_quoted_for_sas(str(one.label))};"
    yield "run;"


def _informat(column: Column) -> str:
    length = min(max(4 * column.length, 8), _LONGEST_IN_SAS)  # UTF-8 has up to four bytes for a character
    return _SAS_INFORMATS.get(column.kind, f"${length}.")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _quoted_for_sas(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
