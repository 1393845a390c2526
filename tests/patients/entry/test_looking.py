"""A look at an open page says what its save would say, and leaves nothing behind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState
from patients.entry.looking import Look, look_at
from patients.entry.refusals import Conflict, PageClosed, Refused, UnknownPage
from patients.entry.save import Saved, save_page
from patients.items.problems import Finding, Severity
from tests.patients.entry import desk
from tests.trial.trail.faults import counted
from trial.people.access import Person
from trial.people.models import Account
from trial.people.roles import FORMS_ENTERED, TABLE, Permission, Role
from trial.trail.actor import Source

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]

MOST = 4
"""Statements of a look by a person whose roles are not read yet: roles, training, the forms, members."""
Answers = Mapping[str, str]
REASON_ASKED = "X-SYS-03"


def look(
    page: Page,
    answers: Answers | None = None,
    *,
    rows: Mapping[str, Answers] | None = None,
    header: Answers | None = None,
    by: Person = desk.SYSTEM,
    base: int | None = None,
) -> Look:
    page = desk.now(page)
    typed = rows or ({"": answers} if answers else {})
    version = page.version if base is None else base
    return look_at(page, typed, by=by, base_version=version, header=header)


def in_words(findings: tuple[Finding, ...]) -> list[tuple[str, ...]]:
    return sorted(
        (each.row_key, each.item, each.severity, each.check, str(each.message)) for each in findings
    )


def derived(values: Mapping[str, object], form: str) -> dict[str, str]:
    items = form_model(form).items()
    return {item.name: item.text(values[item.name]) for item in items if item.is_derived}


@dataclass(frozen=True)
class Case:
    """What is typed on a page; `rows` of a repeating form."""

    name: str
    page: Callable[[], Page]
    rows: Mapping[str, Answers]
    header: Answers = field(default_factory=dict)


def at(form: str, visit: str, day: str) -> Callable[[], Page]:
    return lambda: desk.opened(desk.infused(), form, visit, day)


def on_log(form: str) -> Callable[[], Page]:
    return lambda: desk.logged(desk.infused(), form)


def of_the_dead(form: str) -> Callable[[], Page]:
    return lambda: desk.opened(desk.died(), form, "UNS1", "2024-04-01")


def fresh(form: str) -> Callable[[], Page]:
    return lambda: desk.page_of(desk.consented(), form)


def lab(test: str, value: str, unit: str, low: str, high: str) -> Answers:
    day = "2024-01-21 08:00"
    given = {"lab_dt": day, "lab_test": test, "lab_value": value, "lab_unit": unit, "lab_status": "done"}
    return given | {"lab_lln": low, "lab_uln": high}


ON_DAY = {"form_date": "2024-01-21"}
RESP, LAB = at("RESP", "UNS1", "2024-01-21"), at("LAB", "UNS1", "2024-01-21")
TRF = {"trf_dt": "2024-02-03", "trf_type": "platelets", "trf_units": "1"}
CASES = [
    Case("nothing", RESP, {}),
    Case("the whole of a form", RESP, {"": desk.RESP}, ON_DAY),
    Case("out of range", RESP, {"": desk.RESP | {"bm_blast": "140"}}, ON_DAY),
    Case("unusual", RESP, {"": {"bm_done": "Y", "bm_blast": "99", "pb_blast": "80"}}, ON_DAY),
    Case("a worse response", RESP, {"": desk.RESP | {"bm_blast": "40", "resp_inv": "NR"}}, ON_DAY),
    Case("the date alone", RESP, {}, {"form_date": "2024-03-21"}),
    Case("not done without a reason", RESP, {}, {"not_done": "Y"}),
    Case("a missing reason", RESP, {"": {"pb_blast": "", "pb_blast__missing": "not_done"}}, ON_DAY),
    Case("what cannot be read", RESP, {"": desk.RESP | {"bm_blast": "many"}}, ON_DAY),
    Case("a derived item", RESP, {"": {"resp_protocol": "CR"}}, ON_DAY),
    Case("an item of no form", RESP, {"": {"hope": "Y"}}, ON_DAY),
    Case("a header that cannot be read", RESP, {"": desk.RESP}, {"form_date": "soon"}),
    Case("demographics", fresh("DM"), {"": desk.DM}, {"form_date": desk.CONSENT}),
    Case("born tomorrow", fresh("DM"), {"": desk.DM | {"birth_date": "2099-01-01"}}),
    Case("diagnosis", fresh("DX"), {"": desk.DX | {"cd7_pct": "8"}}, {"form_date": desk.CONSENT}),
    Case("without consent", lambda: desk.page_of(desk.a_subject(), "DX"), {"": desk.DX}),
    Case("after death", of_the_dead("RESP"), {"": desk.RESP | {"resp_dt": "2024-04-01"}}),
    Case("a member nobody knows", at("INF", "C0", desk.INFUSED), {"": {"inf_coi_check1": "no.body"}}),
    Case("the infusion again", at("INF", "C0", desk.INFUSED), {"": {"inf_weight": "7.4"}}),
    Case("a transplantation", at("HSCT", "H0", desk.GRAFTED), {"": desk.HSCT}, {"form_date": desk.GRAFTED}),
    Case("a row without a key", LAB, {"": lab("PLAT", "40", "10^9/L", "125", "350")}),
    Case("rows", LAB, {
        "1": lab("PLAT", "40", "10^9/L", "125", "350"), "2": lab("HGB", "8.1", "g/dL", "13", "17"),
    }, ON_DAY),
    Case("rows of which one cannot be read", LAB, {
        "1": lab("PLAT", "low", "10^9/L", "125", "350"), "2": lab("HGB", "8.1", "g/dL", "13", "17"),
    }, ON_DAY),
    Case("rows of a log", on_log("TRF"), {"1": TRF, "2": TRF | {"trf_units": "400"}}),
    Case("the same row twice", on_log("AE"), {"1": {"ae_start": "2024-01"}, "2": {"ae_start": "2024-01"}}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_look_says_what_the_save_says(case: Case) -> None:
    agree(case.page(), case.rows, case.header)


def agree(page: Page, rows: Mapping[str, Answers], header: Answers) -> None:
    """First the look, then the save: the same findings and derived values, or at least its refusals."""
    seen = look(page, rows=rows, header=header)
    saved, refused = saved_or_refused(page, rows, header)
    if saved is None:
        assert refused
        assert set(in_words(refused)) <= set(in_words(seen.refusals))
        return
    assert seen.refusals == ()
    assert in_words(seen.findings) == in_words(saved.findings)
    stored = {
        row.row_key: derived(row.values(), page.form_code) for row in form_model(page.form_code).of_page(page)
    }
    if saved.changed:
        assert {key: derived(row.values, page.form_code) for key, row in seen.rows.items()} == stored


def saved_or_refused(
    page: Page, rows: Mapping[str, Answers], header: Answers
) -> tuple[Saved | None, tuple[Finding, ...]]:
    try:
        return desk.save(page, rows=rows, header=header, why=desk.BECAUSE), ()
    except Refused as refused:
        return None, refused.findings


percent = st.sampled_from(["", "0", "4.9", "5", "61.5", "100", "101", "-1", "lots"])
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "resp_dt": st.sampled_from(["2024-01-21", "2024-01-05", "2023-01-01", "2099-01-01", "January"]),
        "bm_done": st.sampled_from(["Y", "N", ""]),
        "bm_blast": percent,
        "pb_blast": percent,
        "emd_resp": st.sampled_from(["none_ever", "CR", "progression"]),
        "mrd_done": st.sampled_from(["Y", "N"]),
        "resp_inv": st.sampled_from(["CR", "CRi", "NR"]),
    },
)


@given(first=ANSWERS, second=ANSWERS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_they_agree_whatever_is_typed_on_whatever_stands(
    response: Page, first: Answers, second: Answers
) -> None:
    with transaction.atomic():
        for typed in (first, second):
            agree(response, {"": typed} if typed else {}, {})
        transaction.set_rollback(True)


@pytest.fixture
def response() -> Page:
    return RESP()


# --- what is not said while somebody types ----------------------------------------------------------------
def test_a_reason_for_the_change_is_asked_by_the_save_alone(response: Page) -> None:
    desk.save(response, desk.RESP)
    assert look(response, {"bm_blast": "3"}).refusals == ()
    with pytest.raises(Refused) as refusal:
        desk.save(response, {"bm_blast": "3"})
    assert [found.check for found in refusal.value.findings] == [REASON_ASKED]


def test_a_value_that_cannot_be_read_hides_nothing_of_the_others(response: Page) -> None:
    typed = desk.RESP | {"bm_blast": "many", "pb_blast": "140"}
    seen = look(response, typed)
    assert [(found.item, found.severity) for found in seen.refusals] == [("bm_blast", Severity.REFUSED)]
    assert "pb_blast" in {found.item for found in seen.findings if found.severity is Severity.HARD}
    assert "bm_blast" not in {found.item for found in seen.findings}
    assert seen.rows[""].values["bm_done"] is True


def test_what_somebody_else_has_changed_is_said_at_its_item(response: Page) -> None:
    read = desk.now(response).version
    desk.save(response, {"bm_blast": "3", "bm_done": "Y"})
    seen = look(response, {"bm_blast": "4"}, base=read)
    assert [found.item for found in seen.refusals] == ["bm_blast"]
    with pytest.raises(Conflict):
        desk.save(response, {"bm_blast": "4"}, base=read)


def test_it_is_said_in_the_language_of_the_person(response: Page) -> None:
    with translation.override("zh-hans"):
        seen = look(response, desk.RESP | {"bm_blast": "140"})
        message = next(str(found.message) for found in seen.findings if found.item == "bm_blast")
    assert not message.isascii()
    assert "does not keep" not in message


# --- who may, and what is left behind ---------------------------------------------------------------------
@pytest.mark.parametrize("role", Role)
def test_only_who_may_save_a_page_may_have_it_looked_at(role: Role, response: Page) -> None:
    person = desk.a_member(role, user_name="some.body")
    if Permission.ENTER in TABLE[role] and role not in FORMS_ENTERED:
        assert look(response, {"bm_done": "Y"}, by=person).rows[""].values["bm_done"] is True
        return
    refused = PermissionDenied if Permission.READ in TABLE[role] else UnknownPage
    with pytest.raises(refused):
        look(response, {"bm_done": "Y"}, by=person)


def test_at_another_site_there_is_no_such_page(response: Page) -> None:
    with pytest.raises(UnknownPage):
        look(response, {"bm_done": "Y"}, by=desk.a_member(site="HZ02", user_name="some.body"))


@pytest.mark.parametrize("state", [PageState.FROZEN, PageState.LOCKED])
def test_a_closed_page_is_not_looked_at(response: Page, state: PageState) -> None:
    desk.put_in_state(response, state)
    with pytest.raises(PageClosed):
        look(response, {"bm_done": "Y"})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_is_written_and_nothing_locked(case: Case) -> None:
    page = case.page()
    before = desk.content()
    with counted() as sent:
        look(page, rows=case.rows, header=case.header)
    assert {sql.split()[0] for sql in sent} == {"SELECT"}  # no transaction either
    assert not [sql for sql in sent if "FOR UPDATE" in sql]
    assert desk.content() == before


def test_the_page_of_the_caller_stays_as_it_is(response: Page) -> None:
    page = desk.now(response)
    look_at(page, {}, by=desk.SYSTEM, base_version=page.version, header={"form_date": "2024-02-01"})
    assert page.form_date == desk.now(response).form_date


def test_few_statements(response: Page) -> None:
    desk.a_member()
    page, person = desk.now(response), Account.objects.get(user_name="ana.li")
    with counted() as sent:
        look_at(page, {"": desk.RESP}, by=person, base_version=page.version, header=ON_DAY)
    assert len(sent) <= MOST, "\n".join(sql[:90] for sql in sent)
    assert save_page(page, {"": desk.RESP}, by=person, base_version=page.version, source=Source.WEB).changed
