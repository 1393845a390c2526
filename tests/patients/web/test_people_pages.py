"""The pages of the account administrator: accounts, grants, resets, who had access, and its review."""

import re
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlencode

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.patients.web import people
from tests.trial.people import persons
from trial.people.models import Account, Member
from trial.people.roles import Role
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.one_engine

OWN = "a sentence that nobody else has"


@pytest.fixture
def administrator(db: None) -> Account:
    return people.a_member(Role.ACCOUNT_ADMINISTRATOR, name="the.admin", printed="The Admin")


@pytest.fixture
def office(administrator: Account) -> Client:
    return people.signed_in(administrator)


@pytest.fixture
def somebody(db: None) -> Account:
    return people.a_member(Role.COORDINATOR, name="some.body", printed="Some Body")


def act(client: Client, account: Account, do: str, **typed: object) -> HttpResponse:
    return client.post(reverse("person", args=[account.pk]), {"do": do, **typed})


def shown(client: Client, name: str, *args: object, **query: str) -> str:
    ask = client.post if name == "access-sheet" else client.get
    answer = ask(f"{reverse(name, args=args)}?{urlencode(query)}")
    assert answer.status_code == 200
    return answer.content.decode()


# --- accounts ---------------------------------------------------------------------------------------------
@pytest.mark.requirement("ES-06", "AT-09")
def test_a_new_account_comes_with_a_link_that_is_shown_once(office: Client) -> None:
    answer = office.post(reverse("people"), {"user_name": "new.one", "printed_name": "New One"})
    link = re.findall(r"http://testserver(/set-password/[\w-]+/)", answer.content.decode())
    assert len(link) == 1
    assert Client().post(link[0], {"password": OWN, "again": OWN}).status_code == 200
    account = Account.objects.get(user_name="new.one")
    assert account.check_password(OWN)
    for text in (shown(office, "people"), shown(office, "person", account.pk)):
        assert "New One" in text
        assert "set-password" not in text
    acts = TrailEvent.objects.filter(actor="the.admin").values_list("action", flat=True)
    assert sorted(acts) == ["account.created", "set_up_link.issued"]


def test_a_name_that_was_used_is_refused_and_stays_typed(office: Client, somebody: Account) -> None:
    answer = office.post(reverse("people"), {"user_name": "SOME.body", "printed_name": "Somebody Else"})
    assert answer.status_code == 422
    assert "never used again" in answer.content.decode()
    assert 'value="Somebody Else"' in answer.content.decode()
    assert Account.objects.count() == 2


@pytest.mark.requirement("AC-08")
def test_a_disabled_account_is_out_at_once_and_stays_listed(office: Client, somebody: Account) -> None:
    desk = people.signed_in(somebody)
    assert act(office, somebody, "disable", reason="no").status_code == 422
    assert desk.get(reverse("subjects")).status_code == 200
    assert act(office, somebody, "disable", reason="has left").status_code == 302
    assert desk.get(reverse("subjects")).status_code == 302
    assert "disabled" in shown(office, "people")
    text = shown(office, "person", somebody.pk)
    assert "This account is disabled." in text
    assert 'value="grant"' not in text


