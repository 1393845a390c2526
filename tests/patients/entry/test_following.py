"""What a save means for the pages of other forms."""

import pytest

from patients.casebook.approval import SIGNATURE
from patients.casebook.form import declared_forms, form_model, is_declared
from patients.casebook.page import PageState, Subject
from patients.entry.reasons import Reason
from patients.entry.watching import forms_needed, watching
from patients.oversight.queries import Query
from tests.patients.entry import desk

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]


@pytest.fixture
def subject() -> Subject:
    return desk.infused()


def open_queries(subject: Subject, check: str) -> list[str]:
    found = Query.objects.filter(page__subject=subject, check_id=check, state="open")
    return [str(query) for query in found.select_related("page__visit", "page__subject")]


def test_a_save_opens_and_closes_queries_on_pages_that_look_at_what_it_changed(subject: Subject) -> None:
    """The age of the CD7 test is asked about on the page of the disease when lymphodepletion is entered."""
    desk.save(desk.page_of(subject, "DX"), {"cd7_test_dt": "2023-11-20"}, why=desk.BECAUSE)
    assert open_queries(subject, "X-ELIG-14") == []
    page = desk.opened(subject, "LD", "LD1", "2023-12-31")
    drug = {"ld_date": "2023-12-31", "ld_drug": "fludarabine"}
    desk.save(page, {}, on="2023-12-31", rows={"1": drug})
    assert open_queries(subject, "X-ELIG-14") == ["HZ01-001 SCR DX cd7_test_dt X-ELIG-14"]
    assert any(item.startswith("query.cd7_test_dt") for item in desk.changes_of(desk.last_event()))
    desk.save(page, rows={"1": {"ld_date": "2023-12-15"}}, why=Reason(text="the chart says so"))
    assert open_queries(subject, "X-ELIG-14") == []


def test_a_complete_page_that_another_save_speaks_against_stays_complete_and_is_queried(
    subject: Subject,
) -> None:
    """Nobody has touched it, so it keeps its state; the hard finding asks, and leaves with its cause."""
    disease = desk.page_of(subject, "DX")
    transplants = desk.logged(subject, "PTX")
    desk.save(transplants, {}, rows={"1": {"ptx_type": "allogeneic"}})
    desk.save(disease, {"disease_status": "relapse_after_allo_hsct"}, why=desk.BECAUSE, complete=True)
    assert desk.now(disease).state == PageState.COMPLETE
    desk.save(transplants, {}, rows={"1": {"ptx_type": "autologous"}}, why=desk.BECAUSE)
    assert desk.now(disease).state == PageState.COMPLETE
    assert open_queries(subject, "X-DX-02") == ["HZ01-001 SCR DX disease_status X-DX-02"]
    desk.save(transplants, {}, rows={"1": {"ptx_type": "allogeneic"}}, why=desk.BECAUSE)
    assert open_queries(subject, "X-DX-02") == []


def test_rules_are_looked_at_again_by_what_they_look_at() -> None:
    assert "cd7_test_dt" in watching({"LD": frozenset({"ld_date"})})["DX"].items
    assert "DX" not in watching({"LD": frozenset({"ld_dose"})})
    assert "LD" in forms_needed("DX", frozenset({"cd7_test_dt"}))


def test_every_operand_names_an_item_that_is_there() -> None:
    """A rule that looks at an item under a wrong name would never be looked at again."""
    for model in declared_forms():
        operands = {operand for item in model.items() for operand in item.operands()}
        operands |= {operand for rule in model.form.row_rules for operand in rule.looks_at}
        own = {item.name for item in model.items()}
        for operand in operands:
            form, _dot, item = operand.rpartition(".")
            if form and item not in ("*", SIGNATURE) and is_declared(form):
                assert item in {each.name for each in form_model(form).items()}, (model.form.code, operand)
            elif not form and not operand.isupper():
                assert operand in own, (model.form.code, operand)


def test_every_finding_of_a_check_stands_at_an_item_of_its_form() -> None:
    for model in declared_forms():
        for rule in model.form.row_rules:
            assert rule.item in {item.name for item in model.items()}, rule.id
