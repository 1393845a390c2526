"""The metadata in ODM 2.0: what is said in 1.3.2, in the words of the newer standard.

It knows no FormDef: a form is an item group of type Form that holds others. A unit has no element of its own
there, and stands beside its item as an alias, as does the name for SAS.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from lxml import etree

from analytics.exports.about import About
from analytics.exports.odm.code_lists import CodeLists
from analytics.exports.odm.elements import root_attributes
from analytics.exports.odm.metadata import study
from patients.casebook.odm import NAMESPACE as OLD

NAMESPACE = "http://www.cdisc.org/ns/odm/v2.0"
VERSION = "2.0"
ALL_VISITS = "SEG.ALL"


def write_metadata_2_0(path: Path, about: About) -> int:
    """Write the file; how many forms it describes."""
    described = study(about.metadata, about.disclosure, CodeLists())
    told = root_attributes(about, kind="Snapshot", description="metadata-2.0")
    del told["Description"]
    told |= {"ODMVersion": VERSION, "Granularity": "Metadata"}
    root = etree.Element(_new("ODM"), told, nsmap={None: NAMESPACE})
    root.append(_study(described))
    etree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return sum(1 for _form in described.iter(_old("FormDef")))


def _study(old: Any) -> Any:
    said = {one.tag.rpartition("}")[2]: one.text for one in old.find(_old("GlobalVariables"))}
    names = {"StudyName": said["StudyName"], "ProtocolName": said["ProtocolName"]}
    found = etree.Element(_new("Study"), {"OID": old.get("OID"), **names})
    found.append(_version(old.find(_old("MetaDataVersion"))))
    return found


def _version(old: Any) -> Any:
    found = etree.Element(_new("MetaDataVersion"), dict(old.attrib))
    visits = [one.get("StudyEventOID") for one in old.iter(_old("StudyEventRef"))]
    found.append(_protocol(old.find(_old("Protocol"))))
    found.append(_visits(visits))
    for one in old:
        if one.tag != _old("Protocol"):
            found.append(_translated(one))
    return found


def _protocol(old: Any) -> Any:
    found = etree.Element(_new("Protocol"))
    found.append(_translated(old.find(_old("Description"))))
    etree.SubElement(found, _new("StudyEventGroupRef"), StudyEventGroupOID=ALL_VISITS, Mandatory="No")
    return found


def _visits(oids: Iterable[str]) -> Any:
    told = {"OID": ALL_VISITS, "Name": "ALL"}
    found = etree.Element(_new("StudyEventGroupDef"), told)
    for number, oid in enumerate(oids, 1):
        ref = {"StudyEventOID": oid, "OrderNumber": str(number), "Mandatory": "No"}
        etree.SubElement(found, _new("StudyEventRef"), ref)
    return found


def _translated(old: Any) -> Any:
    """An element with all in it, each in the words of the newer standard."""
    tag = old.tag.rpartition("}")[2]
    found = etree.Element(_new(_NAMES.get(tag, tag)), dict(old.attrib))
    found.text = old.text
    found.extend(_translated(one) for one in old)
    if mend := _MENDED.get(tag):
        mend(found)
    return found


# --- what differs -------------------------------------------------------------------------------------------
def _text(found: Any) -> None:
    found.set("Type", "text/plain")


def _form_ref(found: Any) -> None:
    found.set("ItemGroupOID", found.attrib.pop("FormOID"))


def _form(found: Any) -> None:
    found.set("Type", "Form")


def _group(found: Any) -> None:
    found.set("Type", "Section")
    found.set("DatasetName", found.attrib.pop("SASDatasetName"))
    found.set("Repeating", "Simple" if found.get("Repeating") == "Yes" else "No")


def _item(found: Any) -> None:
    """Aliases are the last in an item."""
    own = found.attrib
    told = {"SAS": own.pop("SASFieldName", ""), "decimals": own.pop("SignificantDigits", "")}
    own.pop("SDSVarName", None)  # it is an alias already
    for unit in found.findall(_new("MeasurementUnitRef")):
        told["unit"] = unit.get("MeasurementUnitOID").removeprefix("MU.")
        found.remove(unit)
    for context, name in told.items():
        if name:
            etree.SubElement(found, _new("Alias"), Context=context, Name=name)


def _expression(found: Any) -> None:
    code = etree.SubElement(found, _new("Code"))
    code.text, found.text = found.text, None


def _signature(returned: str) -> Callable[[Any], None]:
    def mend(found: Any) -> None:
        signature = etree.Element(_new("MethodSignature"))
        told = {"Name": "value", "DataType": returned, "OrderNumber": "1"}
        etree.SubElement(signature, _new("ReturnValue"), told)
        found.insert(1, signature)

    return mend


_NAMES = {"FormDef": "ItemGroupDef", "FormRef": "ItemGroupRef"}
_MENDED: dict[str, Callable[[Any], None]] = {
    "TranslatedText": _text,
    "FormRef": _form_ref,
    "FormDef": _form,
    "ItemGroupDef": _group,
    "ItemDef": _item,
    "FormalExpression": _expression,
    "ConditionDef": _signature("boolean"),
    "MethodDef": _signature("text"),
}


def _old(tag: str) -> str:
    return f"{{{OLD}}}{tag}"


def _new(tag: str) -> str:
    return f"{{{NAMESPACE}}}{tag}"
