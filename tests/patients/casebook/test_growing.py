"""A casebook that is written while it is read is the one that is written at once."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.casebook.files import write_casebook
from patients.casebook.growing import growing_casebook
from tests.patients.casebook.test_files import row

SUBJECTS = ("HZ01-001", "HZ01-002", "HZ02-001")
cells = st.fixed_dictionaries(
    {},
    optional={
        "hctci": st.sampled_from(["", "2", 'a "quote", and\r\na line']),
        "hctci__missing": st.sampled_from(["", "not_done"]),
        "sex__missing": st.just(""),
        "recorded": st.just("transcribed_from_paper"),
    },
)
places = st.tuples(st.sampled_from(["", "SCR", "UNS2", "UNS10"]), st.sampled_from(["", "2", "10"]))
of_a_subject = st.dictionaries(places, cells, max_size=4)


def rows(subject: str, found: dict[tuple[str, str], dict[str, str]]) -> list[dict[str, str]]:
    return [row(subject, *place, **cells) for place, cells in found.items()]


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@given(st.tuples(*(of_a_subject for _each in SUBJECTS)))
def test_it_has_the_bytes_of_one_that_is_written_at_once(
    tmp_path_factory: pytest.TempPathFactory, found: Iterable[dict[tuple[str, str], dict[str, str]]]
) -> None:
    folder = tmp_path_factory.mktemp("out")
    cohort = [rows(subject, cells) for subject, cells in zip(SUBJECTS, found, strict=True)]
    people = [{"subject_id": subject, "site": subject[:4]} for subject in SUBJECTS]
    everybody = [row for one in cohort for row in one]
    write_casebook(folder / "once", {"DM": everybody[::-1], "DX": [], "SUBJECTS": people[::-1]})
    with growing_casebook(folder / "grown") as casebook:
        casebook.add("DX")
        for one, person in zip(cohort, people, strict=True):
            casebook.add("DM", one)
            casebook.add("SUBJECTS", [person])
    assert bytes_in(folder / "grown") == bytes_in(folder / "once")
    assert casebook.rows == len(everybody) + len(people)


@pytest.mark.parametrize(
    ("late", "said"),
    [(row("HZ01-001"), "too late"), (row("HZ01-003", fever="1"), "DM has no column fever")],
)
def test_what_cannot_stand_there_leaves_nothing(tmp_path: Path, late: dict[str, str], said: str) -> None:
    def grow() -> None:
        with growing_casebook(tmp_path / "out") as casebook:
            casebook.add("DM", [row("HZ01-002")])
            casebook.add("DM", [late])

    with pytest.raises(ValueError, match=said):
        grow()
    assert list(tmp_path.iterdir()) == []
