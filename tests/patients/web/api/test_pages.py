"""`/api/v1/pages/{id}`: a page read and saved by a program, by the same rules as in the browser."""

import random
from collections import Counter
from datetime import datetime

import pytest
from django.http import HttpResponse
from django.test import Client

from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Subject
from tests.patients.entry import desk as entry
from tests.patients.web import people
from tests.patients.web.api.programs import address, problem, read, save, send
from trial.people.models import Account
from trial.people.roles import FORMS_ENTERED, TABLE, Permission, Role
from trial.people.tokens import issue_token
from trial.protocol.study import SITE_ZONE
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def demographics(subject: Subject) -> Page:
    return people.page_of(subject, "DM", "SCR")


# --- reading and saving -------------------------------------------------------------------------------------
def test_a_page_is_read_as_it_is_typed_and_saved_back(desk: Client, demographics: Page) -> None:
    header = {"form_date": "2025-05-16"}
    answer = save(desk, demographics, {"sex": "F", "birth_date": "1990-02"}, header=header)
    assert answer.status_code == 200
    told = answer.json()
    assert {name: told[name] for name in ("version", "state", "changed")} == {
        "version": 1,
        "state": "in_progress",
        "changed": 3,
    }
    assert {"form", "item", "row", "value", "message", "severity", "check"} == told["findings"][0].keys()
    page = read(desk, demographics)
    assert page["rows"] == {"": {"sex": "F", "birth_date": "1990-02"}}
    assert page["header"] == header | {"not_done": "N"}
    assert page["version"] == 1
    assert page["subject"] == "HZ01-001"
    assert page["derived"][""]["age_consent"] == "35.2"
    assert page["findings"] == told["findings"]
    again = send(desk, demographics, {"base_version": 1, "rows": page["rows"], "header": page["header"]})
    assert again.json()["changed"] == 0


@pytest.mark.requirement("AT-02")
def test_the_trail_names_the_person_the_door_and_the_request(desk: Client, demographics: Page) -> None:
    told = save(desk, demographics, {"sex": "F"}).json()
    event = TrailEvent.objects.latest("pk")
    assert (event.actor, event.source, event.request_id) == ("lin.qiao", "api", told["request_id"])


def test_rows_of_a_repeating_form_go_by_their_keys(desk: Client, subject: Subject) -> None:
    page = entry.logged(subject, "CM")
    body = {"base_version": 0, "rows": {"1": {"cm_name": "aciclovir"}, "2": {"cm_name": "entecavir"}}}
    assert send(desk, page, body).status_code == 200
    assert {key: row["cm_name"] for key, row in read(desk, page)["rows"].items()} == {
        "1": "aciclovir",
        "2": "entecavir",
    }


def test_a_missing_reason_is_an_answer(desk: Client, demographics: Page) -> None:
    assert save(desk, demographics, {"hctci__missing": "unknown"}).status_code == 200
    assert read(desk, demographics)["rows"][""] == {"hctci__missing": "unknown"}


def test_a_page_is_completed(desk: Client, subject: Subject, demographics: Page) -> None:
    told = save(desk, demographics, entry.DM, header={"form_date": "2025-05-16"}, complete=True).json()
    stops = [found for found in told["findings"] if found["severity"] in ("hard", "refused")]
    assert told["state"] == ("in_progress" if stops else "complete")


# --- who ----------------------------------------------------------------------------------------------------
def test_without_a_session_the_door_is_closed(demographics: Page) -> None:
    problem(Client().get(address(demographics)), 401)
    problem(send(Client(), demographics, {"base_version": 0}), 401)


@pytest.mark.requirement("SE-03")
def test_a_token_reads_exports_and_does_not_write(demographics: Page) -> None:
    rights = list(Permission)
    clear = issue_token("sponsor", by="test", sites=[demographics.subject.site], permissions=rights)
    headers = {"Authorization": f"Token {clear}"}
    problem(Client().get(address(demographics), headers=headers), 401)
    problem(send(Client(), demographics, {"base_version": 0}, headers=headers), 401)


