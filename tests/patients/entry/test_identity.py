"""Who a patient is stays apart: out of free texts, and encrypted where it belongs."""

from pathlib import Path
from random import Random

import pytest
from django.db import connection, transaction

from patients.casebook.answers import identifying_value
from patients.casebook.identity import Identity, fingerprint
from patients.casebook.page import Page, Subject
from patients.entry.identity_patterns import identity_in
from patients.entry.reasons import Reason
from patients.entry.refusals import Refused
from patients.entry.register import register_identity
from patients.items.partial_date import PartialDate, read_partial_date
from patients.models import Demographics
from tests.patients.entry import desk
from trial.trail.actor import Source, acting, system_actor
from trial.trail.models import TrailChange

WEIGHTS, CHECK = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"


def id_card(first: str) -> str:
    """The number of an identity card from its first 17 digits."""
    return first + CHECK[sum(int(d) * w for d, w in zip(first, WEIGHTS, strict=True)) % 11]


def some_id_cards(count: int) -> list[str]:
    random = Random(18)
    places = ("110101", "330106", "310115", "440305")
    return [
        id_card(
            f"{random.choice(places)}{random.randint(1935, 2005)}{random.randint(1, 12):02d}"
            f"{random.randint(1, 28):02d}{random.randint(1, 999):03d}"
        )
        for _ in range(count)
    ]


CARDS = some_id_cards(12)
IDENTIFYING = (
    *CARDS[:6],
    f"身份证{CARDS[6]}，已核对",
    f"ID {CARDS[7]}.",
    f"({CARDS[8]})",
    f"患者身份证号：{CARDS[9]}",
    CARDS[10].lower(),
    id_card("11010119900307889").replace("X", "x"),
    "身份证号：330106123456",
    "13800138000",
    "+8613912345678",
    "+86 139 1234 5678",
    "86-13912345678",
    "138-0013-8000",
    "138 0013 8000",
    "tel. 15912345678",
    "手机：18657112233",
    "call wife at 17712345678 tomorrow",
    "电话13588887777（妻子）",
    "19912345678;",
    "微信同号13712345678",
    "contact 166-1234-5678 for results",
    "0571-87236114",
    "021-64370045",
    "010 62341234",
    "0755-25533018",
    "家庭电话 0571-8723611",
    "ward phone 0574-8708 7000, 0574-87087000",
    "住院号1234567",
    "住院号：0012345",
    "住院号: ZY0012345",
    "病案号 556677",
    "病案号#8899001",
    "门诊号：20231209",
    "门诊号2023120912",
    "病历号 MZ123456",
    "病历号：A12345",
    "MRN 1234567",
    "MRN: 00123456",
    "MRN#445566",
    "mrn 9988776",
    "hospital no 123456",
    "Hospital No. 7654321",
    "hospital number: 1234567",
    "Record no 998877",
    "record number A1234567",
    "medical record no. 12345",
    "pt record No: 0012345",
    "住院号:Z1234567 转入ICU",
    "marrow done, MRN 1234567, no blasts",
)  # fmt: skip
INNOCENT = (
    "46,XY[20]",
    "46,XX,t(8;21)(q22;q22)[18]/46,XX[2]",
    "47,XY,+8[5]/46,XY,del(5)(q13q33)[15]",
    "CD7+ CD34+ CD117+ HLA-DR− cCD3+",
    "HZ01-007",
    "HZ01-001 and HZ01-002 share a donor",
    "NCT05827835",
    "NCT05827835, protocol 1.0",
    "batch C7-2024-0105-003",
    "lot 20240105003",
    "batch 2024010512345678",
    "2024-01-05 13:40",
    "05 Jan 2024 to 19 Feb 2024",
    "20240105",
    "dose 148000000 cells",
    "2000000 cells/kg",
    "148.00 x 10^6 cells",
    "ANC 0.05, PLT 12, HGB 67",
    "LDH 1234567 U/L is a typing slip",
    "ferritin 12345678 ng/mL",
    "CRP 138.00138000 mg/L",
    "VCN 0.0013912345678 copies",
    "EBV DNA 13912345 copies/mL",
    "CAR copies 158000000/mL",
    "HLA-A*02:01, B*46:01, DRB1*09:01",
    "A*02:01:01:01, DRB1*15:01:01:01",
    "110101199003078888",  # an 18-digit number whose check digit is wrong
    "123456789012345678",
    "999999999999999999999",
    "sample barcode 2024010500012345",
    "fever 38.6, norepinephrine 0.05 µg/kg/min",
    "tocilizumab 8 mg/kg (560 mg) on day 3",
    "meropenem 1 g q8h for 14 days",
    "blasts 60.4 % of 200 cells",
    "MRD 0.013 % (500000 events)",
    "RUNX1 c.497G>A p.R166Q VAF 43.2 %",
    "NM_001754.4:c.497G>A",
    "rs1799945; chr21:36231782",
    "GRCh38 chr5:170837543",
    "ICD-10 C91.0, C92.0",
    "MedDRA 10016288",
    "ISBN 978-7-117-12345-6",
    "doi 10.1056/NEJMoa2313812",
    "PMID 38657244",
    "N Engl J Med 2024;390:1467-1478",
    "room 0571, bed 12",
    "day +28 of 1461 days",
    "weight 74.0 kg, height 172 cm",
    "住院期间无发热",
    "病历记录完整，门诊随访",
    "record reviewed, no number given",
)  # fmt: skip