# --- roles ------------------------------------------------------------------------------------------------
@pytest.mark.requirement("AC-06")
def test_a_role_is_granted_from_a_day_to_a_day(office: Client, somebody: Account) -> None:
    with time_machine.travel("2030-03-01 10:00:00+08:00", tick=False):
        client = people.signed_in(Account.objects.get(user_name="the.admin"))
        period = {"starts": "2030-03-04", "ends": "2030-03-31"}
        given = {"role": "transplant_physician", "site": "HZ01", "reason": "stands in"}
        assert act(client, somebody, "grant", **given, **period).status_code == 302
        grant = Member.objects.get(role=Role.TRANSPLANT_PHYSICIAN)
        assert grant.starts.isoformat() == "2030-03-03T16:00:00+00:00"
        assert grant.ends is not None
        assert grant.ends.isoformat() == "2030-03-31T16:00:00+00:00"
        assert grant.granted_by == "the.admin"
        text = shown(client, "person", somebody.pk)
        assert "begins later" in text
        assert "stands in" in text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"reason": "no"}, "Say why"),
        ({"role": "king"}, "Choose a role"),
        ({"site": "HZ09"}, "Choose a role"),
        ({"ends": "31/3/30"}, "31/3/30 is not a date."),
        ({"ends": "2001-01-01"}, "ends after"),
        ({"role": "coordinator"}, "granted at this site already"),
        ({"role": "monitor"}, "must not both"),
    ],
)
def test_a_grant_that_is_refused_says_why_and_keeps_what_was_typed(
    office: Client, somebody: Account, typed: dict[str, str], said: str
) -> None:
    given = {"role": "investigator", "site": "HZ01", "reason": "is a doctor now"} | typed
    answer = act(office, somebody, "grant", **given)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert f'value="{given["reason"]}"' in answer.content.decode()
    assert Member.objects.filter(account=somebody).count() == 1


@pytest.mark.requirement("AC-06")
def test_a_role_ends_with_a_reason_and_opens_nothing_any_more(office: Client, somebody: Account) -> None:
    subject, desk = people.a_subject(), people.signed_in(somebody)
    grant = somebody.grants.get()
    url = reverse("subject", args=[subject.code])
    assert act(office, somebody, "end", grant=grant.pk, reason="").status_code == 422
    assert desk.get(url).status_code == 200
    assert act(office, somebody, "end", grant=grant.pk, reason="moves on").status_code == 302
    assert people.signed_in(Account.objects.get(pk=somebody.pk)).get(url).status_code == 404
    assert act(office, somebody, "end", grant=grant.pk, reason="once more").status_code == 404
    event = TrailEvent.objects.get(action="role.ended")
    assert (event.actor, event.about, event.reason) == ("the.admin", "some.body", "moves on")


@pytest.mark.requirement("AC-06")
def test_a_grant_whose_time_is_over_is_refused_at_the_next_request(somebody: Account) -> None:
    """403 where a list is asked for, 404 where a record is; no job has run, and the session is the same."""
    subject, desk = people.a_subject(), people.signed_in(somebody)
    list_url, record_url = reverse("subjects"), reverse("subject", args=[subject.code])
    assert [desk.get(url).status_code for url in (list_url, record_url)] == [200, 200]
    Member.objects.filter(account=somebody).update(ends=timezone.now())
    assert [desk.get(url).status_code for url in (list_url, record_url)] == [403, 404]


@pytest.mark.requirement("AC-05", "AC-06")
def test_nobody_administers_an_account_of_their_own(office: Client, administrator: Account) -> None:
    grant = administrator.grants.get()
    given = {"role": "auditor", "site": "HZ01", "reason": "why not", "grant": grant.pk}
    for do in ("grant", "end", "disable", "link", "ask-reset", "approve-reset"):
        assert act(office, administrator, do, **given).status_code == 403, do
    assert 'name="do"' not in shown(office, "person", administrator.pk)
    assert administrator.grants.count() == 1
    assert not TrailEvent.objects.filter(actor="the.admin").exists()


def test_an_act_that_no_page_sends_is_none(office: Client, somebody: Account) -> None:
    assert act(office, somebody, "promote").status_code == 400


