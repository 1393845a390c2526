"""Define-XML: by the schema of CDISC, by odmlib's reader, and against the transport files it describes."""

from importlib import resources
from pathlib import Path
from typing import Any

import pyreadstat
import pytest
from lxml import etree
from odmlib.define_loader import XMLDefineLoader
from odmlib.loader import ODMLoader

from analytics.exports.about import About
from analytics.exports.define_xml import ADAM, DEF, ODM, SDTM, Standard, write
from analytics.exports.formats.registry import FORMATS
from analytics.exports.formats.sas_names import sas_names
from analytics.exports.tables import Standard as Tabulated
from analytics.exports.tables import Table

pytestmark = pytest.mark.xdist_group("exports")
NAMES = {"o": ODM, "d": DEF}


@pytest.fixture(params=[ADAM, SDTM], ids=lambda standard: standard.name)
def standard(request: pytest.FixtureRequest) -> Standard:
    found: Standard = request.param
    return found


@pytest.fixture
def described(tables: dict[str, Table], standard: Standard) -> dict[str, Table]:
    of = Tabulated.SDTM if standard is SDTM else Tabulated.ANALYSIS
    return {table.name: table for table in tables.values() if table.standard is of and table.frame().height}


@pytest.fixture
def path(described: dict[str, Table], told: About, tmp_path: Path, standard: Standard) -> Path:
    write(described, tmp_path / "define.xml", told, standard)
    return tmp_path / "define.xml"


def schema() -> Any:
    place = resources.files("odmlib.schemas") / "define/2.1/define2-1-0.xsd"
    return etree.XMLSchema(etree.parse(str(place)))


def test_it_is_valid_and_every_oid_leads_somewhere(path: Path) -> None:
    document = etree.parse(path)
    schema().assertValid(document)
    defined = set(document.xpath("//@OID | //@ID", namespaces=NAMES))
    led = document.xpath(
        "//@ItemOID | //@CodeListOID | //@MethodOID | //@d:ArchiveLocationID | //@d:StandardOID",
        namespaces=NAMES,
    )
    assert set(led) <= defined
    assert {one for one in defined if one.startswith(("IT.", "CL.", "MT."))} <= set(led)


def test_a_planted_fault_is_found(path: Path) -> None:
    document = etree.parse(path)
    item = document.find(f".//{{{ODM}}}ItemDef")
    item.set("DataType", "txt")
    assert not schema().validate(document)


def test_odmlib_reads_it(path: Path, described: dict[str, Table]) -> None:
    loader = ODMLoader(XMLDefineLoader(model_package="define_2_1", ns_uri=DEF))
    loader.open_odm_document(str(path))
    version = loader.MetaDataVersion()
    names = sas_names(described)
    assert [group.Name for group in version.ItemGroupDef] == list(names.values())


def test_it_describes_the_transport_files(
    path: Path, described: dict[str, Table], told: About, tmp_path: Path
) -> None:
    """The same columns in the same order, and no text longer than it says."""
    document = etree.parse(path)
    items = {one.get("OID"): one for one in document.iter(f"{{{ODM}}}ItemDef")}
    for group in document.iter(f"{{{ODM}}}ItemGroupDef"):
        table = described[group.get("OID").removeprefix("IG.")]
        file = tmp_path / f"{table.name}.xpt"
        FORMATS["xpt"].write(table, file, told)
        frame, about_it = pyreadstat.read_xport(str(file))
        refs = [items[ref.get("ItemOID")] for ref in group.iter(f"{{{ODM}}}ItemRef")]
        assert [item.get("Name") for item in refs] == about_it.column_names
        for item in refs:
            texts = [len(text) for text in frame[item.get("Name")] if isinstance(text, str)]
            if item.get("DataType") == "text" and texts:
                assert max(texts) <= int(item.get("Length")), item.get("OID")
