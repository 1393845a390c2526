"""SDTM: what the standard asks of every domain, above all what its rules engine does not see (a sequence that
is missing or doubled, a death without its flag), and that nothing of the casebook is lost or changed."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from analytics.datasets.story import tell
from analytics.exports.disclosure import Disclosure, days_of, disclosed
from analytics.exports.form_tables import exported_items
from analytics.exports.sdtm.datasets import PREFIX, of_subjects
from analytics.exports.sdtm.domains import DOMAINS, FINDINGS, GENERAL, MOST_BYTES, Class, supplemental
from analytics.exports.sdtm.mapping import LEFT_OUT
from analytics.exports.sdtm.reading import NOT_READ
from analytics.exports.sdtm.sources import source_of
from analytics.exports.sdtm.targets import short_name
from analytics.exports.tables import Kind, Standard, Table
from patients.casebook.answers import Record
from patients.casebook.form import declared_forms, form_model
from patients.items.partial_date import PartialDate
from tests.analytics.casebooks import T0, cut, day, died, grafted, infused, moment, row, without_database
from trial.people.tokens import Dates

pytestmark = pytest.mark.xdist_group("exports")
TOPICS = {Class.INTERVENTIONS: "TRT", Class.EVENTS: "TERM", Class.FINDINGS: "TESTCD", Class.ABOUT: "TESTCD"}
REQUIRED = {
    "DM": "SUBJID SITEID SEX",
    "SE": "ETCD SESTDTC EPOCH",
    "SV": "VISITNUM VISIT SVSTDTC",
    "AE": "AESTDTC AESER AETOXGR",
    "EX": "EXDOSE EXDOSU EXSTDTC",
    "DS": "DSDECOD DSCAT DSSTDTC",
    "FA": "FAOBJ FATEST FAORRES FASTRESC",
    "LB": "LBTEST LBCAT LBDTC",
    "RS": "RSTEST RSORRES",
    "TS": "TSPARM TSVAL",
    "TI": "IETEST IECAT",
    "TV": "VISIT TVSTRL",
    "TA": "ARM ETCD EPOCH",
    "TE": "ELEMENT TESTRL",
}
ISO = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d)?)?)?")
GENETIC = {"DX": "karyotype_iscn fusion_genes mutations", "RESP": "mol_marker mol_result"}
OF_ANALYSIS = ("AD", "audit", "DM.SUBJID", "DM.BRTHDTC", "DM.AGE", "DM.DTHDTC", "RELREC")
"""Items of the analysis or the trail, and those that DM holds in another item's place."""


@pytest.fixture
def domains(tables: dict[str, Table]) -> dict[str, Table]:
    return {table.name: table for table in tables.values() if table.standard is Standard.SDTM}


def rows(domains: dict[str, Table], name: str, **of: Any) -> list[dict[str, Any]]:
    frame = domains[name].frame()
    for column, value in of.items():
        frame = frame.filter(pl.col(column) == value)
    return frame.rows(named=True)


# --- what holds for every domain ----------------------------------------------------------------------------
def test_names_labels_and_texts_have_room_in_a_transport_file(domains: dict[str, Table]) -> None:
    assert len(domains) == len(DOMAINS)
    for table in domains.values():
        assert len(table.name) <= 8
        assert len(str(table.label)) <= 40
        frame = table.frame()
        for column in table.columns:
            assert re.fullmatch("[A-Z][A-Z0-9]{0,7}", column.name)
            assert 0 < len(str(column.label)) <= 40, column
            if frame[column.name].dtype == pl.String and frame.height:
                longest = frame[column.name].str.len_bytes().max() or 0
                assert longest <= MOST_BYTES, (table.name, column.name)  # type: ignore[operator]
                assert column.kind is Kind.PARTIAL_DATE or longest <= column.length, (table.name, column.name)  # type: ignore[operator]


def test_every_record_has_its_identifiers_and_its_topic(domains: dict[str, Table]) -> None:
    for name, table in domains.items():
        frame, domain = table.frame(), DOMAINS[name]
        needed = [one for one in ("STUDYID", "DOMAIN", "USUBJID", f"{name}SEQ") if one in frame.columns]
        needed += [f"{name}{TOPICS[domain.of]}", f"{name}SPID"] if domain.of in GENERAL else []
        needed += REQUIRED.get(name, "").split()
        assert not sum(frame[one].null_count() for one in needed), (name, needed)
        assert all(frame.filter(pl.col(one).cast(pl.String) == "").is_empty() for one in needed), name
        if "DOMAIN" in frame.columns:
            assert set(frame["DOMAIN"]) <= {name}