# --- the second factor ------------------------------------------------------------------------------------
@pytest.mark.requirement("AC-09")
def test_another_administrator_approves_the_reset(office: Client, somebody: Account) -> None:
    people.signed_in(somebody)  # who has a telephone from then on
    second = people.signed_in(people.a_member(Role.ACCOUNT_ADMINISTRATOR, name="second.admin"))
    assert act(office, somebody, "approve-reset").status_code == 409
    assert act(office, somebody, "ask-reset", reason="telephone lost").status_code == 302
    assert "reset asked for" in shown(second, "people")
    assert "Approve the reset" not in shown(office, "person", somebody.pk)
    assert act(office, somebody, "approve-reset").status_code == 403
    assert Account.objects.get(pk=somebody.pk).has_second_factor
    assert "Approve the reset" in shown(second, "person", somebody.pk)
    assert act(second, somebody, "approve-reset").status_code == 302
    assert not Account.objects.get(pk=somebody.pk).has_second_factor
    asked, approved = TrailEvent.objects.filter(action__startswith="second_factor.reset").order_by("id")
    assert (asked.actor, approved.actor) == ("the.admin", "second.admin")


# --- a proof of a while ago --------------------------------------------------------------------------------
LATER = timedelta(minutes=16)


@pytest.mark.requirement("AC-09")
@pytest.mark.parametrize(
    ("do", "typed"),
    [
        ("grant", {"role": "monitor", "site": "HZ02", "reason": "covers the leave"}),
        ("end", {"reason": "left the ward"}),
        ("disable", {"reason": "left the hospital"}),
        ("ask-reset", {"reason": "telephone lost"}),
        ("approve-reset", {}),
        ("link", {}),
    ],
)
def test_an_act_asks_for_a_new_proof_after_a_quarter_of_an_hour(
    office: Client, somebody: Account, do: str, typed: dict[str, str]
) -> None:
    people.a_site("HZ02")
    if do == "end":
        typed = typed | {"grant": str(Member.objects.get(account=somebody).pk)}
    before = TrailEvent.objects.count()
    with time_machine.travel(timezone.now() + LATER, tick=False):
        answer = act(office, somebody, do, **typed)
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("confirm"))
        assert TrailEvent.objects.count() == before
        page = shown(office, "person", somebody.pk)
        assert "Nothing was done yet: you will be asked who you are" in page
        assert "Confirmed" not in page
        for value in typed.values():
            assert f'value="{value}"' in page
        assert "Nothing was done yet" not in shown(office, "person", somebody.pk), "it is told once"


@pytest.mark.requirement("AC-09")
def test_after_the_proof_it_is_sent_again_and_done(administrator: Account, somebody: Account) -> None:
    office = people.signed_in(administrator)
    Authenticator.objects.filter(user=administrator).delete()
    secret = persons.with_telephone(administrator)
    disabling = {"do": "disable", "reason": "left the hospital"}
    url = reverse("person", args=[somebody.pk])
    with time_machine.travel(timezone.now() + LATER, tick=False):
        asked = office.post(url, disabling)["Location"]
        wrong = office.post(asked, {"password": people.PASSWORD, "code": "000000", "next": url})
        assert wrong.status_code == 200
        assert office.post(url, disabling)["Location"] == asked
        given = {"password": people.PASSWORD, "code": persons.code_of(secret), "next": url}
        assert office.post(asked, given)["Location"] == url
        kept = office.get(url).content.decode()
        assert "left the hospital" in kept
        assert "Confirmed. Nothing was done yet" in kept
        assert Account.objects.get(pk=somebody.pk).is_active
        assert office.post(url, disabling)["Location"] == url
    assert not Account.objects.get(pk=somebody.pk).is_active


@pytest.mark.requirement("AC-09")
def test_a_new_account_asks_for_it_too_and_a_young_proof_is_enough(office: Client) -> None:
    typed = {"user_name": "new.one", "printed_name": "New One"}
    with time_machine.travel(timezone.now() + timedelta(minutes=14), tick=False):
        assert office.post(reverse("people"), typed).status_code == 200
    with time_machine.travel(timezone.now() + LATER, tick=False):
        typed = {"user_name": "another.one", "printed_name": "Another One"}
        assert office.post(reverse("people"), typed)["Location"].startswith(reverse("confirm"))
        assert 'value="Another One"' in shown(office, "people")
    assert not Account.objects.filter(user_name="another.one").exists()


