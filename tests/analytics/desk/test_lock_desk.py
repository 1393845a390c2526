"""The lock desk on screen: asked for, approved, unlocked, locked again, and what the certificate says."""

import html
import json
import re
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from analytics.datasets.time_to_event import ImpossibleDates
from analytics.desk.impossible_dates import impossible_lines
from analytics.locks.locking import approve_lock
from analytics.locks.models import Lock
from analytics.locks.seal import make_lock
from analytics.runs.compute import compute_run
from analytics.runs.models import Run
from patients.casebook.page import Page, PageState, Subject
from patients.entry.lock_gate import Check, gate_of
from patients.oversight.casebook_locks import LockRequest, Unlocking
from tests.analytics.computing import results_of
from tests.patients.entry import desk
from tests.patients.entry.locking_desk import CUTOFF, asked
from tests.patients.web import people
from tests.trial.people.persons import code_of, with_telephone
from trial.people.access import SystemPerson
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.actor import Source
from trial.trail.seals import seal_trail

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
WRONG = "not what it is"


@pytest.fixture
def subject(db: None) -> Subject:
    return desk.infused()


class Person:
    """Somebody with a telephone, who has signed in."""

    def __init__(self, role: Role, name: str) -> None:
        self.account = people.a_member(role, name=name, printed=name.replace(".", " ").title())
        self.secret = with_telephone(self.account)
        self.client = Client()
        self.client.force_login(Account.objects.get(pk=self.account.pk))

    @property
    def proof(self) -> dict[str, str]:
        return {
            "user_name": self.account.user_name,
            "password": people.PASSWORD,
            "code": code_of(self.secret),
        }


@pytest.fixture
def manager(subject: Subject) -> Person:
    return Person(Role.DATA_MANAGER, "mei.zhang")


@pytest.fixture
def second(subject: Subject) -> Person:
    return Person(Role.PRINCIPAL_INVESTIGATOR, "wei.shen")


def text(answer: Any) -> str:
    return answer.content.decode()


def computed() -> None:
    for run in Run.objects.exclude(state="done"):
        compute_run(run.pk)


def named(client: Client, address: str = "") -> tuple[list[str], list[str], str]:
    """The casebooks that the desk names, where it leads before and after them, and all that it says."""
    page = text(client.get(address or reverse("lock-desk")))
    urls = [html.unescape(url) for url in re.findall(r'rel="(?:prev|next)" href="([^"]+)"', page)]
    return re.findall(r'<th scope="row"><a href="/subjects/([^/"]+)', page), urls, page


