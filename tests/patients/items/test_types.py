"""Each type of item: what it reads, keeps as text and shows; what it refuses, and in which words."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.items.codelists import NY, REL, RESP, Code, CodeList, codes
from patients.items.item import Item
from patients.items.partial_date import PartialDate, read_partial_date
from patients.items.problems import NotAnAnswer
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    CodedTextItem,
    DateItem,
    DateTimeItem,
    DecimalItem,
    GridItem,
    IntegerItem,
    MultiItem,
    MultiReferenceItem,
    PartialDateItem,
    ReferenceItem,
    TextItem,
    TimeItem,
    UserItem,
)
from trial.protocol.study import SITE_ZONE

unhurried = settings(deadline=None)

INTEGER = IntegerItem("n")
DECIMAL = DecimalItem("d", 5, 2)
YES_NO = BooleanItem("b")
DATE, PARTIAL, MOMENT, CLOCK = DateItem("d"), PartialDateItem("d"), DateTimeItem("m"), TimeItem("t")
TEXT, TERM, USER = TextItem("t", 10), CodedTextItem("t", "MedDRA", length=20), UserItem("u")
CHOICE = ChoiceItem("c", RESP)
MULTI = MultiItem("m", codes("m", "a", "b", "none"), exclusive=("none",))
KEY, KEYS = ReferenceItem("r", "DONOR.donor_id"), MultiReferenceItem("r", "AE.ae_no")
GRID = GridItem("g", codes("cells", "L", "R"), codes("grades", "0", "1"))
CAUSES = GridItem("g", CodeList("components", (Code("cart", "CAR-T"),)), REL)
TEXT_GRID = GridItem("g", codes("cells", "A", "B"), pattern=r"\d+:\d+")


@dataclass(frozen=True)
class Case:
    """What is typed, the value, and the text and the words of the value where they are not what was typed."""

    item: Item
    typed: str
    value: Any
    text: str = ""
    shown: str = ""


CASES = (
    Case(INTEGER, "0", 0),
    Case(INTEGER, "-3", -3),
    Case(INTEGER, "+7", 7, "7"),
    Case(INTEGER, "007", 7, "7"),
    Case(INTEGER, "9" * 18, 10**18 - 1),
    Case(DECIMAL, "1", Decimal("1")),
    Case(DECIMAL, "1.0", Decimal("1.0")),
    Case(DECIMAL, "1.00", Decimal("1.00")),
    Case(DECIMAL, "0", Decimal("0")),
    Case(DECIMAL, "0.00", Decimal("0.00")),
    Case(DECIMAL, "-0.0", Decimal("0.0"), "0.0"),
    Case(DECIMAL, "-0", Decimal("0"), "0"),
    Case(DECIMAL, "+5.5", Decimal("5.5"), "5.5"),
    Case(DECIMAL, "-999.99", Decimal("-999.99")),
    Case(DECIMAL, "007.50", Decimal("7.50"), "7.50"),
    Case(DecimalItem("d", 13, 0), "1000000000000", Decimal("1000000000000")),
    Case(DecimalItem("d", 9, 6), "0.000001", Decimal("0.000001")),
    Case(YES_NO, "Y", True, shown="Yes"),
    Case(YES_NO, "N", False, shown="No"),
    Case(DATE, "2025-08-05", date(2025, 8, 5)),
    Case(DATE, "05 Aug 2025", date(2025, 8, 5), "2025-08-05"),
    Case(PARTIAL, "2025", PartialDate(2025)),
    Case(PARTIAL, "UN-AUG-2025", PartialDate(2025, 8), "2025-08"),
    Case(PARTIAL, "2025-08-05", PartialDate(2025, 8, 5)),
    Case(
        MOMENT,
        "2025-08-05 14:30",
        datetime(2025, 8, 5, 14, 30, tzinfo=SITE_ZONE),
        "2025-08-05T14:30:00+08:00",
        "2025-08-05 14:30",
    ),
    Case(
        MOMENT,
        "2025-08-05T14:30:15",
        datetime(2025, 8, 5, 14, 30, 15, tzinfo=SITE_ZONE),
        "2025-08-05T14:30:15+08:00",
        "2025-08-05 14:30",
    ),
    Case(
        MOMENT,
        "2025-08-05T23:30:00Z",
        datetime(2025, 8, 5, 23, 30, tzinfo=UTC),
        "2025-08-06T07:30:00+08:00",
        "2025-08-06 07:30",
    ),
    Case(
        MOMENT,
        "2025-08-05T14:30:00.000001-05:00",
        datetime(2025, 8, 5, 14, 30, 0, 1, tzinfo=timezone(timedelta(hours=-5))),
        "2025-08-06T03:30:00.000001+08:00",
        "2025-08-06 03:30",
    ),
    Case(CLOCK, "14:30", time(14, 30)),
    Case(CLOCK, "00:00", time(0, 0)),
    Case(TEXT, "0123456789", "0123456789"),
    Case(TEXT, "白血病 <b>", "白血病 <b>"),
    Case(TEXT, "a\nb\tc", "a\nb\tc"),
    Case(TERM, "febrile neutropenia", "febrile neutropenia"),
    Case(USER, "ana.li", "ana.li"),
    Case(CHOICE, "CRi", "CRi", shown="CRi: with incomplete haematological recovery"),
    Case(MULTI, "b|a", ["a", "b"], "a|b", "a; b"),
    Case(MULTI, "a|a| b ", ["a", "b"], "a|b", "a; b"),
    Case(MULTI, "none", ["none"], "none", "none"),
    Case(KEY, "D-1", "D-1"),
    Case(KEYS, "2|1|2", ["1", "2"], "1|2"),
    Case(GRID, "R=1|L=0", {"L": "0", "R": "1"}, "L=0|R=1", "L: 0; R: 1"),
    Case(CAUSES, "cart=possible", {"cart": "possible"}, shown="CAR-T: possible"),
    Case(CAUSES, "cart=not_related", {"cart": "not_related"}, shown="CAR-T: not related"),
    Case(TEXT_GRID, "A=02:01", {"A": "02:01"}, "A=02:01", "A: 02:01"),
)


def named(case: Case) -> str:
    return f"{case.item.type_name} {case.typed[:12]}"


@pytest.mark.requirement("DI-06")
@pytest.mark.parametrize("case", CASES, ids=named)
def test_an_answer_is_read(case: Case) -> None:
    value = case.item.read(case.typed)
    assert value == case.value
    assert type(value) is type(case.value)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_value_is_kept_as_text(case: Case) -> None:
    assert case.item.text(case.value) == (case.text or case.typed)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_value_is_shown_in_words(case: Case) -> None:
    assert case.item.shown(case.value) == (case.shown or case.text or case.typed)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_the_text_of_a_value_reads_back_as_the_value(case: Case) -> None:
    assert case.item.read(case.item.text(case.value)) == case.value


@pytest.mark.parametrize("item", {case.item.type_name: case.item for case in CASES}.values())
def test_no_value_has_no_text_and_shows_nothing(item: Item) -> None:
    assert (item.text(None), item.shown(None), item.with_unit(None)) == ("", "", "")


REFUSED = (
    *(
        (INTEGER, typed)
        for typed in ("1.0", "1e3", "", "one", "٣", "５", "1 000", "1,000", "0x1", "--1", "9" * 19)
    ),
    *(
        (DECIMAL, typed)
        for typed in ("1,5", "1e2", ".5", "5.", "", "NaN", "inf", "1.234", "1000", "-1000.00")
    ),
    *((DECIMAL, typed) for typed in ("１.５", "1.5 ", "9" * 25, "9" * 5000, "1_0", "½")),
    *((YES_NO, typed) for typed in ("y", "yes", "1", "true", "NA")),
    *((DATE, typed) for typed in ("2025-08", "5/8/2025", "2025-02-29", "2025-08-00", "9999-12-31")),
    *((PARTIAL, typed) for typed in ("5/8/2025", "08-2025", "2025-00")),
    *((MOMENT, typed) for typed in ("2025-08-05", "2025-08-05 14", "2025-08-05 25:00", "2025-08-05 14:60")),
    *(
        (MOMENT, typed)
        for typed in ("20250805T1430", "2025-W32-2T14:30", "2025-08-05 24:00", "2025-08-05 2pm")
    ),
    *((MOMENT, typed) for typed in ("2025-02-29 10:00", "0001-01-01 00:00", "9999-12-31T23:59:00-08:00")),
    *((MOMENT, typed) for typed in ("2025-08-05 14:30:61", "2025-08-05T14:30:00+99:00")),
    *((CLOCK, typed) for typed in ("14", "2:30", "24:00", "14:30:15", "T14:30", "14:30+08:00", "1430")),
    *((TEXT, typed) for typed in ("0123456789x", "a\x00b", "a\ud800", "\udfff")),
    *((USER, typed) for typed in ("x" * 151, "a\x00", "\ud800")),
    *((CHOICE, typed) for typed in ("cri", "CR|PR", "remission", " CR")),
    *((MULTI, typed) for typed in ("c", "a|c", "none|a")),
    *((KEY, typed) for typed in ("x" * 81, "a\x00", "\ud800")),
    *((KEYS, typed) for typed in ("a\x00|b", "\udc00")),
    *((GRID, typed) for typed in ("X=1", "L=2", "L", "L=", "=1")),
    *((TEXT_GRID, typed) for typed in ("A=2", "C=1:1", "A=1:1\x00")),
)


@pytest.mark.parametrize(("item", "typed"), REFUSED)
def test_what_is_no_answer_is_refused_in_words(item: Item, typed: str) -> None:
    with pytest.raises(NotAnAnswer) as refusal:
        item.read(typed)
    assert str(refusal.value.message)


@pytest.mark.parametrize("typed", ["2024", "2024-03", "UN-MAR-2024"])
def test_a_partial_date_is_no_answer_where_a_full_one_is_asked(typed: str) -> None:
    """X-SYS-02."""
    assert read_partial_date(typed)
    for item in (DateItem("Day"), DateTimeItem("Moment")):
        with pytest.raises(NotAnAnswer):
            item.read(typed)
    with pytest.raises(NotAnAnswer, match="a full date is required"):
        DateItem("Day").read(typed)


def test_a_refusal_names_what_was_typed() -> None:
    for item, typed in ((INTEGER, "one"), (DECIMAL, "1,5"), (DATE, "5/8/2025"), (CHOICE, "remission")):
        with pytest.raises(NotAnAnswer, match=typed):
            item.read(typed)


def test_a_refusal_of_a_choice_names_what_may_be_answered() -> None:
    with pytest.raises(NotAnAnswer, match="not one of: Y, N"):
        YES_NO.read("maybe")


def test_a_refusal_of_too_many_digits_says_how_many_fit() -> None:
    with pytest.raises(NotAnAnswer, match="at most 3 before and 2 behind the point"):
        DECIMAL.read("1.234")


def test_words_are_shown_in_the_language_of_the_screen() -> None:
    with translation.override("zh-hans"):
        assert YES_NO.shown(True) == str(NY.labels["Y"])


def test_a_code_that_the_list_has_no_more_is_shown_as_it_was() -> None:
    assert CHOICE.shown("withdrawn_code") == "withdrawn_code"
    assert MULTI.shown(["a", "withdrawn_code"]) == "a; withdrawn_code"


def test_a_value_is_shown_with_its_unit() -> None:
    assert DecimalItem("w", 4, 1, unit="kg").with_unit(Decimal("74.0")) == "74.0 kg"
    assert DecimalItem("w", 4, 1).with_unit(Decimal("74.0")) == "74.0"


def test_the_migration_of_a_column_knows_nothing_of_its_declaration() -> None:
    item = ChoiceItem("label", RESP, unit="u", cdisc="RS", req="O")
    item.set_attributes_from_name("resp")
    assert item.deconstruct() == ("resp", "patients.items.types.ChoiceItem", [], {})


# --- invariants -----------------------------------------------------------------------------------------
@unhurried
@given(st.integers(-(10**18) + 1, 10**18 - 1))
def test_any_whole_number_reads_back(number: int) -> None:
    assert INTEGER.read(INTEGER.text(number)) == number


@pytest.mark.requirement("DI-05")
@unhurried
@given(st.integers(0, 9), st.data())
def test_any_decimal_reads_back_with_the_places_in_which_it_was_entered(
    places: int, data: st.DataObject
) -> None:
    item = DecimalItem("d", 12, 9)
    whole, behind = (
        data.draw(st.integers(-999, 999)),
        data.draw(st.text("0123456789", min_size=places, max_size=places)),
    )
    typed = f"{whole}.{behind}" if places else str(whole)
    value = item.read(typed)
    assert item.text(value) == typed
    assert -value.as_tuple().exponent == places


@unhurried
@given(st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC)))
def test_any_moment_reads_back(moment: datetime) -> None:
    assert MOMENT.read(MOMENT.text(moment)) == moment


@unhurried
@given(st.text(max_size=30))
@pytest.mark.parametrize(
    "item", {case.item.type_name: case.item for case in CASES}.values(), ids=lambda i: i.type_name
)
def test_any_text_is_an_answer_that_reads_back_or_is_refused(item: Item, typed: str) -> None:
    with suppress(NotAnAnswer):
        value = item.read(typed)
        if text := item.text(value):
            assert item.read(text) == value