@pytest.mark.requirement("PV-03")
def test_identities_in_free_text_are_found() -> None:
    assert len(IDENTIFYING) >= 50
    missed = [text for text in IDENTIFYING if not identity_in(text)]
    assert len(missed) <= 0.05 * len(IDENTIFYING), missed


@pytest.mark.requirement("PV-03")
def test_clinical_text_is_left_alone() -> None:
    assert len(INNOCENT) >= 50
    found = [text for text in IDENTIFYING if identity_in(text)]
    alarmed = [text for text in INNOCENT if identity_in(text)]
    assert len(found) / (len(found) + len(alarmed)) >= 0.90, alarmed


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("wife 13800138000, home", "13800138000"),
        (f"card {CARDS[0]}!", CARDS[0]),
        ("wife １３８００１３８０００, home", "１３８００１３８０００"),
        ("ＭＲＮ：１２３４５６７", "ＭＲＮ：１２３４５６７"),
        ("see 住院号：0012345 of the ward", "住院号：0012345"),
        ("nothing", ""),
        ("", ""),
    ],
)
def test_the_place_of_an_identity_is_named(text: str, found: str) -> None:
    assert identity_in(text) == found


# --- refused by the save --------------------------------------------------------------------------------
@pytest.fixture
def page(db: None) -> Page:
    return desk.page_of(desk.consented(), "DX")


@pytest.mark.requirement("PV-03")
def test_a_text_with_an_identity_is_refused_with_its_place(page: Page) -> None:
    with pytest.raises(Refused) as refusal:
        desk.save(page, desk.DX | {"lip_markers": "CD7+, call 13800138000"}, on=desk.CONSENT)
    (finding,) = refusal.value.findings
    assert (finding.item, finding.check) == ("lip_markers", "X-SYS-04")
    assert str(finding.message) == "Possible identity data: remove “13800138000”, at character 12."
    assert desk.now(page).version == 0


@pytest.mark.requirement("PV-03")
def test_every_text_with_an_identity_is_named(page: Page) -> None:
    with pytest.raises(Refused) as refusal:
        desk.save(page, {"lip_markers": "MRN 1234567", "karyotype_iscn": "tel 13800138000"})
    assert {finding.item for finding in refusal.value.findings} == {"lip_markers", "karyotype_iscn"}


@pytest.mark.requirement("PV-03")
def test_a_reason_with_an_identity_is_refused(page: Page) -> None:
    desk.save(page, {"relapse_n": "1"})
    with pytest.raises(Refused) as refusal:
        desk.save(page, {"relapse_n": "2"}, why=Reason(text="told by wife, 13800138000"))
    assert [(found.item, found.check) for found in refusal.value.findings] == [("relapse_n", "X-SYS-04")]
    assert not TrailChange.objects.filter(reason__contains="138").exists()


@pytest.mark.requirement("PV-03")
def test_a_key_of_a_record_that_cannot_be_looked_up_yet_is_searched_too(db: None) -> None:
    page = desk.page_of(desk.infused(), "INF", "C0")
    with pytest.raises(Refused) as refusal:
        desk.save(page, {"inf_batch": "13800138000"})
    assert [(found.item, found.check) for found in refusal.value.findings] == [("inf_batch", "X-SYS-04")]


# --- the birth date -------------------------------------------------------------------------------------
BORN, CORRECTED = "1992-04-04", "1991-11-23"


@pytest.fixture
def subject(db: None) -> Subject:
    """Born on one day, as entered first, and on another, as corrected."""
    subject = desk.consented()
    page = desk.page_of(subject, "DM")
    desk.save(page, desk.DM | {"birth_date": BORN}, on=desk.CONSENT)
    desk.save(page, {"birth_date": CORRECTED}, why=desk.BECAUSE)
    return Subject.objects.get(pk=subject.pk)


@pytest.mark.requirement("PV-01")
def test_the_birth_date_is_read_through_the_identity(subject: Subject) -> None:
    assert identifying_value(subject, "birth_date") == PartialDate(1991, 11, 23)
    assert subject.identity.birth_date == CORRECTED


@pytest.mark.requirement("PV-01")
def test_the_row_holds_a_keyed_hash_in_its_place(subject: Subject) -> None:
    row = Demographics.objects.get(page__subject=subject)
    assert row.birth_date == fingerprint(CORRECTED)
    assert list(row.history.values_list("birth_date", flat=True)) == [
        fingerprint(CORRECTED),
        fingerprint(BORN),
    ]