def test_the_desk_names_those_with_the_most_in_the_way_first_and_leads_to_all(
    subject: Subject, manager: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patients.web.subjects_presenter.SUBJECTS_ON_A_PAGE", 1)
    desk.a_subject("HZ01-000")
    codes, urls, page = named(manager.client)
    assert (codes, len(urls)) == ([subject.code], 1)
    assert "2 casebooks" in page
    assert "with the most in the way come first" in page
    codes, urls, _page = named(manager.client, urls[0])
    assert codes == ["HZ01-000"]
    assert named(manager.client, urls[0])[0] == [subject.code]
    assert named(manager.client, f"{reverse('lock-desk')}?q=-000")[0] == ["HZ01-000"]
    assert named(manager.client, f"{reverse('lock-desk')}?after=0.Z")[0] == [subject.code], (
        "nobody stands there"
    )


def test_what_was_derived_is_not_derived_again_for_the_next_page(
    subject: Subject, manager: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patients.web.subjects_presenter.SUBJECTS_ON_A_PAGE", 1)
    desk.a_subject("HZ01-000")
    _codes, (further,), _page = named(manager.client, f"{reverse('lock-desk')}?derived=1&cutoff=2024-06-01")
    assert set(parse_qs(urlsplit(further).query)) == {"after", "count", "cutoff"}
    _codes, _urls, page = named(manager.client, further)
    assert "by 2024-06-01" in page
    assert "computed when the lock is asked for" in page


def test_a_request_that_is_refused_leaves_the_list_by_its_cutoff(
    subject: Subject, manager: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patients.web.subjects_presenter.SUBJECTS_ON_A_PAGE", 1)
    desk.a_subject("HZ01-000")
    refused = manager.client.post(reverse("lock-desk"), {"cutoff": "2024-06-01"})
    assert refused.status_code == 422
    assert re.search(r'rel="next" href="[^"]+cutoff=2024-06-01', text(refused))


def test_many_casebooks_are_counted_when_somebody_asks_for_it(
    subject: Subject, manager: Person, second: Person, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr("patients.web.subjects_presenter.SUBJECTS_ON_A_PAGE", 1)
    desk.a_subject("HZ01-000")
    settings.LOCK_DESK_COUNTED_SUBJECTS = 1
    codes, urls, page = named(manager.client)
    assert (codes, "counted when the lock is asked for" in page) == (["HZ01-000"], True)
    codes, _urls, page = named(manager.client, urls[0])
    assert (codes, re.search(r'num-col">[1-9]', page) is not None) == ([subject.code], True), "what is left"
    counted = re.findall(r'href="([^"]+)">Count now', page)[0]
    codes, _urls, page = named(manager.client, counted)
    assert (codes, "counted when the lock is asked for" in page) == ([subject.code], False)
    request = asked()
    page = text(second.client.get(reverse("lock-request", args=[request.pk])))
    assert "What stood in the way when it was asked for" in page
    assert f"{request.gate[Check.PAGES]} are left" in page


def test_the_desk_says_what_stands_in_the_way(subject: Subject, manager: Person) -> None:
    shown = text(manager.client.get(reverse("lock-desk"), {"cutoff": "2024-06-01", "derived": "1"}))
    for said in ("Lock desk", "Pages complete", "No query open", "Complete pages signed", subject.code):
        assert said in shown
    assert "computed when the lock is asked for" not in shown


def test_dates_with_which_no_endpoint_can_be_computed_are_counted_and_lead_to_their_pages(
    subject: Subject, manager: Person
) -> None:
    """By the rule of the run: it would fail."""
    told_wrong = {"rlp_type": "morphological_relapse", "rlp_dt": "2024-01-02"}
    relapse = desk.opened(subject, "RLP", "RLPv1", "2024-03-01")
    desk.save(relapse, told_wrong, on="2024-03-01")
    told = gate_of([subject], CUTOFF, derived=True).tallies[Check.DATES]
    (line,) = impossible_lines([subject], CUTOFF)
    assert told.left == 1
    assert (line.ends.day.isoformat(), line.ends.url) == ("2024-01-02", reverse("page", args=[relapse.pk]))
    assert line.begins.url == reverse("page", args=[desk.page_of(subject, "INF", "C0").pk])
    asked_anew = {"cutoff": CUTOFF.isoformat(), "derived": "1"}
    shown = text(manager.client.get(reverse("lock-desk"), asked_anew))
    assert "Dates that cannot be" in shown
    assert line.ends.url in shown
    made = make_lock(CUTOFF, "interim", by=SystemPerson("lock"), source=Source.COMMAND)
    with pytest.raises(ImpossibleDates, match="HZ01-001: RELAPSE/PROGRESSION on 2024-01-02"):
        results_of(made.snapshot.runs.get())
    desk.save(desk.now(relapse), {"rlp_dt": "2024-03-01"}, why=desk.BECAUSE)
    assert gate_of([subject], CUTOFF, derived=True).tallies[Check.DATES].left == 0
    assert "Dates that cannot be" not in text(manager.client.get(reverse("lock-desk"), asked_anew))


def test_a_lock_is_asked_for_and_approved_by_another(
    subject: Subject, manager: Person, second: Person
) -> None:
    sent = {"cutoff": "2024-06-01", "reason": "interim analysis", **manager.proof}
    client, other = manager.client, second.client
    refused = client.post(reverse("lock-desk"), sent)
    assert refused.status_code == 422
    assert "stands in the way" in text(refused)
    assert "interim analysis" in text(refused), "what was typed stands there"
    answer = client.post(reverse("lock-desk"), sent | {"override": "an invented casebook"} | manager.proof)
    request = LockRequest.objects.get()
    assert answer.headers["Location"] == reverse("lock-request", args=[request.pk])
    own = text(client.get(answer.headers["Location"]))
    assert "Another person approves it" in own
    assert "Approve the lock" not in own
    url = reverse("lock-request", args=[request.pk])
    assert client.post(url, {"do": "approve", **manager.proof}).status_code == 422
    assert "Approve the lock" in text(other.get(url))
    wrong = other.post(url, {"do": "approve", **second.proof, "password": WRONG})
    assert (wrong.status_code, Lock.objects.count()) == (422, 0)
    answer = other.post(url, {"do": "approve", **second.proof})
    lock = Lock.objects.get()
    assert answer.headers["Location"] == reverse("results", args=[lock.pk])
    assert set(Page.objects.filter(subject=subject).values_list("state", flat=True)) == {PageState.LOCKED}
    assert other.post(url, {"do": "approve", **second.proof}).status_code == 409
    page = text(client.get(reverse("page", args=[desk.page_of(subject, "DM").pk])))
    assert "asked for by" in page
    assert "interim analysis" in page


def test_a_request_is_refused_or_withdrawn(subject: Subject, manager: Person, second: Person) -> None:
    for person in (manager, second):
        request = asked(subject)
        person.client.post(reverse("lock-request", args=[request.pk]), {"do": "refuse"})
        assert not LockRequest.objects.undecided().exists()


def test_what_is_unlocked_makes_the_lock_stale_until_it_is_locked_again(
    subject: Subject, manager: Person, second: Person
) -> None:
    first = approve_lock(asked(), by=second.account)
    computed()
    client, other, page = manager.client, second.client, desk.page_of(subject, "DX")
    url = reverse("unlock", args=[subject.code])
    assert "The whole casebook" in text(client.get(url))
    sent = {"page": [str(page.pk)], "hours": "4", "reason": "the laboratory corrected it"}
    assert client.post(url, sent | {"page": []} | manager.proof).status_code == 422
    client.post(url, sent | manager.proof)
    request = LockRequest.objects.latest("pk")
    assert request.pages == [page.pk]
    other.post(reverse("lock-request", args=[request.pk]), {"do": "approve", **second.proof})
    unlocking = Unlocking.objects.get()
    results = reverse("results", args=[first.pk])
    assert "Nothing was changed yet" in text(client.get(results))
    desk.save(page, {"dx_type": "aml"}, why=desk.BECAUSE)
    assert "Stale." in text(client.get(results))
    assert subject.code in text(client.get(reverse("lock-desk")))
    client.post(reverse("relock", args=[unlocking.pk]))
    computed()
    again = Lock.objects.latest("pk")
    assert "repeats this lock" in text(client.get(results))
    told = text(client.get(reverse("compare-locks", args=[again.pk, first.pk])))
    for said in ("t_all", "aml", "dx_aml_n", reverse("page", args=[page.pk])):
        assert said in told
    paper = json.loads(client.get(reverse("certificate-json", args=[again.pk])).content)
    (opened,) = paper["unlocked_since"]
    assert (opened["subject"], opened["pages"], opened["locked_again_by"]) == (subject.code, 1, "Mei Zhang")
    assert client.get(reverse("certificate-pdf", args=[again.pk])).status_code == 200
    assert client.post(reverse("relock", args=[unlocking.pk])).status_code == 302, "and nothing else happens"
    assert Lock.objects.latest("pk") == again


def test_a_cut_is_made_while_entry_goes_on(subject: Subject, manager: Person) -> None:
    client, url = manager.client, reverse("data-cut")
    moment = timezone.localtime().replace(tzinfo=None).isoformat(timespec="microseconds")
    desk.save(desk.page_of(subject, "DX"), {"cd7_pct": "50.0"}, why=desk.BECAUSE)
    sent = {"cutoff": "2024-06-01", "reason": "safety board"}
    client.post(url, sent)
    client.post(url, sent | {"known_at": moment})
    then, now = Lock.objects.order_by("-pk")[:2]
    assert then.snapshot != now.snapshot
    assert desk.page_of(subject, "DX").state != PageState.LOCKED


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"cutoff": "", "reason": "safety board"}, "as a day"),
        ({"cutoff": "2100-01-01", "reason": "safety board"}, "not come"),
        ({"cutoff": "2024-06-01", "reason": ""}, "5 to 200"),
        ({"cutoff": "2024-06-01", "reason": "safety board", "known_at": "yesterday"}, "a day and a time"),
        ({"cutoff": "2024-06-01", "reason": "safety board", "known_at": "2100-01-01T00:00"}, "not come"),
    ],
)
def test_a_cut_that_cannot_be_is_refused_in_words(manager: Person, sent: dict[str, str], said: str) -> None:
    answer = manager.client.post(reverse("data-cut"), sent)
    assert (answer.status_code, Lock.objects.count()) == (422, 0)
    assert said in text(answer)


