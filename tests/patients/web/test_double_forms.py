"""The forms beside those of pages: sent twice, each has one effect and both times the same answer (DI-02)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from patients.casebook.page import Subject
from patients.oversight.monitoring_visits import period_since
from patients.oversight.redaction import Redaction
from tests.patients.web import people
from trial.people.delegation import Delegation
from trial.people.models import Account, Member
from trial.people.roles import Role
from trial.protocol.models import ConsentVersion
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-02")]

KEY = "one-copy-of-a-form"


@dataclass(frozen=True)
class Form:
    """Who sends a form where, what is in it, and the act that shall be done once. `other`: what makes it
    another form under the same key."""

    by: Account
    url: str
    typed: dict[str, object]
    action: str
    other: dict[str, object] = field(default_factory=dict)


Prepare = Callable[[Subject], Form]
FORMS: list[Prepare] = []


def form(prepare: Prepare) -> Prepare:
    FORMS.append(prepare)
    return prepare


def of_person(do: str, action: str, account: Account, **typed: object) -> Form:
    by = people.a_member(Role.ACCOUNT_ADMINISTRATOR, name="the.admin")
    sent = {"do": do, "reason": "as was agreed", **typed}
    return Form(by, reverse("person", args=[account.pk]), sent, action, {"reason": "as was not agreed"})


def some_body() -> Account:
    return people.a_member(Role.COORDINATOR, name="some.body")


@form
def a_role_is_granted(subject: Subject) -> Form:
    return of_person("grant", "role.granted", some_body(), role="investigator", site="HZ01")


@form
def a_role_ends(subject: Subject) -> Form:
    account = some_body()
    return of_person("end", "role.ended", account, grant=Member.objects.get(account=account).pk)


@form
def an_account_is_disabled(subject: Subject) -> Form:
    return of_person("disable", "account.disabled", some_body())


@form
def a_reset_is_asked_for(subject: Subject) -> Form:
    return of_person("ask-reset", "second_factor.reset_requested", some_body())


@form
def all_access_is_reviewed(subject: Subject) -> Form:
    by = people.a_member(Role.ACCOUNT_ADMINISTRATOR, name="the.admin")
    typed = {"remark": "all in order"}
    return Form(by, reverse("access-review"), typed, "access.reviewed", {"remark": "not in order"})


@form
def a_monitoring_visit_is_closed(subject: Subject) -> Form:
    by, period = people.a_member(Role.MONITOR, name="tan.rui"), period_since(None, "HZ01")
    seen = {"after": period.after, "up_to": period.up_to, "acts": period.acts, "whose": "mine"}
    typed = {"kind": "remote", "began": "2025-08-04", "ended": "2025-08-05"}
    url = reverse("monitoring-visit", args=["HZ01"])
    return Form(by, url, seen | typed, "visit.closed", {"kind": "on_site"})


def of_study_file(name: str, do: str, action: str, keeps: Role = Role.DATA_MANAGER, **typed: object) -> Form:
    by = people.a_member(keeps, name="who.keeps")
    sent = {f"{do}-{key}": text for key, text in typed.items()} if do != "end" else typed
    other = {"reason" if do == "end" else f"{do}-reason": "for another reason"}
    return Form(by, reverse("study-file", args=[name]), {"do": do, **sent}, action, other)


@form
def a_consent_is_recorded(subject: Subject) -> Form:
    dated = {"approved_on": "2025-01-05", "in_force_from": "2025-02-01"}
    about = {"version": "2.0", "language": "zh", "reason": "amendment 1"}
    return of_study_file("consents", "add", "consent.recorded", **dated, **about)


@form
def a_consent_is_superseded(subject: Subject) -> Form:
    ended = {"row": ConsentVersion.objects.get().pk, "on": "2025-02-01", "reason": "amendment 1"}
    return of_study_file("consents", "end", "consent.superseded", **ended)


@form
def a_training_is_asked_for(subject: Subject) -> Form:
    new = {"role": "coordinator", "version": "1.0", "title": "Entry", "in_force_from": "2025-01-01"}
    return of_study_file("training", "add", "training.published", **new, reason="begin")


@form
def tasks_are_delegated(subject: Subject) -> Form:
    to = {"site": subject.site.pk, "account": some_body().pk, "starts": "2025-01-02", "tasks": ["entry"]}
    role = Role.PRINCIPAL_INVESTIGATOR
    return of_study_file("delegation", "add", "task.delegated", role, **to)


@form
def hiding_is_asked_for(subject: Subject) -> Form:
    people.save(people.page_of(subject, "DX", "SCR"), {"karyotype_iscn": "see Wang Wu"})
    by = people.a_member(Role.DATA_MANAGER)
    typed = {"do": "ask", "text": "Wang Wu", "reason": "a relative's name"}
    return Form(
        by, reverse("redactions", args=[subject.code]), typed, "redaction.requested", {"reason": "a name"}
    )


def done(action: str) -> int:
    return TrailEvent.objects.filter(action=action).count()


@pytest.mark.parametrize("prepare", FORMS, ids=lambda prepare: prepare.__name__)
def test_a_form_that_is_sent_twice_has_one_effect_and_one_answer(subject: Subject, prepare: Prepare) -> None:
    it = prepare(subject)
    client, before = people.signed_in(it.by), done(it.action)
    sent = it.typed | {"form_token": KEY}
    first, *more = [client.post(it.url, sent) for _time in range(3)]
    assert (first.status_code, first["Location"]) == (302, it.url)
    assert {(answer.status_code, answer["Location"]) for answer in more} == {(302, it.url)}
    assert done(it.action) == before + 1
    refused = client.post(it.url, sent | (it.other or {"another": "field"}))
    assert refused.status_code == 422
    assert "sent before with other values" in refused.content.decode()
    assert done(it.action) == before + 1


def test_what_was_refused_may_be_sent_again_with_its_key(subject: Subject) -> None:
    it = hiding_is_asked_for(subject)
    client, sent = people.signed_in(it.by), it.typed | {"form_token": KEY}
    assert client.post(it.url, sent | {"reason": "no"}).status_code == 422
    assert client.post(it.url, sent).status_code == 302
    assert Redaction.objects.count() == 1


def test_a_review_that_is_marked_twice_is_one(subject: Subject) -> None:
    client = people.signed_in(people.a_member(Role.MONITOR, name="tan.rui"))
    url = reverse("review-subject", args=["HZ01", subject.code])
    sent = dict(re.findall(r'name="(up_to|acts)" value="(\d+)"', client.get(url).content.decode()))
    first, second = client.post(url, sent), client.post(url, sent)
    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"])
    assert first.status_code == 302
    assert done("trail.reviewed") == 1


def test_each_decision_on_a_hiding_is_refused_the_second_time(subject: Subject) -> None:
    it = hiding_is_asked_for(subject)
    people.signed_in(it.by).post(it.url, it.typed)
    other = people.signed_in(people.a_member(Role.PRINCIPAL_INVESTIGATOR))
    sent = {"do": "refuse", "redaction": Redaction.objects.get().pk}
    assert [other.post(it.url, sent).status_code for _time in range(2)] == [302, 422]
    assert done("redaction.refused") == 1


def test_a_form_without_a_key_is_done_as_before(subject: Subject) -> None:
    it = tasks_are_delegated(subject)
    client = people.signed_in(it.by)
    assert client.post(it.url, it.typed).status_code == 302
    assert client.post(it.url, it.typed).status_code == 422
    assert Delegation.objects.count() == 1


# --- every form -------------------------------------------------------------------------------------------
ROOT = Path(settings.BASE_DIR) / "templates"
WITHOUT_A_KEY = {
    "lock_export.html": "a file that is taken twice is on record twice, and what has ended stays so",
    "log.html": "takes a file out: each time on record",
    "coding.html": "takes a file out: each time on record",
    "deviations.html": "takes a file out: each time on record",
    "safety.html": "takes a file out: each time on record",
    "components/results_menu.html": "takes a file out: each time on record",
    "components/report_menu.html": "takes a file out: each time on record",
    "components/figure_card.html": "takes a file out: each time on record",
    "trail.html": "takes a file out: each time on record",
    "people/access.html": "takes a file out: each time on record",
    "components/casebook_menu.html": "takes a file out: each time on record",
    "components/language_menu.html": "the same language again",
    "components/kept_draft.html": "a draft that is gone is gone",
    "components/account_ways.html": "signs out",
    "layouts/shell.html": "signs out",
    "components/session_warning.html": "says that somebody is here",
    "components/passkey_answer.html": "a proof is used up by its first use",
    "sign_in.html": "a proof is used up by its first use",
    "people/enter_code.html": "a code is used up by its first use",
    "people/confirm.html": "a proof of who it is; it does nothing else",
    "people/add_telephone.html": "refused the second time: there is a telephone already",
    "people/add_passkey.html": "what the browser made is used up by its first use",
    "people/second_factors.html": "absent the second time",
    "people/my_sessions.html": "absent the second time",
    "people/recovery_codes.html": "the later ten count, and are shown",
    "people/set_password.html": "a link is over after its first use",
    "people/change_password.html": "the same password again; it signs out",
    "people/list.html": "refused the second time: the name is taken; the secret of a link is kept nowhere",
    "people/tokens.html": "refused the second time: the name is taken; the key is kept nowhere",
    "laboratory_file.html": "the same file, the same mapping; results carry the versions of their pages",
    "review.html": "marked once by itself",
    "lock_desk.html": "refused the second time, as asked for or locked already; the same cut is one snapshot",
    "results_waiting.html": "what has ended or waits already is left as it is",
    "lock_request.html": "refused the second time: decided already",
    "unlock.html": "refused the second time: asked for already",
}
"""Templates with a form that has no key, or not each, and why it does nothing a second time."""
PARTLY = {
    "components/attachments.html": "to open a source is on record each time",
    "queries.html": "the list is taken out on record each time",
    "monitoring_visit.html": "a report is taken out on record each time",
    "people/person.html": "the later of two links counts, and is shown",
    "redactions.html": "a decision is refused the second time",
}
FORM = re.compile(r"<form[^>]*method=\"post\".*?</form>", re.DOTALL)
KEYED = ("{% form_key %}", "form_token", "FIELD")


def lacking() -> dict[str, tuple[int, int]]:
    """How many forms of a template have no key, of how many; those where each has one left out."""
    found = {}
    for path in sorted(ROOT.rglob("*.html")):
        forms = FORM.findall(path.read_text())
        bare = [text for text in forms if not any(key in text for key in KEYED)]
        if bare:
            found[str(path.relative_to(ROOT))] = (len(bare), len(forms))
    return found


def test_each_form_has_a_key_or_does_nothing_a_second_time() -> None:
    found = lacking()
    assert set(found) == set(WITHOUT_A_KEY) | set(PARTLY)
    assert {name for name, (bare, all_of_them) in found.items() if bare < all_of_them} == set(PARTLY)
