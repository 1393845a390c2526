"""ODM-XML 1.3.2 of a lock: by the schema of CDISC and odmlib's check of OIDs, and against the snapshot."""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from odmlib.exceptions import OdmlibError

from analytics.exports.about import About, about
from analytics.exports.disclosure import Disclosure, days_of
from analytics.exports.odm.elements import element, odm
from analytics.exports.odm.metadata_2_0 import write_metadata_2_0
from analytics.exports.odm.snapshot_file import write_metadata, write_snapshot
from analytics.exports.odm.study_text import study_text
from analytics.locks.cut import SubjectFacts, Value
from analytics.locks.models import Lock
from analytics.locks.sealed_rows import cells_of, rows_of, texts_of
from analytics.locks.snapshot import Written, block_of, written_subjects
from analytics.locks.snapshot import write_snapshot as seal
from patients.casebook.form import form_model
from patients.casebook.header import DATA
from patients.casebook.odm import NAMESPACE, event_of, visit_of
from tests.analytics.casebooks import without_database
from tests.analytics.exports.conftest import HOSTILE
from tests.analytics.exports.odm_judges import NS, judge, schema
from tests.analytics.exports.test_cut_rest import body, get, taken
from trial.people.tokens import Dates
from trial.protocol.configuration import consent_versions
from trial.protocol.models import ConsentVersion

pytestmark = pytest.mark.xdist_group("exports")
ALL = Disclosure(Dates.TRUE, "2025-BGH-1")
CUTOFF = date(2025, 8, 5)
A_DAY = r"\d{4}-\d\d-\d\d"


Writes = Callable[..., Path]


def value(visit: str, form: str, key: str, item: str, text: str, missing: str = "", unit: str = "") -> Value:
    return Value("HZ01-001", visit, form, key, item, text, unit, missing)


def few() -> Iterator[Written]:
    """One subject with whatever a casebook can hold that a file may break on."""
    day = ("form_date", "2025-02-28")
    yield (
        SubjectFacts("HZ01-001", "HZ01", 40 * 365, alive_at_cutoff=True, progression_free_at_cutoff=False),
        [
            value("SCR", "ELIG", "", "form_date", "2025-01-02"),
            value("SCR", "ELIG", "", "enrol_dt", "2025-01-03"),
            value("SCR", "DX", "", "mutations", "NPM1|TP53"),
            value("SCR", "DX", "", "dx_date", "2024-06"),
            value("SCR", "DX", "", "relapse_n", "", "unknown"),
            value("LD4", "LD", "", "form_date", "", "after_cutoff"),
            value("UNS2", "VS", "", "form_date", "2025-03-01"),
            value("UNS2", "VS", "", "vs_temp", "38.50"),
            value("SCR", "VS", "", "form_date", "2025-01-02"),
            value("SCR", "VS", "", "not_done", "Y"),
            value("SCR", "VS", "", "not_done_reason", "refused"),
            *(value("", "AE", "key & <key>", *each) for each in (day, ("ae_term", "a"))),
            *(value("", "AE", str(number), *day) for number in range(len(HOSTILE))),
            *(value("", "AE", str(n), "ae_term", text) for n, text in enumerate(HOSTILE) if text),
            value("", "DONOR", "1", "form_date", "2025-01-02"),
            value("", "DONOR", "1", "r_hla", "A_1=A*02:01"),
            value("C1", "CRS", "", "form_date", "2025-02-20"),
        ],
    )


@pytest.fixture
def small(cut: Lock) -> Lock:
    """A lock of that subject, in no database."""
    sealed = seal(Path(settings.SNAPSHOT_DIR), CUTOFF, few())
    snapshot = type(cut.snapshot)(hash=sealed.hash, cutoff=CUTOFF)
    return Lock(pk=2, snapshot=snapshot, cutoff=CUTOFF, made_at=cut.made_at)


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Lock, Disclosure], Path]:
    def write(lock: Lock, to: Disclosure = ALL) -> Path:
        path = tmp_path / f"{lock.pk}-{to.dates}.xml"
        with without_database():
            write_snapshot(lock.snapshot.path, path, about(lock, to), {"HZ01-001": "2025-02-01"})
        return path

    return write


