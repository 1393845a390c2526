"""What an item is kept as: on both engines the value comes back exactly as it was entered."""

from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import connection

from patients.casebook.form import declared_forms
from patients.casebook.page import Page
from patients.forms.response import ResponseAssessment
from patients.items.item import Item
from patients.items.partial_date import PartialDate
from patients.items.types import DecimalItem
from tests.patients.entry import desk
from trial.trail.actor import Source, acting, system_actor

DECIMALS = 100_000
THROUGH_THE_FORM = 2_000


def decimals(count: int, digits: int, places: int) -> list[str]:
    """Decimals as people type them: any sign, any number of places that fit, zeros behind the point."""
    random = Random(f"{digits},{places}")
    edges = ["0", "0.0", "1", "1.0", "1.00", "-1.50", "0.1", "0.10"]
    typed = [text for text in edges if len(text.partition(".")[2]) <= places]
    while len(typed) < count:
        whole = str(random.randrange(10 ** random.randint(1, digits - places)))
        behind = "".join(random.choices("0123456789", k=random.randint(0, places)))
        sign = "-" if random.random() < 0.1 and (whole + behind).strip("0") else ""
        typed.append(f"{sign}{whole}.{behind}" if behind else f"{sign}{whole}")
    return typed


@pytest.mark.requirement("DI-05")
def test_decimals_come_back_from_a_column_as_they_were_entered(db: None) -> None:
    item = DecimalItem("d", 12, 6)
    typed = decimals(DECIMALS, 12, 6)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE kept (n integer, value {item.db_type(connection)})")
        rows = [(n, item.get_db_prep_value(item.read(text), connection)) for n, text in enumerate(typed)]
        for start in range(0, len(rows), 400):
            part = rows[start : start + 400]
            marks = ", ".join(["(%s, %s)"] * len(part))
            cursor.execute(f"INSERT INTO kept VALUES {marks}", [cell for row in part for cell in row])
        cursor.execute("SELECT value FROM kept ORDER BY n")
        found = [item.text(item.from_db_value(value, None, connection)) for (value,) in cursor.fetchall()]
    assert len(found) == DECIMALS
    assert [pair for pair in zip(typed, found, strict=True) if pair[0] != pair[1]] == []


@pytest.mark.requirement("DI-05")
def test_decimals_come_back_from_the_rows_of_a_form_as_they_were_entered(db: None) -> None:
    subject = desk.a_subject()
    item = ResponseAssessment.item("mol_result")
    typed = decimals(THROUGH_THE_FORM, 12, 6)
    with acting(system_actor("test", Source.COMMAND)):
        (page,) = Page.objects.create_with_history([Page(subject=subject, form_code="RESP")])
        ResponseAssessment.objects.create_with_history(
            [
                ResponseAssessment(page=page, row_key=f"{n:05d}", mol_result=item.read(text))
                for n, text in enumerate(typed)
            ]
        )
    for kept in (ResponseAssessment.objects, ResponseAssessment.history):
        found = [item.text(value) for value in kept.order_by("row_key").values_list("mol_result", flat=True)]
        assert found == typed


KEPT: tuple[tuple[str, str, str, Any], ...] = (
    ("ELIG", "icf_main_dt", "2023-12-09 13:45", datetime(2023, 12, 9, 5, 45, tzinfo=UTC)),
    ("ELIG", "icf_main_dt", "2023-12-09T13:45:00.000001", datetime(2023, 12, 9, 5, 45, 0, 1, tzinfo=UTC)),
    ("ELIG", "spo2_ra_pct", "97", 97),
    ("ELIG", "lvef_pct", "66.9", Decimal("66.9")),
    ("ELIG", "waiver", "N", False),
    ("ELIG", "rr_basis", "ge2_relapses|relapse_after_allo_hsct", ["ge2_relapses", "relapse_after_allo_hsct"]),
    ("DX", "dx_date", "UN-AUG-2021", PartialDate(2021, 8)),
    ("DX", "dx_date", "2021", PartialDate(2021)),
    ("DX", "cd7_test_dt", "2023-12-01", date(2023, 12, 1)),
    (
        "DX",
        "lip_markers",
        "CD7+ cCD3+ CD34− 白血病 'quoted' \"twice\" \\ %s",
        "CD7+ cCD3+ CD34− 白血病 'quoted' \"twice\" \\ %s",
    ),
    ("DX", "karyotype_iscn", "46,XY\n[20]", "46,XY\n[20]"),
    ("DM", "hbv_dna", "1000000000000", Decimal(10**12)),
)


@pytest.mark.requirement("DI-06")
@pytest.mark.parametrize(("form", "name", "typed", "value"), KEPT)
def test_an_answer_comes_back_as_it_was_entered(
    form: str, name: str, typed: str, value: Any, db: None
) -> None:
    subject = desk.consented()
    page = desk.page_of(subject, form)
    desk.save(page, {name: typed}, why=desk.BECAUSE)
    kept = getattr(desk.row_of(page), name)
    assert kept == value
    item: Item = type(desk.row_of(page)).item(name)
    assert item.text(kept) == item.text(item.read(typed))


def test_zero_false_empty_and_missing_are_kept_apart(db: None) -> None:
    page = desk.page_of(desk.consented(), "DX")
    desk.save(page, {"relapse_n": "0", "bm_blast_scr_pct": "0.0", "secondary_dx": "N", "emd_present": ""})
    row = desk.row_of(page)
    assert (row.relapse_n, str(row.bm_blast_scr_pct), row.secondary_dx, row.emd_present) == (
        0,
        "0.0",
        False,
        None,
    )


def test_the_labels_of_items_fit_the_trail() -> None:
    for model in declared_forms():
        for item in model.items():
            assert len(str(item.declared.label)) <= 200
            assert len(f"{model.form.code}@UNS100.{item.name}") <= 40