def test_records_are_told_apart_by_their_keys_and_numbered_without_gaps(domains: dict[str, Table]) -> None:
    for name, table in domains.items():
        frame = table.frame()
        assert not frame.select(table.keys).is_duplicated().any(), name
        if f"{name}SEQ" in frame.columns and "USUBJID" in frame.columns:
            for (_subject,), own in frame.group_by("USUBJID"):
                assert sorted(own[f"{name}SEQ"]) == list(range(1, own.height + 1)), name


def test_every_date_is_iso_and_every_day_of_study_is_counted_from_day_1(domains: dict[str, Table]) -> None:
    origin = {one["USUBJID"]: one["RFSTDTC"] for one in rows(domains, "DM")}
    counted = 0
    for table in domains.values():
        frame = table.frame()
        for column in (one.name for one in table.columns if one.kind is Kind.PARTIAL_DATE):
            assert all(ISO.fullmatch(text) for text in frame[column].drop_nulls()), (table.name, column)
            days = f"{column.removesuffix('DTC')}DY"
            for subject, at, number in (
                zip(frame["USUBJID"], frame[column], frame[days], strict=True)
                if days in frame.columns
                else ()
            ):
                if at is None or len(at) < 10 or origin[subject] is None:
                    assert number is None
                    continue
                passed = (date.fromisoformat(at[:10]) - date.fromisoformat(origin[subject][:10])).days
                assert number == passed + (passed >= 0) != 0
                counted += 1
    assert counted > 10_000


def test_a_short_name_has_one_name_and_a_name_one_short_name(domains: dict[str, Table]) -> None:
    for name, table in domains.items():
        if DOMAINS[name].of in FINDINGS:
            names = table.frame().select(f"{name}TESTCD", f"{name}TEST").unique()
            assert not names[f"{name}TESTCD"].is_duplicated().any(), name
            assert not names[f"{name}TEST"].is_duplicated().any(), name


def test_who_died_has_the_flag_and_who_has_the_flag_died(domains: dict[str, Table]) -> None:
    subjects = rows(domains, "DM")
    assert {one["DTHFL"] for one in subjects} == {"Y", None}
    assert all((one["DTHDTC"] is None) == (one["DTHFL"] is None) for one in subjects)
    dead = {one["USUBJID"] for one in subjects if one["DTHFL"]}
    assert {one["USUBJID"] for one in rows(domains, "DD", DDTESTCD="PRCDTH")} == dead
    assert {one["USUBJID"] for one in rows(domains, "DS", DSDECOD="DEATH")} == dead


def test_every_qualifier_and_relation_names_a_record_that_is_there(domains: dict[str, Table]) -> None:
    for name in [one for one in domains if one.startswith("SUPP")]:
        frame = domains[name].frame()
        for (domain, variable), own in frame.group_by("RDOMAIN", "IDVAR"):
            of = domains[str(domain)].frame()
            named = (
                of.select("USUBJID", pl.col(variable).cast(pl.String).alias("IDVARVAL")) if variable else of
            )
            on = ["USUBJID", "IDVARVAL"] if variable else ["USUBJID"]
            assert own.join(named, on=on, how="anti").is_empty(), (name, variable)
    subjects = set(domains["DM"].frame()["USUBJID"])
    assert all(
        set(table.frame()["USUBJID"]) <= subjects for table in domains.values() if "USUBJID" in table.schema
    )


# --- nothing is lost or changed -----------------------------------------------------------------------------
def test_every_item_goes_somewhere() -> None:
    """But for those of the analysis and the trail, and forms that are about another person or a product."""
    held = {item for name in DOMAINS for one in DOMAINS[name].variables for item in source_of(name, one)[0]}
    lost = [
        f"{model.form.code}.{item.name}"
        for model in declared_forms()
        if model.form.code not in LEFT_OUT
        for item in exported_items(model)
        if f"{model.form.code}.{item.name}" not in held
        and not item.declared.cdisc.startswith(OF_ANALYSIS)
        and not isinstance(item, NOT_READ)
    ]
    assert not lost