@pytest.mark.requirement("SE-03")
def test_the_session_of_a_browser_needs_its_csrf_token(coordinator: Account, demographics: Page) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(coordinator)
    body = {"base_version": 0, "rows": {"": {"sex": "F"}}}
    problem(send(client, demographics, body), 403)
    client.get(demographics.get_absolute_url())
    token = client.cookies["csrftoken"].value
    assert send(client, demographics, body, headers={"X-CSRFToken": token}).status_code == 200


def test_a_session_that_has_ended_is_told_so(desk: Client, demographics: Page) -> None:
    session = desk.session
    session["seen"] = 0
    session.save()
    problem(desk.get(address(demographics)), 401)


def test_who_needs_a_second_factor_and_has_none_gets_nothing(demographics: Page) -> None:
    client = Client()
    client.force_login(people.a_member(Role.INVESTIGATOR))
    problem(client.get(address(demographics)), 403)


@pytest.mark.parametrize("site", ["HZ01", "HZ02"])
def test_a_role_reads_and_saves_what_the_table_says(demographics: Page, site: str) -> None:
    for role, rights in TABLE.items():
        client = people.signed_in(people.a_member(role, site))
        reads, enters = site == "HZ01" and Permission.READ in rights, Permission.ENTER in rights
        enters = enters and role not in FORMS_ENTERED  # demographics are none of their forms
        assert client.get(address(demographics)).status_code == (200 if reads else 404), role
        saved = send(client, demographics, {"base_version": 0, "header": {"src_doc": "emr"}})
        assert saved.status_code == (404 if not reads else 403 if not enters else saved.status_code), role
        assert not enters or not reads or saved.status_code in (200, 409), role


def test_what_identifies_a_subject_is_withheld(desk: Client, demographics: Page) -> None:
    save(desk, demographics, {"birth_date": "2019-02-11", "sex": "F"})
    laboratory = people.signed_in(people.a_member(Role.CELL_LAB))
    answer = laboratory.get(address(demographics))
    assert "2019" not in answer.content.decode()
    page = answer.json()
    assert page["rows"][""] == {"sex": "F"}
    problem(save(laboratory, demographics, {"birth_date": "1991"}), 403)


# --- refusals -----------------------------------------------------------------------------------------------
def test_what_cannot_be_recorded_is_named_with_its_place(desk: Client, response_page: Page) -> None:
    told = problem(save(desk, response_page, {"resp_dt": "3/8/2025", "nonsense": "1"}), 422)
    found = {finding["item"]: finding for finding in told["findings"]}
    assert found["resp_dt"]["form"] == "RESP"
    assert found["resp_dt"]["row"] == ""
    assert found["resp_dt"]["value"] == "3/8/2025"
    assert "ambiguous" in found["resp_dt"]["message"]
    assert found["nonsense"]["message"] == "This form has no item nonsense."
    assert read(desk, response_page)["version"] == 0


@pytest.mark.parametrize("state", [PageState.FROZEN, PageState.LOCKED])
def test_a_closed_page_is_not_saved(desk: Client, demographics: Page, state: PageState) -> None:
    entry.put_in_state(demographics, state)
    problem(save(desk, demographics, {"sex": "F"}), 423)


@pytest.mark.requirement("DI-01")
def test_a_stale_save_of_the_same_item_has_both_values(desk: Client, demographics: Page) -> None:
    save(desk, demographics, {"sex": "F"})
    told = problem(save(desk, demographics, {"sex": "M"}, base_version=0), 409)
    assert told["conflicts"] == [{"form": "DM", "item": "sex", "row": "", "mine": "Male", "theirs": "Female"}]
    assert read(desk, demographics)["rows"][""]["sex"] == "F"


CHOICES = {
    "hctci": ("0", "1", "2", "3", "4"),
    "abo_rh": ("A+", "B+", "AB+", "O+"),
    "cmv_igg": ("positive", "negative", "equivocal"),
    "ebv_igg": ("positive", "negative", "equivocal"),
}
PAIRS = 200


