"""Dates that may lack their day or month: read, kept and shown as partial as they are known."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.items.partial_date import FIRST_YEAR, LAST_YEAR, PartialDate, read_date, read_partial_date
from patients.items.problems import NotAnAnswer

READ = {
    "2025": PartialDate(2025),
    "2025-08": PartialDate(2025, 8),
    "2025-08-05": PartialDate(2025, 8, 5),
    "  2025-08-05 ": PartialDate(2025, 8, 5),
    "05 Aug 2025": PartialDate(2025, 8, 5),
    "5 Aug 2025": PartialDate(2025, 8, 5),
    "05-AUG-2025": PartialDate(2025, 8, 5),
    "5 august 2025": PartialDate(2025, 8, 5),
    "5 Sept 2025": PartialDate(2025, 9, 5),
    "UN-AUG-2025": PartialDate(2025, 8),
    "UNK-Aug-2025": PartialDate(2025, 8),
    "un-aug-2025": PartialDate(2025, 8),
    "UN-UNK-2025": PartialDate(2025),
    "UN-UN-2025": PartialDate(2025),
    "UNK UNK 2025": PartialDate(2025),
    "2024-02-29": PartialDate(2024, 2, 29),
    "2000-02-29": PartialDate(2000, 2, 29),
    "29-FEB-2024": PartialDate(2024, 2, 29),
    "1900-01-01": PartialDate(1900, 1, 1),
    "2199-12-31": PartialDate(2199, 12, 31),
}
NOT_IN_THE_CALENDAR = (
    "2025-02-29",
    "2100-02-29",
    "1900-02-29",
    "2025-02-30",
    "2025-04-31",
    "2025-13",
    "2025-13-01",
    "2025-00",
    "2025-00-00",
    "2025-00-05",
    "2025-08-00",
    "2025-08-32",
    "0000",
    "00-AUG-2025",
    "32 Aug 2025",
    "30-FEB-2024",
    "05-UNK-2025",
    "5 Juneteen 2025",
    "5 Marvel 2025",
    "5 Abc 2025",
)
AMBIGUOUS = ("5/8/2025", "05/08/2025", "5.8.2025", "05.08.25", "5-8-2025", "5/8/25", "31/12/2025")
OUT_OF_RANGE = ("1899", "1899-12-31", "2200-01", "9999-12-31", "0001", "05 Aug 0025", "0202-08-05")
NO_DATE = (
    "",
    " ",
    "unknown",
    "UN",
    "UNK",
    "25",
    "202",
    "20250",
    "2025-8",
    "2025-8-5",
    "2025-08-5",
    "2025/08/05",
    "20250805",
    "2025-08-05T10:00",
    "2025-08-05 10:00",
    "2025-W32",
    "2025-217",
    "-2025",
    "+2025-08-05",
    "Aug 2025",
    "08-2025",
    "2025-08-05-01",
    "2025-UN-05",
    "today",
    "２０２５-08-05",
    "٢٠٢٥",
    "2025-08-05\n2025-08-06",
    "2025年8月5日",
    "5 Août 2025",
)


@pytest.mark.requirement("DI-06")
@pytest.mark.parametrize(("typed", "found"), READ.items())
def test_a_date_is_read_as_far_as_it_is_known(typed: str, found: PartialDate) -> None:
    assert read_partial_date(typed) == found


@pytest.mark.parametrize("typed", NOT_IN_THE_CALENDAR)
def test_a_day_that_does_not_exist_is_refused(typed: str) -> None:
    with pytest.raises(NotAnAnswer, match="not a day of the calendar"):
        read_partial_date(typed)


@pytest.mark.parametrize("typed", AMBIGUOUS)
def test_a_date_with_two_readings_is_refused_whatever_the_day(typed: str) -> None:
    with pytest.raises(NotAnAnswer, match=f"{typed} is ambiguous"):
        read_partial_date(typed)


@pytest.mark.parametrize("typed", OUT_OF_RANGE)
def test_a_year_beyond_any_life_or_visit_is_refused(typed: str) -> None:
    with pytest.raises(NotAnAnswer, match="the year is not from 1900 to 2199"):
        read_partial_date(typed)


@pytest.mark.parametrize("typed", NO_DATE)
def test_what_is_no_date_is_refused(typed: str) -> None:
    with pytest.raises(NotAnAnswer, match="is not a date"):
        read_partial_date(typed)


@pytest.mark.parametrize("typed", ["2025", "2025-08", "UN-AUG-2025", "UN-UNK-2025"])
def test_a_full_date_is_asked_for_where_it_is_needed(typed: str) -> None:
    with pytest.raises(NotAnAnswer, match="a full date is required"):
        read_date(typed)


@pytest.mark.parametrize("typed", ["2025-08-05", "05 Aug 2025", "5-AUG-2025"])
def test_a_full_date_is_read_as_a_day(typed: str) -> None:
    assert read_date(typed) == date(2025, 8, 5)


RANGES = {
    "2025": (date(2025, 1, 1), date(2025, 12, 31)),
    "2025-08": (date(2025, 8, 1), date(2025, 8, 31)),
    "2025-02": (date(2025, 2, 1), date(2025, 2, 28)),
    "2024-02": (date(2024, 2, 1), date(2024, 2, 29)),
    "2000-02": (date(2000, 2, 1), date(2000, 2, 29)),
    "2100-02": (date(2100, 2, 1), date(2100, 2, 28)),
    "2025-12": (date(2025, 12, 1), date(2025, 12, 31)),
    "2025-08-05": (date(2025, 8, 5), date(2025, 8, 5)),
}


@pytest.mark.parametrize(("typed", "days"), RANGES.items())
def test_a_date_knows_its_first_and_last_possible_day(typed: str, days: tuple[date, date]) -> None:
    found = read_partial_date(typed)
    assert (found.earliest, found.latest) == days


@pytest.mark.parametrize("parts", [(2025, None, 5), (2025, 0), (2025, 13), (2025, 8, 0), (2025, 2, 30), (0,)])
def test_no_impossible_date_can_be_made(parts: tuple[int | None, ...]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        PartialDate(*parts)


def test_the_language_of_the_screen_does_not_change_how_months_are_read() -> None:
    with translation.override("zh-hans"):
        assert read_partial_date("UN-AUG-2025") == PartialDate(2025, 8)


# --- invariants -----------------------------------------------------------------------------------------
unhurried = settings(deadline=None)

days = st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))
partial_dates = st.builds(
    lambda day, known: PartialDate(*(day.year, day.month, day.day)[:known]), days, st.integers(1, 3)
)


@pytest.mark.requirement("DI-06")
@unhurried
@given(partial_dates)
def test_what_is_written_reads_back_as_it_was(known: PartialDate) -> None:
    assert read_partial_date(str(known)) == known


@unhurried
@given(partial_dates)
def test_words_say_the_same(known: PartialDate) -> None:
    month = known.earliest.strftime("%b").upper() if known.month else "UNK"
    day = f"{known.day:02d}" if known.day else "UN"
    assert read_partial_date(f"{day}-{month}-{known.year:04d}") == known


@unhurried
@given(partial_dates)
def test_the_range_holds_exactly_the_days_that_it_can_mean(known: PartialDate) -> None:
    def could_be(day: date) -> bool:
        parts = (known.year, known.month, known.day)
        return all(
            part in (None, own) for part, own in zip(parts, (day.year, day.month, day.day), strict=True)
        )

    assert could_be(known.earliest)
    assert could_be(known.latest)
    assert not could_be(known.earliest - timedelta(1))
    assert not could_be(known.latest + timedelta(1))
    assert (known.earliest == known.latest) == known.is_full


@unhurried
@given(days)
def test_a_day_is_a_full_date(day: date) -> None:
    assert PartialDate.of(day).is_full
    assert read_date(str(PartialDate.of(day))) == day


@unhurried
@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(typed: str) -> None:
    with suppress(NotAnAnswer):
        found = read_partial_date(typed)
        assert found.earliest <= found.latest
