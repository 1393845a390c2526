"""Sets of subjects as they are kept with a run, and read again."""

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.endpoints.listed import (
    ROSTER,
    WRITTEN_OUT,
    Lines,
    Listed,
    Roster,
    Subjects,
    Values,
    kept,
    kept_roster,
    read_exhibits,
)

CODES = [f"HZ01-{number:04d}" for number in range(1, 2001)]
ROSTER_OF_ALL = Roster(pl.Series(CODES))


def again(content: Any) -> Any:
    """As it comes back from where it was kept."""
    told = {ROSTER: kept_roster(ROSTER_OF_ALL), "one": kept(content, ROSTER_OF_ALL)}
    return read_exhibits(json.loads(json.dumps(told)))["one"]


@given(st.lists(st.sampled_from(CODES), max_size=200))
def test_codes_come_back_in_their_order(codes: list[str]) -> None:
    found = again(Subjects(pl.Series(codes, dtype=pl.String)))
    assert (len(found), list(found), found) == (len(codes), codes, codes)
    assert found[3:5] == codes[3:5]


@given(st.lists(st.one_of(st.none(), st.integers(-9, 9_999)), max_size=3 * WRITTEN_OUT))
def test_rows_come_back_as_they_are(values: list[int | None]) -> None:
    codes = CODES[: len(values)]
    rows = pl.DataFrame(
        {"subject": codes, "day": values, "said": [f"{value}" for value in values]},
        schema={"subject": pl.String, "day": pl.Int64, "said": pl.String},
    )
    assert again({"rows": Lines(rows)}) == {"rows": rows.to_dicts()}
    assert again([Values(rows["day"])]) == [values]


def test_what_is_kept_can_be_read_and_takes_little() -> None:
    few = kept(Subjects(pl.Series([*CODES[:5], CODES[6]])), ROSTER_OF_ALL)
    assert few == {"kept": "subjects", "n": 6, "runs": "1-5 7"}
    many = kept(Subjects(pl.Series(CODES[::2] + CODES[1::6])), ROSTER_OF_ALL)
    assert len(json.dumps(many)) < 200
    assert kept(Subjects(pl.Series([], dtype=pl.String)), ROSTER_OF_ALL)["runs"] == ""


def test_who_is_not_on_the_roster_is_refused() -> None:
    with pytest.raises(pl.exceptions.InvalidOperationError):
        kept(Subjects(pl.Series(["HZ02-0001"])), ROSTER_OF_ALL)


def test_plain_lists_of_a_run_of_before_are_read_as_they_are() -> None:
    before = {"rates": [{"subjects": ["HZ01-0001"], "n": 1}], "flow": []}
    assert read_exhibits(before) == before
    assert not isinstance(read_exhibits(before)["rates"][0]["subjects"], Listed)