def test_what_the_domains_hold_is_what_the_forms_and_the_analysis_hold(
    domains: dict[str, Table], tables: dict[str, Table]
) -> None:
    results, analysed = (
        domains["LB"].frame().filter(pl.col("LBSPID").str.starts_with("LAB/")),
        tables["ADLB"].frame(),
    )
    assert results.height == analysed.height
    assert sorted(results["LBSTRESN"].drop_nulls()) == sorted(
        analysed.filter(~pl.col("LBORRES").str.contains("[<>]"))["AVAL"].drop_nulls()
    )
    assert sorted(zip(results["LBTESTCD"], results["LBORRES"].fill_null(""), strict=True)) == sorted(
        zip(analysed["PARAMCD"], analysed["LBORRES"].fill_null(""), strict=True)
    )
    events, known = domains["AE"].frame(), tables["ADAE"].frame()
    assert sorted(zip(events["AESPID"], events["AETERM"], events["AETOXGR"], strict=True)) == sorted(
        zip("AE//" + known["row_key"], known["AETERM"], known["AETOXGR"].cast(pl.String), strict=True)
    )
    cells = rows(domains, "EX", EXCAT="CAR-T")
    assert sorted(one["EXDOSE"] for one in cells) == sorted(tables["INF"].frame()["inf_dose_kg"])
    given = tables["LD"].frame()["ld_dose_given"].drop_nulls()
    assert sorted(one["EXDOSE"] for one in rows(domains, "EX", EXCAT="LYMPHODEPLETION")) == sorted(given)
    assert {one["SUBJID"]: one["SEX"] for one in rows(domains, "DM")} == dict(
        zip(tables["ADSL"].frame()["SUBJID"], tables["ADSL"].frame()["SEX"], strict=True)
    )


def test_a_variable_names_items_that_are_there(domains: dict[str, Table]) -> None:
    for table in domains.values():
        for column in table.columns:
            for source in column.source:
                form, _dot, item = source.partition(".")
                assert form_model(form).item(item)


# --- one subject, by hand -----------------------------------------------------------------------------------
def of(*records: Record) -> dict[str, list[dict[str, Any]]]:
    """The domains of a subject with these records."""
    with without_database():
        cut_at = date(2024, 12, 31)
        found = of_subjects([tell(cut(records, cut_at), cut_at)])
    return {name: frame.rows(named=True) for name, frame in found.items()}


def treated(*more: Record) -> dict[str, list[dict[str, Any]]]:
    """Lymphodepletion five days before T0, the graft 20 days after it."""
    dose = row(
        "LD",
        day(-5),
        "LD1",
        key="fludarabine",
        ld_drug="fludarabine",
        ld_date=day(-5),
        ld_dose_given=Decimal(57),
    )
    return of(*infused(), dose, grafted(20), *more)


def test_a_subject_goes_through_its_elements() -> None:
    elements = treated(died(200))["SE"]
    assert [(one["ETCD"], one["SESTDY"], one["SEENDY"]) for one in elements] == [
        ("SCRN", -18, 1),
        ("LD", 1, 6),
        ("CART", 6, 26),
        ("HSCT", 26, 127),
        ("FU", 127, 206),
    ]
    assert elements[0]["SESTDTC"] == (T0 - timedelta(23)).isoformat()
    (subject,) = of(*infused())["DM"]
    assert subject["RFSTDTC"] == T0.isoformat()
    assert (subject["ARMCD"], subject["ACTARMCD"], subject["ARMNRS"]) == ("CART-HAPLO", "CART-HAPLO", None)


def test_who_was_never_treated_has_no_actual_arm() -> None:
    (subject,) = of(*infused()[:3])["DM"]
    assert (subject["ARMCD"], subject["ACTARMCD"], subject["ARMNRS"], subject["RFSTDTC"]) == (
        "CART-HAPLO", None, "ASSIGNED, NOT TREATED", None,
    )  # fmt: skip


def an_event(**more: Any) -> Record:
    said = {"ae_term": "Fever", "ae_serious": False, "ae_grade": "2", "ae_outcome": "RECOVERED/RESOLVED"}
    return row("AE", T0, key="1", **(said | more))


def test_an_event_keeps_its_partial_dates_and_has_an_epoch_only_where_its_day_is_known() -> None:
    partly, exactly = PartialDate(2024, 3), PartialDate(2024, 3, 4)
    (event,) = treated(an_event(ae_start=partly, ae_end=exactly))["AE"]
    assert (event["AESTDTC"], event["AESTDY"], event["EPOCH"]) == ("2024-03", None, None)
    assert (event["AEENDTC"], event["AEENDY"]) == ("2024-03-04", 9)
    (event,) = treated(an_event(ae_start=exactly, ae_start_time=moment(T0).time()))["AE"]
    assert (event["AESTDTC"], event["AESTDY"], event["EPOCH"]) == ("2024-03-04T14:00", 9, "TREATMENT")