def read_back(document: Any) -> set[Value]:
    """The values of a document as a snapshot has them, but for their units."""
    found: set[Value] = set()
    for group in document.iterfind(".//o:ItemGroupData", NS):
        page, event = group.getparent(), group.getparent().getparent()
        form = page.get("FormOID").removeprefix("F.")
        visit = visit_of(event.get("StudyEventOID"), event.get("StudyEventRepeatKey", ""))
        if form == "SUBJECT":
            continue
        keys = [group.get("ItemGroupRepeatKey", "")]
        if group.get("ItemGroupOID") == "IG.PAGE":  # what a page says once, a snapshot says of each row
            keys = [one.get("ItemGroupRepeatKey", "") for one in page[1:]] or [""]
        for item in group:
            name, missing = item.get("ItemOID").split(".", 2)[2], item.findtext(".//o:FlagValue", "", NS)
            place = (event.getparent().get("SubjectKey"), visit, form)
            found |= {Value(*place, key, name, item.get("Value", ""), "", missing) for key in keys}
    return found


def sealed_values(lock: Lock) -> set[Value]:
    return {one._replace(unit="") for _facts, some in written_subjects(lock.snapshot.path) for one in some}


def test_the_demo_is_valid_and_holds_every_value(cut: Lock, written: Writes) -> None:
    document = etree.parse(written(cut))
    schema().assertValid(document)
    assert read_back(document) == sealed_values(cut)


def test_whatever_a_casebook_holds_survives(small: Lock, written: Writes) -> None:
    document = judge(written(small))
    assert read_back(document) == sealed_values(small)
    (known,) = document.iterfind(".//o:ItemGroupData[@ItemGroupOID='IG.SUBJECT']", NS)
    assert {item.get("ItemOID").split(".")[2]: item.get("Value") for item in known} == {
        "dates": "true",
        "genetic_data": "held",
        "planned_infusion": "2025-02-01",
        "age_days_at_enrolment": "14600",
        "alive_at_cutoff": "Y",
        "progression_free_at_cutoff": "N",
    }
    (temperature,) = document.iterfind(".//o:ItemData[@ItemOID='IT.VS.vs_temp']", NS)
    assert temperature.find("o:MeasurementUnitRef", NS).get("MeasurementUnitOID") == "MU.C"


def plainly(found: Iterable[Written], path: Path) -> None:
    """The data of a file as an XML library writes them, element by element."""
    with (
        etree.xmlfile(str(path), encoding="utf-8") as file,
        file.element(odm("ClinicalData"), nsmap={None: NAMESPACE}),
    ):
        for facts, values in found:
            with file.element(odm("SubjectData"), SubjectKey=facts.subject):
                file.write(element("SiteRef", {"LocationOID": f"LOC.{facts.site}"}))
                for visit, of_visit in groupby(values, attrgetter("visit")):
                    _plain_event(file, visit, list(of_visit))


def _plain_event(file: Any, visit: str, values: list[Value]) -> None:
    oid, repeat = event_of(visit)
    event = element("StudyEventData", {"StudyEventOID": oid, "StudyEventRepeatKey": repeat})
    for form, of_form in groupby(values, attrgetter("form")):
        page = etree.SubElement(event, odm("FormData"), FormOID=f"F.{form}")
        units = {item.name: item.declared.unit for item in form_model(form).items()}
        for number, (key, of_row) in enumerate(groupby(of_form, attrgetter("row_key"))):
            row = list(of_row)
            if number == 0:
                page.append(_plain_group("PAGE", "", [one for one in row if one.item in DATA], {}))
            own = [one for one in row if one.item not in DATA]
            if own or key:
                page.append(_plain_group(form, key, own, units))
    file.write(event)


def _plain_group(name: str, key: str, values: list[Value], units: dict[str, str]) -> Any:
    group = element("ItemGroupData", {"ItemGroupOID": f"IG.{name}", "ItemGroupRepeatKey": key})
    for one in values:
        item = etree.SubElement(group, odm("ItemData"), ItemOID=f"IT.{name}.{one.item}")
        item.set(*(("IsNull", "Yes") if one.missing else ("Value", one.value)))
        if one.missing:
            flag = element("Annotation", {"SeqNum": "1"}, [element("Flag")])
            for tag, oid, text in (
                ("FlagValue", "CL.MISSING", one.missing),
                ("FlagType", "CL.FLAG", "MISSING"),
            ):
                etree.SubElement(flag[0], odm(tag), CodeListOID=oid).text = text
            item.append(flag)
        elif units.get(one.item):
            etree.SubElement(item, odm("MeasurementUnitRef"), MeasurementUnitOID=f"MU.{units[one.item]}")
    return group


