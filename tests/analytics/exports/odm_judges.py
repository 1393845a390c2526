"""Who judges a file of ODM-XML and is not ours: the schema of CDISC, and the checks of OIDs of odmlib."""

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from lxml import etree
from odmlib import create_oid_checker
from odmlib.loader import ODMLoader
from odmlib.odm_loader import XMLODMLoader

from patients.casebook.odm import NAMESPACE, STUDY_OID

NS = {"o": NAMESPACE}


@cache
def schema(version: str = "1.3.2/ODM1-3-2.xsd") -> Any:
    return etree.XMLSchema(etree.parse(str(resources.files("odmlib.schemas") / "odm" / version)))


def check_oids(path: Path) -> None:
    """Every OID that is named is defined, as what it is named for; none is defined in vain but the study and
    its version where there are no data, and the reasons for having no value where all are there. The elements
    stand in their order."""
    loader = ODMLoader(XMLODMLoader(model_package="odm_1_3_2"))
    loader.open_odm_document(str(path))
    document = loader.root()
    checker = create_oid_checker("odm_1_3_2")
    document.verify_oids(checker)
    checker.check_oid_refs()
    in_vain = {oid for oid in checker.check_unreferenced_oids() if not oid.startswith((STUDY_OID, "USER."))}
    assert in_vain <= {"CL.MISSING", "CL.FLAG", "CL.QUERY", "CL.SDV", "CL.SIGNATURE"}
    document.verify_order()


def judge(path: Path) -> Any:
    """The document, once both have found nothing."""
    document = etree.parse(path)
    schema().assertValid(document)
    check_oids(path)
    return document