def test_a_text_of_more_than_200_bytes_goes_on_as_a_qualifier() -> None:
    term = "慢性移植物抗宿主病" * 20
    found = treated(an_event(ae_term=term, ae_start=PartialDate.of(T0)))
    rest = [one for one in found["SUPPAE"] if one["QNAM"].startswith("AETERM")]
    assert [one["QNAM"] for one in rest] == ["AETERM1", "AETERM2"]
    assert found["AE"][0]["AETERM"] + "".join(one["QVAL"] for one in rest) == term
    assert {(one["IDVAR"], one["IDVARVAL"]) for one in rest} == {("AESEQ", "1")}


def test_a_medicine_is_related_to_the_event_that_it_was_given_for() -> None:
    medicine = row("CM", T0, key="1", cm_name="paracetamol", cm_start=PartialDate.of(T0), cm_ae_link="1")
    found = treated(an_event(ae_start=PartialDate.of(T0)), medicine)
    assert [(one["RDOMAIN"], one["IDVAR"], one["IDVARVAL"], one["RELID"]) for one in found["RELREC"]] == [
        ("CM", "CMSEQ", "1", "R1"), ("AE", "AESEQ", "1", "R1"),
    ]  # fmt: skip


def test_a_criterion_that_was_not_met_and_a_form_that_was_not_done_are_said() -> None:
    failed = row("ELIG", T0, "SCR", icf_main_dt=moment(T0), inc06_ecog="N", exc04_cns="Y", inc02_age="Y")
    assert [(one["IETESTCD"], one["IEORRES"]) for one in of(failed)["IE"]] == [
        ("INCL06", "N"),
        ("EXCL04", "Y"),
    ]
    missed = row("VS", T0, "C0", header={"not_done": "Y", "not_done_reason": "refused"})
    (signs,) = [one for one in treated(missed)["VS"] if one["VSTESTCD"] == "VSALL"]
    assert (signs["VSSTAT"], signs["VSREASND"], signs["VSORRES"]) == ("NOT DONE", "refused", None)


def test_a_result_below_detection_is_no_number() -> None:
    said = {"lab_dt": moment(T0), "lab_test": "CRP", "lab_value": Decimal(5), "lab_unit": "mg/L"}
    below = row("LAB", T0, "C0", key="CRP", lab_cmp="<", lab_status="done", **said)
    (result,) = (one for one in treated(below)["LB"] if one["LBTESTCD"] == "CRP")
    assert (result["LBORRES"], result["LBSTRESC"], result["LBSTRESN"]) == ("<5", "<5", None)
    assert (result["LBSTRESU"], result["VISIT"], result["LBDY"]) == ("mg/L", "CAR-T infusion (T0)", 6)


# --- what a reader may have ---------------------------------------------------------------------------------
def told(table: Table, to: Disclosure) -> Iterator[dict[str, Any]]:
    yield from disclosed(table, to).frame().rows(named=True)


@pytest.mark.requirement("PV-05")
def test_genetic_records_leave_under_a_filing_alone(domains: dict[str, Table]) -> None:
    genetic = {
        short_name(form_model(form), form_model(form).item(item))
        for form, items in {
            "DX": "karyotype_iscn fusion_genes mutations",
            "RESP": "mol_marker mol_result",
        }.items()
        for item in items.split()
    }
    withheld = {one["GFTESTCD"] for one in told(domains["GF"], Disclosure())}
    filed = {one["GFTESTCD"] for one in told(domains["GF"], Disclosure(Dates.SHIFTED, "2025-BGH-1"))}
    assert "KRYTYPIS" in filed - withheld
    assert filed - withheld <= genetic
    assert not withheld & genetic
    assert withheld


@pytest.mark.requirement("PV-04")
def test_a_result_or_qualifier_that_is_a_date_moves_with_the_dates_of_its_subject(
    domains: dict[str, Table],
) -> None:
    moved = 0
    for name in ("FA", supplemental("PR"), supplemental("DV")):
        column = "FAORRES" if name == "FA" else "QVAL"
        for was, now in zip(
            domains[name].frame().rows(named=True), told(domains[name], Disclosure()), strict=True
        ):
            if re.fullmatch(r"\d{4}-\d\d-\d\d(T.*)?", was[column] or ""):
                shift = timedelta(days_of(was["USUBJID"].removeprefix(PREFIX)))
                assert date.fromisoformat(was[column][:10]) - shift == date.fromisoformat(now[column][:10])
                moved += 1
            else:
                assert was[column] == now[column]
    assert moved > 20