def canonical(clinical: Any) -> bytes:
    """Canonical XML without the form of the subject, and without line ends between elements."""
    for node in clinical.xpath(".//o:FormData[@FormOID='F.SUBJECT']", namespaces=NS):
        event = node.getparent()
        event.remove(node)
        if not len(event):
            event.getparent().remove(event)
    for node in clinical.iter():
        if not (node.text or "").strip():
            node.text = None
        node.tail = None
    text: bytes = etree.tostring(clinical, method="c14n", exclusive=True)
    return text


def test_it_is_what_an_xml_library_writes(cut: Lock, small: Lock, written: Writes, tmp_path: Path) -> None:
    for lock in (small, cut):
        clinical = etree.parse(written(lock)).find("o:ClinicalData", NS)
        clinical.attrib.clear()
        plainly(written_subjects(lock.snapshot.path), tmp_path / "plain.xml")
        assert canonical(clinical) == canonical(etree.parse(tmp_path / "plain.xml").getroot())


def test_what_no_xml_can_hold_is_marked(cut: Lock, written: Writes) -> None:
    facts, _values = next(few())
    sealed = seal(
        Path(settings.SNAPSHOT_DIR), CUTOFF, [(facts, [value("", "AE", "1", "ae_term", "a\x0bb\uffff")])]
    )
    lock = Lock(pk=3, snapshot=type(cut.snapshot)(hash=sealed.hash), cutoff=CUTOFF, made_at=cut.made_at)
    assert {one.value for one in read_back(etree.parse(written(lock)))} == {"a\ufffdb\ufffd"}


DEFECTS = (
    (
        "ItemRef to an item that is not there",
        'ItemRef ItemOID="IT.AE.ae_term"',
        'ItemRef ItemOID="IT.AE.none"',
    ),
    ("a site that is not there", 'LocationOID="LOC.HZ01"', 'LocationOID="LOC.XX"'),
    ("a list that is not there", 'CodeListRef CodeListOID="CL.NY"', 'CodeListRef CodeListOID="CL.N"'),
    ("an item that is a form", '<ItemData ItemOID="IT.AE.ae_term"', '<ItemData ItemOID="F.AE"'),
    ("a misspelt type", 'DataType="integer"', 'DataType="int"'),
    ("no study", "<Study ", "<Studie "),
    ("an element out of its order", "<ClinicalData ", "<ItemDef "),
)


@pytest.mark.parametrize(("before", "after"), [one[1:] for one in DEFECTS], ids=[one[0] for one in DEFECTS])
def test_a_planted_defect_is_found(
    small: Lock, written: Writes, tmp_path: Path, before: str, after: str
) -> None:
    whole = written(small).read_text()
    assert before in whole
    path = tmp_path / "planted.xml"
    path.write_text(whole.replace(before, after, 1))
    with pytest.raises((etree.XMLSyntaxError, etree.DocumentInvalid, OdmlibError)):
        judge(path)


# --- what a reader may have ---------------------------------------------------------------------------------
@pytest.mark.requirement("PV-04")
@pytest.mark.requirement("PV-05")
def test_a_reader_gets_no_more_than_it_may_have(small: Lock, written: Writes) -> None:
    document = judge(written(small, Disclosure()))
    text = etree.tostring(document, encoding="unicode")
    assert "r_hla" not in text
    assert "age_days_at_enrolment" not in text
    days = {each[:5]: each.value for each in sealed_values(small) if re.fullmatch(A_DAY, each.value)}
    told = {each[:5]: each.value for each in read_back(document)}
    moved = {date.fromisoformat(days[place]) - date.fromisoformat(told[place]) for place in days}
    assert len(days) > 4
    assert moved == {timedelta(days_of("HZ01-001"))}


