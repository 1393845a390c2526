"""Saving a page: who may, what is written of a first save and of a change, and what is refused whole."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import translation

from patients.casebook.page import Page, PageState
from patients.entry.reasons import Reason, ReasonCode, SameReason
from patients.entry.refusals import PageClosed, Refused, UnknownPage
from patients.entry.save import save_page
from patients.items.missing import MissingReason
from patients.items.problems import Severity
from patients.models import Demographics
from tests.patients.entry import desk
from trial.people.access import SystemPerson, actor_at
from trial.people.roles import FORMS_ENTERED, TABLE, Permission, Role
from trial.protocol.visits import FORM_ORDER
from trial.trail.actor import Source, acting
from trial.trail.models import TrailChange, TrailEvent
from trial.trail.record import Change

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    """The demographics of a subject who has consented; nothing is entered yet."""
    return desk.page_of(desk.consented(), "DM")


@pytest.fixture
def saved(page: Page) -> Page:
    desk.save(page, desk.DM, on=desk.CONSENT)
    return desk.now(page)


def refused(act: Callable[[], object]) -> list[tuple[str, str]]:
    """Item and check of every finding for which an act is refused; nothing may be written by it."""
    before = desk.content()
    with pytest.raises(Refused) as refusal:
        act()
    assert desk.content() == before
    assert {finding.severity for finding in refusal.value.findings} == {Severity.REFUSED}
    assert all(str(finding.message) for finding in refusal.value.findings)
    return [(finding.item, finding.check) for finding in refusal.value.findings]


# --- who may --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", Role)
def test_only_who_may_enter_at_the_site_saves(role: Role, page: Page) -> None:
    person = desk.a_member(role)
    before = desk.content()
    if Permission.ENTER in TABLE[role] and role not in FORMS_ENTERED:
        desk.save(page, {"sex": "F"}, by=person)
        assert desk.texts(page) == {"sex": "F"}
        return
    expected = PermissionDenied if Permission.READ in TABLE[role] else UnknownPage
    with pytest.raises(expected):
        desk.save(page, {"sex": "F"}, by=person)
    assert desk.content() == before


@pytest.mark.requirement("AC-05")
@pytest.mark.parametrize(
    ("role", "form", "saves"),
    [
        (Role.CELL_LAB, "MFG", True),
        (Role.CELL_LAB, "HSCT", False),
        (Role.TRANSPLANT_PHYSICIAN, "HSCT", True),
        (Role.TRANSPLANT_PHYSICIAN, "MFG", False),
        (Role.COORDINATOR, "MFG", True),
    ],
)
def test_a_role_enters_the_forms_of_its_work(role: Role, form: str, saves: bool) -> None:
    subject = desk.infused()
    visit, day = {"MFG": ("APH", "2023-12-20"), "HSCT": ("H0", desk.GRAFTED)}[form]
    page, person = desk.opened(subject, form, visit, day), desk.a_member(role, user_name="some.body")
    answers = {"MFG": {"1": {"coi_id": "C1"}}, "HSCT": {"": {"hsct_status": "CRi"}}}[form]
    if saves:
        assert desk.save(page, rows=answers, by=person, on=day).changed
    else:
        with pytest.raises(PermissionDenied, match=form):
            desk.save(page, rows=answers, by=person, on=day)


def test_every_form_that_a_role_enters_is_a_form_of_the_trial() -> None:
    assert set().union(*FORMS_ENTERED.values()) <= set(FORM_ORDER)


def test_a_page_of_another_site_is_unknown(page: Page) -> None:
    stranger = desk.a_member(Role.COORDINATOR, "HZ02", "ben.wu")
    with pytest.raises(UnknownPage):
        desk.save(page, {"sex": "F"}, by=stranger)


def test_whoever_may_enter_here_and_read_there_saves_here_alone(page: Page) -> None:
    desk.a_member(Role.AUDITOR, "HZ01", "ben.wu")
    person = desk.a_member(Role.COORDINATOR, "HZ02", "ben.wu")
    with pytest.raises(PermissionDenied):
        desk.save(page, {"sex": "F"}, by=person)


def test_a_system_step_saves_only_with_the_right_to(page: Page) -> None:
    reader = SystemPerson("reader", rights=frozenset({Permission.READ}))
    with pytest.raises(PermissionDenied):
        desk.save(page, {"sex": "F"}, by=reader)


@pytest.mark.parametrize("state", [PageState.FROZEN, PageState.LOCKED])
def test_a_closed_page_is_not_saved(state: PageState, saved: Page) -> None:
    with transaction.atomic(), acting(actor_at(desk.SYSTEM, site="HZ01", source=Source.COMMAND)):
        saved.state = saved.stored_state = state
        saved.save()
    before = desk.content()
    for answers in ({"hctci": "5"}, {}):
        with pytest.raises(PageClosed):
            desk.save(saved, answers, why=desk.BECAUSE)
    assert desk.content() == before


# --- the first save -------------------------------------------------------------------------------------
def test_a_first_save_keeps_every_answer_as_it_was_typed(page: Page) -> None:
    result = desk.save(page, desk.DM, on=desk.CONSENT)
    kept = desk.texts(page)
    entered = {name: kept[name] for name in desk.DM if name != "birth_date"}
    assert entered == {name: text for name, text in desk.DM.items() if name != "birth_date"}
    assert (result.changed, desk.now(page).version) == (len(desk.DM) + 1, 1)


@pytest.mark.requirement("AT-03")
def test_the_trail_holds_one_created_entry_for_each_answer_of_a_first_save(page: Page) -> None:
    desk.save(page, desk.DM | {"hbv_dna": ""}, on=desk.CONSENT)
    changes = desk.changes_of(desk.last_event())
    assert set(changes) == {*desk.DM, "form_date", "age_consent", "entry_state"}
    for name, text in desk.DM.items():
        if name != "birth_date":
            assert (changes[name].old, changes[name].new) == ("", text)
    assert {change.reason_code or change.reason for change in changes.values()} == {""}


@pytest.mark.requirement("AT-03")
def test_nothing_is_claimed_of_what_was_not_saved(page: Page) -> None:
    with pytest.raises(Refused):
        desk.save(page, {"sex": "F", "race": "MARTIAN"})
    assert not TrailChange.objects.filter(event__form="DM").exists()


def test_a_first_save_needs_no_reason_and_keeps_none(page: Page) -> None:
    desk.save(page, {"sex": "F"}, why=Reason("other", "given all the same"))
    assert desk.changes_of(desk.last_event())["sex"].reason == ""


def test_an_answer_added_later_is_a_first_entry_too(saved: Page) -> None:
    desk.save(saved, {"hbsag": "positive"}, why=desk.BECAUSE)
    desk.save(saved, {"hbv_dna": "10"})
    assert desk.texts(saved)["hbv_dna"] == "10"


def test_the_answers_of_a_page_are_trimmed(page: Page) -> None:
    desk.save(page, {"sex": " F ", "hctci": "4\n"})
    assert desk.texts(page) == {"sex": "F", "hctci": "4"}


# --- a change -------------------------------------------------------------------------------------------
NOT_A_REASON = {
    "none": None,
    "blank": Reason(text="     "),
    "short": Reason(text="typo"),
    "short but for spaces": Reason(text="  typo   "),
    "unknown code": Reason("whim"),
    "unknown code with words": Reason("whim", "because of the late source"),
    "other without words": Reason("other"),
    "other with a short word": Reason("other", "typo"),
    "no text that can be kept": Reason(text="late source \x00"),
}
A_REASON = {
    "words": Reason(text="typos"),
    "code": Reason("late_source"),
    "code and words": Reason("query_answer", "answer to the monitor"),
    "other with words": Reason("other", "the patient called"),
    "Chinese words": Reason(text="抄写错误了"),
}


@pytest.mark.requirement("AT-04")
@pytest.mark.parametrize("reason", NOT_A_REASON.values(), ids=NOT_A_REASON)
def test_a_change_without_a_reason_is_refused(reason: Reason | None, saved: Page) -> None:
    assert refused(lambda: desk.save(saved, {"hctci": "5"}, why=reason)) == [("hctci", "X-SYS-03")]


@pytest.mark.requirement("AT-04")
@pytest.mark.parametrize("reason", A_REASON.values(), ids=A_REASON)
def test_a_change_with_a_reason_is_kept_with_it(reason: Reason, saved: Page) -> None:
    desk.save(saved, {"hctci": "5"}, why=reason)
    change = desk.changes_of(desk.last_event())["hctci"]
    assert (change.old, change.new, change.reason_code, change.reason) == ("4", "5", reason.code, reason.text)


@pytest.mark.parametrize("code", [code for code in ReasonCode if code != ReasonCode.OTHER])
def test_every_code_of_the_list_but_other_is_a_reason(code: ReasonCode) -> None:
    assert Reason(code).is_enough


@pytest.mark.requirement("AT-04")
@pytest.mark.parametrize("source", [Source.WEB, Source.API, Source.IMPORT])
def test_every_channel_needs_a_reason(source: Source, saved: Page) -> None:
    assert refused(lambda: desk.save(saved, {"hctci": "5"}, source=source)) == [("hctci", "X-SYS-03")]
    desk.save(saved, {"hctci": "5"}, why=desk.BECAUSE, source=source)
    assert desk.last_event().source == source


@pytest.mark.requirement("AT-04")
def test_each_changed_item_needs_a_reason_of_its_own(saved: Page) -> None:
    changed = {"hctci": "5", "race": "WHITE", "country": "CHN"}
    asked = refused(lambda: desk.save(saved, changed, why={"race": desk.BECAUSE}))
    assert asked == [("hctci", "X-SYS-03")]


def test_one_reason_may_stand_for_every_item(saved: Page) -> None:
    page = desk.now(saved)
    save_page(
        page,
        {"": {"hctci": "5", "race": "WHITE"}},
        by=desk.SYSTEM,
        base_version=page.version,
        source=Source.IMPORT,
        reasons=SameReason(Reason(text="second delivery")),
    )
    entered = desk.last_event().changes.filter(item__in=("hctci", "race"))
    assert [change.reason for change in entered] == ["second delivery"] * 2


def test_emptying_an_answer_is_a_change(saved: Page) -> None:
    assert refused(lambda: desk.save(saved, {"hctci": ""})) == [("hctci", "X-SYS-03")]
    desk.save(saved, {"hctci": ""}, why=desk.BECAUSE)
    assert desk.row_of(saved).hctci is None


def test_what_is_not_mentioned_stays(saved: Page) -> None:
    before = desk.texts(saved)
    desk.save(saved, {"hctci": "5"}, why=desk.BECAUSE)
    assert desk.texts(saved) == before | {"hctci": "5"}


def test_another_precision_is_another_answer(page: Page) -> None:
    disease = desk.page_of(page.subject, "DX")
    desk.save(disease, {"cd7_pct": "92.0"})
    assert refused(lambda: desk.save(disease, {"cd7_pct": "92"})) == [("cd7_pct", "X-SYS-03")]


def test_the_old_and_the_new_value_are_kept_as_codes_and_as_words(saved: Page) -> None:
    with translation.override("zh-hans"):
        desk.save(saved, {"race": "WHITE"}, why=desk.BECAUSE)
    change = desk.changes_of(desk.last_event())["race"]
    assert (change.old, change.new, change.label) == ("ASIAN", "WHITE", "Race")
    assert (change.old_shown, change.new_shown) == ("Asian", "White")


# --- nothing changed ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"hctci": "4"},
        desk.DM,
        {"hctci": "+4"},
        {"hbv_dna": ""},
        {"race__missing": ""},
        {"birth_date": "4 Apr 1992"},
    ],
)
def test_nothing_changed_writes_nothing(answers: dict[str, str], saved: Page) -> None:
    before = desk.content()
    result = desk.save(saved, answers, on=desk.CONSENT)
    assert result.changed == 0
    assert desk.content() == before


def test_an_empty_first_save_writes_nothing(page: Page) -> None:
    before = desk.content()
    result = desk.save(page, {"sex": "", "race": " "}, complete=True)
    assert (result.changed, result.page.state) == (0, PageState.EMPTY)
    assert desk.content() == before


def test_a_multiple_choice_of_nothing_is_no_answer(page: Page) -> None:
    disease = desk.page_of(page.subject, "DX")
    before = desk.content()
    desk.save(disease, {"mutations": "|"})
    assert desk.content() == before


# --- missing answers ------------------------------------------------------------------------------------
@pytest.mark.requirement("DI-06")
@pytest.mark.parametrize("reason", MissingReason)
def test_a_missing_answer_keeps_its_reason(reason: MissingReason, page: Page) -> None:
    desk.save(page, {"hctci__missing": reason})
    assert desk.row_of(page).missing == {"hctci": reason}
    change = desk.changes_of(desk.last_event())["hctci"]
    assert (change.new, change.new_shown) == (f"[{reason}]", str(reason.label))


def test_an_answer_takes_the_place_of_a_missing_reason(page: Page) -> None:
    desk.save(page, {"hctci__missing": "unknown"})
    assert refused(lambda: desk.save(page, {"hctci": "4"})) == [("hctci", "X-SYS-03")]
    desk.save(page, {"hctci": "4"}, why=desk.BECAUSE)
    assert (desk.row_of(page).missing, desk.row_of(page).hctci) == ({}, 4)
    change = desk.changes_of(desk.last_event())["hctci"]
    assert (change.old, change.new) == ("[unknown]", "4")


def test_a_missing_reason_takes_the_place_of_an_answer_that_is_emptied(saved: Page) -> None:
    desk.save(saved, {"hctci": "", "hctci__missing": "not_done"}, why=desk.BECAUSE)
    assert (desk.row_of(saved).missing, desk.row_of(saved).hctci) == ({"hctci": "not_done"}, None)


def test_another_missing_reason_is_a_change(page: Page) -> None:
    desk.save(page, {"hctci__missing": "unknown"})
    assert refused(lambda: desk.save(page, {"hctci__missing": "not_done"})) == [("hctci", "X-SYS-03")]
    desk.save(page, {"hctci__missing": ""}, why=desk.BECAUSE)
    assert desk.row_of(page).missing == {}


@pytest.mark.parametrize(
    "answers",
    [
        {"hctci": "4", "hctci__missing": "unknown"},
        {"hctci__missing": "lost"},
        {"age_consent__missing": "unknown"},
    ],
)
def test_a_missing_reason_that_makes_no_sense_is_refused(answers: dict[str, str], page: Page) -> None:
    assert len(refused(lambda: desk.save(page, answers))) == 1


def test_a_missing_reason_beside_a_kept_answer_is_refused(saved: Page) -> None:
    assert refused(lambda: desk.save(saved, {"hctci__missing": "unknown"}, why=desk.BECAUSE)) == [
        ("hctci", "")
    ]


# --- what cannot be read --------------------------------------------------------------------------------
def test_everything_that_cannot_be_read_is_named_at_once(page: Page) -> None:
    unreadable = {
        "sex": "X",
        "birth_date": "5/8/1990",
        "hctci": "four",
        "hbv_dna": "1,5",
        "shoe_size": "42",
        "age_consent": "31.6",
        "race__missing": "lost",
    }
    found = refused(lambda: desk.save(page, unreadable | {"country": "CHN"}, header={"form_date": "2023"}))
    assert sorted(item for item, _check in found) == sorted(
        {name.removesuffix("__missing") for name in unreadable} | {"form_date"}
    )


def test_a_refusal_carries_what_was_typed(page: Page) -> None:
    with pytest.raises(Refused) as refusal:
        desk.save(page, {"hctci": "four"})
    (finding,) = refusal.value.findings
    assert (finding.item, finding.value, str(finding.message)) == (
        "hctci",
        "four",
        "four is not a whole number.",
    )


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\udfff!"])
@pytest.mark.parametrize("name", ["sex", "birth_date", "hctci", "hbv_dna"])
def test_no_character_that_a_database_refuses_gets_that_far(name: str, text: str, page: Page) -> None:
    assert [item for item, _check in refused(lambda: desk.save(page, {name: text}))] == [name]


@pytest.mark.parametrize("key", ["1", "x" * 61, "\x00", " "])
def test_a_form_with_one_row_takes_no_key(key: str, page: Page) -> None:
    def act() -> None:
        save_page(page, {key: {"sex": "F"}}, by=desk.SYSTEM, base_version=0, source=Source.WEB)

    assert [item for item, _check in refused(act)] == ["repeat"]


def test_an_item_of_another_form_is_unknown(page: Page) -> None:
    assert refused(lambda: desk.save(page, {"dx_type": "aml"})) == [("dx_type", "")]


def test_columns_of_the_row_are_no_items(page: Page) -> None:
    forged = {"id": "1", "page": "1", "page_id": "1", "row_key": "x", "missing": "{}", "item_versions": "{}"}
    found = refused(lambda: desk.save(page, forged))
    assert {item for item, _check in found} == set(forged)


# --- events ---------------------------------------------------------------------------------------------
def test_a_save_is_one_event_with_the_place_and_the_person(page: Page) -> None:
    person = desk.a_member(Role.COORDINATOR)
    counted = TrailEvent.objects.count()
    desk.save(page, desk.DM, on=desk.CONSENT, by=person, request_id="r" * 32)
    assert TrailEvent.objects.count() == counted + 1
    event = desk.last_event()
    where = (event.action, event.site, event.subject, event.visit, event.form, event.form_version)
    assert where == ("page.saved", "HZ01", "HZ01-001", "SCR", "DM", Demographics.form.version)
    assert (event.actor, event.actor_role, event.request_id) == ("ana.li", "coordinator", "r" * 32)


def test_the_version_of_the_row_names_the_person_and_the_request(page: Page) -> None:
    desk.save(page, {"sex": "F"}, by=desk.a_member(), request_id="r" * 32)
    version = desk.row_of(page).history.get()
    assert (version.history_user_id, version.request_id, version.source) == ("ana.li", "r" * 32, "web")


def test_a_refused_save_is_no_event(page: Page) -> None:
    counted = TrailEvent.objects.count()
    with pytest.raises(Refused):
        desk.save(page, {"sex": "X"})
    assert TrailEvent.objects.count() == counted


# --- oversight ------------------------------------------------------------------------------------------
def test_oversight_is_told_of_a_save_and_its_changes_stand_in_the_same_event(
    saved: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signatures and verifications fall before the event is written, which holds what they changed."""
    called: list[str] = []

    def step(name: str) -> Callable[..., list[Change]]:
        def act(*told: object, **about: object) -> list[Change]:
            called.append(name)
            assert TrailEvent.objects.count() == counted
            return [Change(name, name, "", "done")]

        return act

    counted = TrailEvent.objects.count()
    for name in ("drop_signatures", "follow_edits"):
        monkeypatch.setattr(f"patients.entry.save.{name}", step(name))
    desk.save(saved, {"hctci": "5"}, why=desk.BECAUSE)
    assert called == ["drop_signatures", "follow_edits"]
    assert set(desk.changes_of(desk.last_event())) == {"hctci", "query.hctci", *called}
