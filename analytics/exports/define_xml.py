"""Define-XML 2.1 of the datasets of a standard: what reviewers read beside the transport files.

Written element by element, in the order that the schema asks for, from the columns of the tables alone; the
names are those of the transport files. The XSD does not see an OID that leads nowhere, nor whether a dataset
is as it is described: tests look for both.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from analytics.exports.about import About
from analytics.exports.formats.sas_names import sas_names
from analytics.exports.formats.xport import MOST_BYTES
from analytics.exports.sdtm.domains import DOMAINS
from analytics.exports.tables import Column, Kind, Origin, Table

ODM = "http://www.cdisc.org/ns/odm/v1.3"
DEF = "http://www.cdisc.org/ns/def/v2.1"
XLINK = "http://www.w3.org/1999/xlink"
XML = "http://www.w3.org/XML/1998/namespace"
VERSION = "2.1.0"
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


@dataclass(frozen=True, slots=True)
class Standard:
    """A standard of which datasets are described; `class_of` tells the class of one."""

    oid: str
    name: str
    version: str
    purpose: str
    class_of: Callable[[Table], str]


def _class_of_analysis(table: Table) -> str:
    if table.name in CLASSES:
        return CLASSES[table.name]
    return BASIC if any(column.name == "PARAMCD" for column in table.columns) else OTHER


def _class_of_domain(table: Table) -> str:
    return DOMAINS[table.name].of


ADAM = Standard("STD.ADAM", "ADaMIG", "1.1", "Analysis", _class_of_analysis)
SDTM = Standard("STD.SDTM", "SDTMIG", "3.4", "Tabulation", _class_of_domain)


def write(tables: Mapping[str, Table], path: Path, about: About, standard: Standard = ADAM) -> int:
    """Write the description of these tables; how many columns it describes."""
    root = define(list(tables.values()), about, standard)
    etree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return sum(len(table.columns) for table in tables.values())


def define(tables: Sequence[Table], about: About, standard: Standard) -> Any:
    """The document."""
    told = {
        "ODMVersion": "1.3.2",
        "FileType": "Snapshot",
        "FileOID": f"{about.oid}.DEFINE.{standard.name}",
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
    study.append(_version(tables, about, standard))
    return root


def _version(tables: Sequence[Table], about: About, standard: Standard) -> Any:
    version = _element(
        "MetaDataVersion",
        {"OID": about.metadata, "Name": f"{about.study} {about.cutoff}", _def("DefineVersion"): VERSION},
    )
    standards = etree.SubElement(version, _def("Standards"))
    told = {
        "OID": standard.oid,
        "Name": standard.name,
        "Type": "IG",
        "Version": standard.version,
        "Status": "Final",
    }
    etree.SubElement(standards, _def("Standard"), told)
    version.extend(_group(table, standard) for table in tables)
    version.extend(item for table in tables for item in _items(table))
    version.extend(_code_lists(tables, standard))
    version.extend(method for table in tables for method in _methods(table))
    return version


# --- datasets ---------------------------------------------------------------------------------------------
def _group(table: Table, standard: Standard) -> Any:
    name = sas_names([table.name])[table.name]
    of_domain = {"Domain": table.name.removeprefix("SUPP")} if standard is SDTM else {}
    group = _element(
        "ItemGroupDef",
        {
            "OID": f"IG.{table.name}",
            "Name": name,
            **of_domain,
            "SASDatasetName": name,
            "Repeating": "No" if set(table.keys) <= {"STUDYID", table.subject} else "Yes",
            "IsReferenceData": "No" if table.subject else "Yes",
            "Purpose": standard.purpose,
            _def("StandardOID"): standard.oid,
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
    etree.SubElement(group, _def("Class"), Name=standard.class_of(table))
    leaf = etree.SubElement(
        group, _def("leaf"), {"ID": f"LF.{table.name}", _xlink("href"): f"{table.folder}xpt/{table.name}.xpt"}
    )
    etree.SubElement(leaf, _def("title")).text = f"{table.name}.xpt"
    return group


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
def _code_lists(tables: Sequence[Table], standard: Standard) -> Iterator[Any]:
    """One for each column that has codes: the lists of two columns may differ in what is offered."""
    for table in tables:
        for column in table.columns:
            if column.codes:
                yield _code_list(table, column, standard)


def _code_list(table: Table, column: Column, standard: Standard) -> Any:
    assert column.codes is not None
    told = {
        "OID": _list_oid(table, column),
        "Name": f"{column.codes.name} ({table.name}.{column.name})",
        "DataType": "text" if TYPES.get(column.kind, "text") == "text" else TYPES[column.kind],
        _def("StandardOID"): standard.oid,
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