@pytest.mark.requirement("DI-01")
def test_of_pairs_of_saves_nothing_is_lost(desk: Client, subject: Subject) -> None:
    """Two people read the same version and both save, in any order: the second to change the same item is
    told both values, edits of different items merge, and nothing that was accepted is ever lost."""
    chance, outcomes = random.Random(11), Counter[str]()
    page = people.page_of(subject, "DM", "SCR")
    other = people.signed_in(people.a_member(Role.COORDINATOR, name="ana.li"))
    kept: dict[str, str] = {}
    for number in range(PAIRS):
        seen = read((desk, other)[number % 2], page)  # stands for both: to read changes nothing
        assert seen["rows"].get("", {}) == kept
        pair = [(client, *_edit(chance, kept)) for client in (desk, other)]
        chance.shuffle(pair)
        outcomes[_both_save(page, seen["version"], pair, kept)] += 1
    assert read(desk, page)["rows"][""] == kept
    assert min(outcomes[each] for each in ("conflict", "merged", "the same")) >= 5, outcomes


def _edit(chance: random.Random, kept: dict[str, str]) -> tuple[str, str]:
    """An item and a value that it does not have."""
    name = chance.choice(list(CHOICES))
    return name, chance.choice([value for value in CHOICES[name] if value != kept.get(name)])


def _both_save(page: Page, version: int, pair: list[tuple[Client, str, str]], kept: dict[str, str]) -> str:
    (first, name, text), (second, other_name, other_text) = pair
    assert _post(first, page, version, name, text).status_code == 200
    kept[name] = text
    answer = _post(second, page, version, other_name, other_text)
    if name == other_name and text != other_text:
        (clash,) = problem(answer, 409)["conflicts"]
        item = form_model("DM").item(name)
        mine, theirs = (item.shown(item.read(value)) for value in (other_text, text))
        assert (clash["item"], clash["mine"], clash["theirs"]) == (name, mine, theirs)
        return "conflict"
    assert answer.status_code == 200
    kept[other_name] = other_text
    return "merged" if name != other_name else "the same"


def _post(client: Client, page: Page, version: int, name: str, text: str) -> HttpResponse:
    because = {"": {name: {"code": "late_source"}}}
    return save(client, page, {name: text}, base_version=version, reasons=because)


@pytest.mark.requirement("DI-03")
@pytest.mark.parametrize(
    "answers",
    [
        {"bm_done": "Y", "bm_blast": "101"},
        {"bm_done": "Y", "bm_blast": "62.5", "resp_dt": "2031-01-01"},
        {"bm_done": "N", "bm_blast": "4"},
        {"resp_dt": "2025-05-01"},
    ],
)
def test_the_server_judges_as_it_does_for_the_browser(
    desk: Client, subject: Subject, response_page: Page, answers: dict[str, str]
) -> None:
    told = save(desk, response_page, answers, complete=True).json()
    other = people.a_subject("HZ01-002")
    saved = people.save(people.page_of(other, "RESP", "SCR"), answers, complete=True)
    by_the_save = {(found.item, found.check, found.severity.value) for found in saved.findings}
    assert by_the_save
    assert {(found["item"], found["check"], found["severity"]) for found in told["findings"]} == by_the_save
    assert told["state"] == saved.page.state


@pytest.mark.requirement("ES-02")
def test_a_signature_is_told_with_the_page(desk: Client) -> None:
    from tests.patients.entry.signing_desk import eligibility, principal_investigator, screened, sign

    page = eligibility(screened("HZ01-007"))
    made = sign(page, principal_investigator())
    (told,) = read(desk, page)["signatures"]
    assert told["printed_name"] == made.printed_name
    assert told["role"] == "Principal investigator"
    assert told["signed_at"].endswith("+08:00")
    assert told["meaning"] == "approval"
    assert (told["statement"], told["statement_version"]) == (made.statement, "1")
    assert (told["user_name"], told["organisation"], told["site_zone"]) == (
        made.signer,
        "HZ01",
        SITE_ZONE.key,
    )
    assert datetime.fromisoformat(told["signed_at_utc"]) == made.at
    assert (told["page_version"], told["sha256"]) == (page.version, made.sha256)
    assert (told["in_force"], told["valid"], told["standing"]) == (True, True, "valid")
    entry.save(page, {"spo2_ra_pct": "96"}, why=entry.BECAUSE)
    (told,) = read(desk, page)["signatures"]
    assert (told["in_force"], told["valid"], told["standing"]) == (False, False, "fallen")
    assert (told["fallen_because"], told["fallen_by"]) == (
        "spo2_ra_pct",
        TrailEvent.objects.latest("pk").actor,
    )