# --- who had access, and the review -----------------------------------------------------------------------
@pytest.mark.requirement("AC-06")
def test_access_on_a_day_is_a_page_and_a_sheet(office: Client, somebody: Account) -> None:
    people.a_member(Role.MONITOR, "HZ02", name="ning.bo")
    period = {"starts": "2025-01-01T00:00Z", "ends": "2025-02-01T00:00Z"}
    Member.objects.filter(account=somebody).update(**period)
    for name, asked in (("access", office.get), ("access-sheet", office.post)):
        assert "some.body" in shown(office, name, on="2025-01-15")
        assert "ning.bo" not in shown(office, name, on="2025-01-15")
        assert "some.body" not in shown(office, name)
        assert "ning.bo" in shown(office, name, site="HZ02")
        assert "ning.bo" not in shown(office, name, site="HZ01")
        assert asked(f"{reverse(name)}?site=HZ09").status_code == 404
        assert asked(f"{reverse(name)}?on=5/8/25").status_code == 400


@pytest.mark.requirement("AT-09", "AC-06")
def test_the_sheet_of_access_is_on_record_before_it_leaves(office: Client, somebody: Account) -> None:
    people.a_site("HZ02")
    sheet = office.post(f"{reverse('access-sheet')}?on=2025-01-15")
    event = TrailEvent.objects.get(action="access.exported")
    told = {change.item: change.new for change in event.changes.all()}
    assert (event.actor, event.about, event.site) == ("the.admin", "csv 2025-01-15", "")
    assert told["sha256"] == sha256(sheet.content).hexdigest()
    assert int(told["entries"]) == len(sheet.content.decode().splitlines()) - 1
    assert {"HZ01", "HZ02"} <= set(told["sites"].split("|"))
    office.post(f"{reverse('access-sheet')}?site=HZ02")
    assert TrailEvent.objects.filter(action="access.exported", site="HZ02").exists()
    assert office.get(reverse("access-sheet")).status_code == 405


@pytest.mark.requirement("AC-06", "AC-02")
def test_a_monitor_sees_the_access_of_the_own_sites_alone(somebody: Account) -> None:
    people.a_member(Role.COORDINATOR, "HZ02", name="ning.bo")
    client = people.signed_in(people.a_member(Role.MONITOR, name="the.monitor"))
    for name in ("access", "access-sheet", "access-review"):
        text = shown(client, name)
        assert "some.body" in text
        assert "ning.bo" not in text
    assert client.get(reverse("access"), {"site": "HZ02"}).status_code == 404
    assert client.post(reverse("access-review"), {"remark": "looked at it"}).status_code == 403


@pytest.mark.requirement("AC-07")
def test_the_review_is_due_until_done_and_again_after_a_quarter(office: Client, somebody: Account) -> None:
    assert "A review is due since" in shown(office, "access-review")
    assert office.post(reverse("access-review"), {"remark": ""}).status_code == 422
    assert office.post(reverse("access-review"), {"remark": "all in order"}).status_code == 302
    text = shown(office, "access-review")
    assert "The next review is due on" in text
    line = "<" + text.partition("The Admin <")[2].partition("</tr>")[0]
    cells = [cell.strip() for cell in re.sub("<[^>]*>", "|", line).split("|") if cell.strip()]
    assert cells == ["the.admin", "2", "0", "all in order"]
    with time_machine.travel(timezone.now() + timedelta(days=92), tick=False):
        later = people.signed_in(Account.objects.get(user_name="the.admin"))
        text = shown(later, "access-review")
        assert "A review is due since" in text
        assert text.count("unused for 90 days") >= 1


# --- the way around ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", Role)
def test_everybody_is_led_to_what_they_may_open(db: None, role: Role) -> None:
    client = people.signed_in(people.a_member(role))
    started = client.get(reverse("home"), follow=True)
    assert started.status_code == 200
    links = re.findall(r'<li><a href="(/[^"]+)"', started.content.decode())
    assert links
    for link in links:
        assert client.get(link).status_code == 200, link
