"""What is known already beside a page: which facts a form is told, and where they come from."""

import pytest

from patients.casebook.answers import StoredCasebook
from patients.casebook.form import declared_forms, form_model
from patients.casebook.page import Page
from patients.entry.facts import facts_of, known_facts
from tests.patients.entry import desk
from trial.protocol.visits import FORM_ORDER


def told(page: Page) -> dict[str, tuple[str, str]]:
    """By item: the value as text, and the form on which it stands."""
    facts = known_facts(page, StoredCasebook(page.subject))
    return {fact.item.name: (fact.item.text(fact.value), fact.page.form_code) for fact in facts}


@pytest.mark.parametrize(
    ("form", "facts"),
    [
        ("RESP", {"INF.inf_start_dt", "HSCT.hsct_start_dt", "DX.dx_type"}),
        ("HSCT", {"INF.inf_start_dt", "INF.inf_dose_kg", "DX.dx_type", "DONOR.donor_rel"}),
        ("DLT", {"INF.inf_dose_kg"}),
        ("AGVHD", {"INF.inf_start_dt", "HSCT.hsct_start_dt"}),
        ("CHIM", {"DONOR.donor_rel", "HSCT.hsct_start_dt"}),
    ],
)
def test_a_form_is_told_what_its_rules_look_at(form: str, facts: set[str]) -> None:
    assert facts <= set(facts_of(form))


@pytest.mark.parametrize("form", FORM_ORDER)
def test_what_is_told_is_of_another_form_and_names_nobody(form: str) -> None:
    for name in facts_of(form):
        other, _dot, item = name.partition(".")
        assert other != form
        assert not form_model(other).item(item).declared.identity


def test_what_a_form_recalls_exists() -> None:
    for model in declared_forms():
        assert set(model.form.recalls) <= set(facts_of(model.form.code)), model


@pytest.mark.django_db
def test_a_fact_is_told_with_the_page_on_which_it_was_entered() -> None:
    page = desk.opened(desk.infused(), "RESP", "UNS1", "2024-01-21")
    found = told(page)
    assert found["dx_type"] == ("t_all", "DX")
    assert found["inf_start_dt"][0].startswith(f"{desk.INFUSED}")
    assert "hsct_start_dt" not in found  # nothing is recorded of it


@pytest.mark.django_db
def test_of_a_form_on_several_pages_nothing_is_told() -> None:
    subject = desk.infused()
    page = desk.opened(subject, "HSCT", "H0", desk.GRAFTED)
    for visit, day in (("UNS1", "2024-01-21"), ("UNS2", "2024-01-22")):
        response = desk.opened(subject, "RESP", visit, day)
        desk.save(response, desk.RESP | {"resp_dt": day}, on=day)
        assert ("resp_protocol" in told(page)) == (visit == "UNS1")
