"""Define-XML 2.1 of the analysis datasets: what reviewers read beside the transport files.

Written element by element, in the order that the schema asks for, from the columns of the tables alone; the
names are those of the transport files. The XSD does not see an OID that leads nowhere, nor whether a dataset
is as it is described: tests look for both.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lxml import etree

from analytics.exports.about import About
from analytics.exports.formats.sas_names import sas_names
from analytics.exports.formats.xport import MOST_BYTES
from analytics.exports.tables import Column, Kind, Origin, Table

ODM = "http://www.cdisc.org/ns/odm/v1.3"
DEF = "http://www.cdisc.org/ns/def/v2.1"
XLINK = "http://www.w3.org/1999/xlink"
XML = "http://www.w3.org/XML/1998/namespace"
VERSION, STANDARD = "2.1.0", "STD.ADAM"
TYPES = {
    Kind.INTEGER: "integer",
    Kind.DECIMAL: "float",
    Kind.DATE: "integer",
    Kind.DATETIME: "integer",
    Kind.PARTIAL_DATE: "partialDatetime",
}
FORMATS = {Kind.DATE: "DATE9.", Kind.DATETIME: "DATETIME20."}
DIGITS = 16
"""A number of the transport format has no more."""
CLASSES = {"ADSL": "SUBJECT LEVEL ANALYSIS DATASET", "ADAE": "OCCURRENCE DATA STRUCTURE"}
BASIC, OTHER = "BASIC DATA STRUCTURE", "ADAM OTHER"
Children = Sequence[Any]


def write(tables: Mapping[str, Table], path: Path, about: About) -> int:
    """Write the description of these tables; how many columns it describes."""
    root = define(list(tables.values()), about)
    etree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return sum(len(table.columns) for table in tables.values())


def define(tables: Sequence[Table], about: About) -> Any:
    """The document."""
    told = {
        "ODMVersion": "1.3.2",
        "FileType": "Snapshot",
        "FileOID": f"{about.oid}.DEFINE",
        "CreationDateTime": about.at.isoformat(timespec="seconds"),
        "AsOfDateTime": about.at.isoformat(timespec="seconds"),
        "Originator": "Chimera",
        "SourceSystem": "Chimera",
        "SourceSystemVersion": about.version,
        _def("Context"): "Other",
    }
    root = etree.Element(_odm("ODM"), told, nsmap={None: ODM, "def": DEF, "xlink": XLINK})
    study = etree.SubElement(root, _odm("Study"), OID=about.study)
    named = etree.SubElement(study, _odm("GlobalVariables"))
    for tag, text in (
        ("StudyName", about.study),
        ("StudyDescription", about.study),
        ("ProtocolName", about.study),
    ):
        etree.SubElement(named, _odm(tag)).text = text
    study.append(_version(tables, about))
    return root


def _version(tables: Sequence[Table], about: About) -> Any:
    version = _element(
        "MetaDataVersion",
        {"OID": about.metadata, "Name": f"{about.study} {about.cutoff}", _def("DefineVersion"): VERSION},
    )
    standards = etree.SubElement(version, _def("Standards"))
    told = {"OID": STANDARD, "Name": "ADaMIG", "Type": "IG", "Version": "1.1", "Status": "Final"}
    etree.SubElement(standards, _def("Standard"), told)
    version.extend(_group(table) for table in tables)
    version.extend(item for table in tables for item in _items(table))
    version.extend(_code_lists(tables))
    version.extend(method for table in tables for method in _methods(table))
    return version


# --- datasets ---------------------------------------------------------------------------------------------
def _group(table: Table) -> Any:
    name = sas_names([table.name])[table.name]
    group = _element(
        "ItemGroupDef",
        {
            "OID": f"IG.{table.name}",
            "Name": name,
            "SASDatasetName": name,
            "Repeating": "No" if table.keys == (table.subject,) else "Yes",
            "IsReferenceData": "No",
            "Purpose": "Analysis",
            _def("StandardOID"): STANDARD,
            _def("Structure"): str(table.structure),
            _def("ArchiveLocationID"): f"LF.{table.name}",
        },
        [_described(str(table.label))],
    )
    for number, column in enumerate(table.columns, 1):
        told = {
            "ItemOID": _oid(table, column),
            "OrderNumber": str(number),
            "Mandatory": _mandatory(column, table),
        }
        if column.name in table.keys:
            told["KeySequence"] = str(table.keys.index(column.name) + 1)
        if column.derivation:
            told["MethodOID"] = f"MT.{table.name}.{column.name}"
        etree.SubElement(group, _odm("ItemRef"), told)
    etree.SubElement(group, _def("Class"), Name=_class_of(table))
    leaf = etree.SubElement(
        group, _def("leaf"), {"ID": f"LF.{table.name}", _xlink("href"): f"xpt/{table.name}.xpt"}
    )
    etree.SubElement(leaf, _def("title")).text = f"{table.name}.xpt"
    return group


def _class_of(table: Table) -> str:
    if table.name in CLASSES:
        return CLASSES[table.name]
    return BASIC if any(column.name == "PARAMCD" for column in table.columns) else OTHER


def _mandatory(column: Column, table: Table) -> str:
    return "Yes" if column.name in table.keys else "No"


# --- variables --------------------------------------------------------------------------------------------
def _items(table: Table) -> Iterator[Any]:
    short = sas_names(column.name for column in table.columns)
    for column in table.columns:
        told = {
            "OID": _oid(table, column),
            "Name": short[column.name],
            "SASFieldName": short[column.name],
            "DataType": TYPES.get(column.kind, "text"),
            **_sizes(column),
        }
        item = _element("ItemDef", told, [_described(str(column.label))])
        if column.codes:
            etree.SubElement(item, _odm("CodeListRef"), CodeListOID=_list_oid(table, column))
        origin = etree.SubElement(item, _def("Origin"), _origin(column))
        if column.source:
            origin.append(_described(" ".join(column.source)))
        yield item


def _sizes(column: Column) -> dict[str, str]:
    """A text has a length; a number has digits. A partial date has neither."""
    kind = TYPES.get(column.kind, "text")
    if kind == "text":
        return {"Length": str(min(max(column.length, 1), MOST_BYTES))}
    if kind == "integer":
        return {"Length": "8"} | (
            {_def("DisplayFormat"): FORMATS[column.kind]} if column.kind in FORMATS else {}
        )
    if kind == "float":
        return {"Length": str(DIGITS), "SignificantDigits": str(column.places or DIGITS - 1)}
    return {}


def _origin(column: Column) -> dict[str, str]:
    source = {Origin.COLLECTED: "Investigator"}.get(column.origin, "Sponsor")
    return {"Type": column.origin, "Source": source}


def _methods(table: Table) -> Iterator[Any]:
    for column in table.columns:
        if column.derivation:
            told = {
                "OID": f"MT.{table.name}.{column.name}",
                "Name": f"{table.name}.{column.name}",
                "Type": "Computation",
            }
            yield _element("MethodDef", told, [_described(str(column.derivation))])


# --- code lists -------------------------------------------------------------------------------------------
def _code_lists(tables: Sequence[Table]) -> Iterator[Any]:
    """One for each column that has codes: the lists of two columns may differ in what is offered."""
    for table in tables:
        for column in table.columns:
            if column.codes:
                yield _code_list(table, column)


def _code_list(table: Table, column: Column) -> Any:
    assert column.codes is not None
    told = {
        "OID": _list_oid(table, column),
        "Name": f"{column.codes.name} ({table.name}.{column.name})",
        "DataType": "text" if TYPES.get(column.kind, "text") == "text" else TYPES[column.kind],
        _def("StandardOID"): STANDARD,
    }
    found = _element("CodeList", told if column.codes.nci else told | {_def("IsNonStandard"): "Yes"})
    if not column.codes.nci:
        del found.attrib[_def("StandardOID")]
    for number, code in enumerate(column.codes.codes, 1):
        item = etree.SubElement(found, _odm("CodeListItem"), CodedValue=code.code, OrderNumber=str(number))
        decode = etree.SubElement(item, _odm("Decode"))
        decode.append(_text(str(code.label)))
        if code.nci:
            _alias(item, code.nci)
    if column.codes.nci:
        _alias(found, column.codes.nci)
    return found


def _alias(of: Any, nci: str) -> None:
    etree.SubElement(of, _odm("Alias"), Name=nci, Context="nci:ExtCodeID")


# --- elements ---------------------------------------------------------------------------------------------
def _element(tag: str, attributes: Mapping[str, Any], children: Children = ()) -> Any:
    found = etree.Element(_odm(tag), dict(attributes))
    found.extend(children)
    return found


def _described(text: str) -> Any:
    return _element("Description", {}, [_text(text)])


def _text(text: str) -> Any:
    found = _element("TranslatedText", {f"{{{XML}}}lang": "en"})
    found.text = text
    return found


def _oid(table: Table, column: Column) -> str:
    return f"IT.{table.name}.{column.name}"


def _list_oid(table: Table, column: Column) -> str:
    return f"CL.{table.name}.{column.name}"


def _odm(tag: str) -> str:
    return f"{{{ODM}}}{tag}"


def _def(tag: str) -> str:
    return f"{{{DEF}}}{tag}"


def _xlink(tag: str) -> str:
    return f"{{{XLINK}}}{tag}"