def test_each_subject_has_its_own_days(cut: Lock, written: Writes) -> None:
    """What two subjects have in common is written once, but for the days that are moved."""
    codes, (facts, _values) = ("HZ01-001", "HZ01-002"), next(few())
    visit = value("", "VS", "", "form_date", "2025-03-01"), value("", "VS", "", "vs_temp", "38.5")
    content = [
        (replace(facts, subject=code), [one._replace(subject=code) for one in visit]) for code in codes
    ]
    sealed = seal(Path(settings.SNAPSHOT_DIR), CUTOFF, content)
    lock = Lock(pk=4, snapshot=type(cut.snapshot)(hash=sealed.hash), cutoff=CUTOFF, made_at=cut.made_at)
    told = {(one.subject, one.item): one.value for one in read_back(etree.parse(written(lock, Disclosure())))}
    for code in codes:
        assert told[code, "vs_temp"] == "38.5"
        moved = date(2025, 3, 1) - timedelta(days_of(code))
        assert told[code, "form_date"] == moved.isoformat()


def test_what_is_declared_is_made_anew_when_a_list_of_codes_has_changed(told: About) -> None:
    with without_database():
        before = study_text(told.metadata, told.disclosure)
        with consent_versions.being((ConsentVersion(version="of a longer name"),)):
            assert study_text(told.metadata, told.disclosure) != before
        assert study_text(told.metadata, told.disclosure) is before


def test_the_metadata_alone(told: About, tmp_path: Path) -> None:
    with without_database():
        assert write_metadata(tmp_path / "m.xml", told) == 36
    document = judge(tmp_path / "m.xml")
    item = document.find(".//o:ItemDef[@OID='IT.VS.vs_temp']", NS)
    assert [text.text for text in item.iterfind("o:Question/o:TranslatedText", NS)] == [
        "Highest temperature in 24 h",
        "24 小时最高体温",
    ]


def test_the_metadata_in_the_newer_standard(told: About, tmp_path: Path) -> None:
    with without_database():
        assert write_metadata_2_0(tmp_path / "m.xml", told) == 36
    document = etree.parse(tmp_path / "m.xml")
    schema("2.0/ODM.xsd").assertValid(document)
    defined = {one.get("OID") for one in document.iter() if one.get("OID")}
    led = {oid for one in document.iter() for name, oid in one.items() if re.fullmatch(r"\w+OID", name)}
    assert led - {document.getroot().get("FileOID")} <= defined


# --- the door -----------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.requirement("CP-03")
def test_it_leaves_as_any_file_does(lock: Lock, key: str) -> None:
    response = get(f"locks/{lock.pk}/odm.xml", key)
    content = body(response)
    assert response.headers["Content-Type"] == "application/xml"
    assert etree.fromstring(content).get("FileType") == "Snapshot"
    etag = response.headers["ETag"]
    assert get(f"locks/{lock.pk}/odm.xml", key, **{"If-None-Match": etag}).status_code == 304
    (event,) = taken()
    told = {change.item: change.new for change in event.changes.all()}
    assert etag == f'"{told["sha256"]}"'
    assert get(f"locks/{lock.pk}/odm.xml?kind=other", key).status_code == 404
    archive = zipfile.ZipFile(io.BytesIO(body(get(f"locks/{lock.pk}/bundle.zip?formats=odm", key))))
    (name,) = (one for one in archive.namelist() if one.startswith("odm/"))
    assert archive.read(name) == content


SIGNS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(st.lists(st.tuples(SIGNS, SIGNS, SIGNS, SIGNS, SIGNS), min_size=1, max_size=12))
def test_rows_are_cut_out_of_lines_whatever_stands_in_them(
    told: list[tuple[str, str, str, str, str]],
) -> None:
    """Quotes, backslashes and line ends in the place of a row, and commas and brackets everywhere."""
    values = sorted(Value("HZ01-001", "C0", f, key, item, text, "", why) for f, key, item, text, why in told)
    facts, _values = next(few())
    found = [
        ((*texts_of(page), *texts_of(key)), list(map(cells_of, sealed.split(place))))
        for place, page, key, sealed in rows_of(block_of(facts, values).lines)
    ]
    assert found == [(place, [one[4:] for one in row]) for place, row in groupby(values, itemgetter(1, 2, 3))]