@pytest.mark.requirement("LK-06")
def test_the_certificate_says_who_when_what_and_every_hash(
    subject: Subject, manager: Person, second: Person
) -> None:
    lock = approve_lock(asked(), by=second.account)
    computed()
    seal_trail()
    client = manager.client
    found = json.loads(client.get(reverse("certificate-json", args=[lock.pk])).content)
    run = lock.snapshot.runs.get()
    assert found["snapshot"]["sha256"] == lock.snapshot.hash
    assert found["snapshot"]["cutoff"] == CUTOFF.isoformat()
    assert found["runs"][0]["result_sha256"] == run.result_hash
    assert found["runs"][0]["code_version"] == run.code_version
    assert (found["people"]["asked_by"], found["people"]["approved_by"]) == ("Mei Zhang", "Wei Shen")
    assert found["people"]["left_when_asked"]["pages"] > 0
    assert found["trail"]["signature"]
    pdf = client.get(reverse("certificate-pdf", args=[lock.pk]))
    pages = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf.content)).pages)
    plain = "".join(pages.replace("\u200b", "").split())
    for said in ("Lockcertificate", lock.snapshot.hash, run.result_hash, "WeiShen", found["trail"]["root"]):
        assert said in plain


def test_of_a_lost_file_nothing_is_certified(subject: Subject, manager: Person, second: Person) -> None:
    lock = approve_lock(asked(), by=second.account)
    lock.snapshot.path.chmod(0o640)
    lock.snapshot.path.write_text("something else")
    client = manager.client
    for name in ("certificate-json", "certificate-pdf"):
        assert client.get(reverse(name, args=[lock.pk])).status_code == 409


def test_a_lock_of_a_subject_has_a_certificate_and_no_endpoints(
    subject: Subject, manager: Person, second: Person
) -> None:
    lock = approve_lock(asked(subject), by=second.account)
    assert "No endpoints." in text(manager.client.get(reverse("results", args=[lock.pk])))


def test_somebody_of_another_site_sees_nothing_of_it(subject: Subject) -> None:
    other = people.a_member(Role.DATA_MANAGER, "HZ02", name="other.manager")
    client: Client = people.signed_in(other)
    request = asked(subject)
    for url in (
        reverse("lock-request", args=[request.pk]),
        reverse("unlock", args=[subject.code]),
        f"{reverse('lock-desk')}?subject={subject.code}",
        f"{reverse('lock-desk')}?site=HZ01",
    ):
        assert client.get(url).status_code == 404
    assert subject.code not in text(client.get(reverse("lock-desk")))
