"""Figures of the metrics as coordinates: tables of cases."""

from datetime import date

import pytest

from patients.web.plots import LEFT, RIGHT, BarPlot, Given, bar_plot, month_plot

MONTHS = [date(2025, month, 1) for month in range(1, 13)]


def widths(plot: BarPlot) -> list[list[float]]:
    return [[float(bar.width) for bar in row.bars] for row in plot.rows]


@pytest.mark.parametrize(
    ("parts", "longest", "shares"),
    [
        ([[4], [2]], None, [[1], [0.5]]),
        ([[50], [100]], 100, [[0.5], [1]]),
        ([[1, 0, 3]], None, [[0.25, 0.75]]),
        ([[0], [0]], None, [[], []]),
        ([[120]], 100, [[1]]),
        ([], None, []),
    ],
)
def test_bars_are_as_long_as_what_they_stand_for(
    parts: list[list[float]], longest: float | None, shares: list[list[float]]
) -> None:
    plot = bar_plot("x", "Title", "said", [Given("HZ01", each, "") for each in parts], longest=longest)
    wanted = [[share * (RIGHT - LEFT) for share in row] for row in shares]
    assert widths(plot) == [pytest.approx(row) for row in wanted]


def test_parts_lie_side_by_side_and_the_number_behind_them() -> None:
    plot = bar_plot("x", "Title", "said", [Given("HZ01", [1, 3], "4")], keys=["new", "old"])
    [row] = plot.rows
    assert [bar.kind for bar in row.bars] == [1, 2] == [key.kind for key in plot.keys]
    assert float(row.bars[1].x) == pytest.approx(float(row.bars[0].x) + float(row.bars[0].width), abs=0.1)
    assert float(row.text_x) > float(row.bars[1].x) + float(row.bars[1].width)
    assert plot.keys_y < plot.height


@pytest.mark.parametrize(
    ("sums", "planned", "top"), [([1, 3], None, "3"), ([1, 3], 12, "12"), ([14], 12, "14"), ([0], None, "1")]
)
def test_the_axis_reaches_as_far_as_the_count_or_the_plan(
    sums: list[int], planned: int | None, top: str
) -> None:
    plot = month_plot("x", "Title", "said", list(zip(MONTHS, sums, strict=False)), planned)
    assert plot.counts[-1].text == top
    assert (plot.planned.text if plot.planned else None) == (str(planned) if planned else None)
    assert plot.path.count("H") == len(sums)


def test_of_many_months_some_are_named() -> None:
    plot = month_plot("x", "Title", "said", [(month, 1) for month in MONTHS], None)
    assert [mark.text for mark in plot.months] == [f"2025-{month:02}" for month in range(1, 13, 2)]