@pytest.mark.requirement("PV-01")
def test_the_trail_says_that_it_changed_and_not_to_what(subject: Subject) -> None:
    change = desk.changes_of(desk.last_event())["birth_date"]
    assert (change.old, change.new) == (fingerprint(BORN), fingerprint(CORRECTED))
    assert (change.old_shown, change.new_shown) == ("", "")


@pytest.mark.requirement("PV-01")
def test_the_history_of_the_identity_holds_hashes_alone(subject: Subject) -> None:
    columns = {column.name for column in Identity.history.model._meta.fields}
    assert columns.isdisjoint(Identity.UNVERSIONED)
    assert [version.marks["birth_date"] for version in subject.identity.history.all()] == [
        fingerprint(CORRECTED),
        fingerprint(BORN),
    ]


def spellings(day: str) -> set[str]:
    """The ways in which a day could stand somewhere."""
    known = read_partial_date(day).earliest
    return {day, f"{known:%Y%m%d}", f"{known:%Y/%m/%d}", f"{known:%d %b %Y}", f"{known:%d-%b-%Y}".upper()}


@pytest.mark.requirement("PV-01")
def test_a_dump_of_the_database_holds_no_birth_date_name_or_number(subject: Subject) -> None:
    secrets = {"Wang Fang", "王芳", "ZY0012345", *spellings(BORN), *spellings(CORRECTED)}
    register_identity(
        subject, full_name="Wang Fang 王芳", hospital_number="ZY0012345", by=desk.SYSTEM, source=Source.IMPORT
    )
    dump = desk.all_text()
    assert fingerprint(CORRECTED) in dump
    assert [secret for secret in secrets if secret in dump] == []
    found = Subject.objects.get(pk=subject.pk).identity
    assert (found.full_name, found.hospital_number) == ("Wang Fang 王芳", "ZY0012345")


@pytest.mark.requirement("PV-01")
def test_the_files_of_the_database_hold_no_birth_date(transactional_db: None) -> None:
    subject = desk.consented()
    desk.save(desk.page_of(subject, "DM"), desk.DM | {"birth_date": CORRECTED}, on=desk.CONSENT)
    if connection.vendor == "sqlite":
        file = Path(connection.settings_dict["NAME"])
        content = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    else:
        content = desk.all_text().encode()  # its files are the server's
    assert fingerprint(CORRECTED).encode() in content
    assert [secret for secret in spellings(CORRECTED) if secret.encode() in content] == []


@pytest.mark.requirement("PV-01")
def test_the_same_text_is_never_encrypted_to_the_same_bytes(subject: Subject) -> None:
    table = Identity._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT birth_date FROM {table}")
        first = cursor.fetchone()[0]
        with transaction.atomic(), acting(system_actor("test", Source.COMMAND)):
            subject.identity.save()
        cursor.execute(f"SELECT birth_date FROM {table}")
        assert cursor.fetchone()[0] != first


def test_a_hash_needs_the_key(settings, db: None) -> None:
    before = fingerprint(BORN)
    settings.IDENTITY_KEY = "another key"
    assert fingerprint(BORN) != before
    assert fingerprint("") == ""


def test_a_partial_birth_date_stays_partial(db: None) -> None:
    subject = desk.consented()
    desk.save(desk.page_of(subject, "DM"), desk.DM | {"birth_date": "UN-APR-1992"}, on=desk.CONSENT)
    assert identifying_value(Subject.objects.get(pk=subject.pk), "birth_date") == PartialDate(1992, 4)


def test_why_a_birth_date_is_missing_is_kept(db: None) -> None:
    page = desk.page_of(desk.consented(), "DM")
    desk.save(page, {"birth_date__missing": "unknown"})
    assert desk.row_of(page).missing == {"birth_date": "unknown"}
    desk.save(page, {"birth_date": BORN}, why=desk.BECAUSE)
    assert desk.row_of(page).missing == {}


def test_the_same_birth_date_typed_otherwise_is_no_change(subject: Subject) -> None:
    before = desk.content()
    desk.save(desk.page_of(subject, "DM"), {"birth_date": "23 Nov 1991"})
    assert desk.content() == before


def test_registering_the_same_identity_again_writes_nothing(subject: Subject) -> None:
    def register() -> None:
        found = Subject.objects.get(pk=subject.pk)
        register_identity(found, full_name="Wang", hospital_number="1", by=desk.SYSTEM, source=Source.IMPORT)

    register()
    before = desk.content()
    register()
    assert desk.content() == before
    assert Subject.objects.get(pk=subject.pk).identity.birth_date == CORRECTED


def test_no_finding_about_the_birth_date_says_it(db: None) -> None:
    """Its sentence would stand in a query, in work lists and in the trail."""
    subject = desk.consented()
    saved = desk.save(desk.page_of(subject, "DM"), {"birth_date": "2015-03-02", "sex": "M"}, on=desk.CONSENT)
    about = [str(each.message) for each in saved.findings if each.item == "birth_date"]
    assert len(about) == 1
    assert "Date of birth: the value does not keep to" in about[0]
    assert "2015-03-02" not in desk.all_text()
