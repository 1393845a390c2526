"""How many statements a save sends: few, and no more for more subjects, visits or configuration."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone

from patients.casebook.page import Page, Subject
from patients.entry.save import save_page
from tests.patients.entry import desk
from tests.trial.trail.faults import counted
from trial.people.models import Account
from trial.protocol.models import ConfigValue
from trial.trail.actor import Source

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]

MOST = 20


def sent_by(page: Page, answers: dict[str, str], **options: object) -> list[str]:
    """The statements of a save by a person whose roles are not read yet."""
    page, person = desk.now(page), Account.objects.get(user_name="ana.li")
    with counted() as sent:
        save_page(page, {"": answers}, by=person, base_version=page.version, source=Source.WEB, **options)
    return sent


def in_short(sent: list[str]) -> str:
    return "\n".join(sql[:90] for sql in sent)


def change_of(page: Page, answers: dict[str, str], **header: str) -> list[str]:
    reasons = {("", name): desk.BECAUSE for name in (*answers, *header)}
    return sent_by(page, answers, header=header, reasons=reasons)


@pytest.fixture
def subject() -> Subject:
    """Infused, with a response and a contact after that."""
    desk.a_member()
    subject = desk.infused()
    more_visits(subject, 1)
    return subject


def a_screening_page(subject: Subject) -> list[str]:
    """The largest form of this version, 33 answers, which also places visits."""
    page = desk.page_of(desk.consented("HZ01-099"), "ELIG")
    answers = {name: text for name, text in desk.ELIG.items() if name not in desk.CONSENTED}
    return sent_by(page, answers, header={"src_doc": "emr"}, complete=True)


def a_change_of_it(subject: Subject) -> list[str]:
    return change_of(desk.page_of(subject, "ELIG"), {"lvef_pct": "60.0", "spo2_ra_pct": "96"})


def demographics(subject: Subject) -> list[str]:
    page = desk.page_of(desk.consented("HZ01-099"), "DM")
    return sent_by(page, desk.DM, header={"form_date": desk.CONSENT}, complete=True)


def a_change_of_the_disease(subject: Subject) -> list[str]:
    return change_of(desk.page_of(subject, "DX"), {"relapse_n": "1", "cd7_pct": "80.0"})


def a_response(subject: Subject) -> list[str]:
    page = desk.opened(subject, "RESP", "C14R", "2024-01-21")
    return sent_by(page, desk.RESP, header={"form_date": "2024-01-21"}, complete=True)


def a_contact(subject: Subject) -> list[str]:
    page = desk.opened(subject, "FU", "UNS77", "2024-02-23")
    return sent_by(page, desk.FU, header={"form_date": "2024-02-23"}, complete=True)


SAVES = (a_screening_page, a_change_of_it, demographics, a_change_of_the_disease, a_response, a_contact)


@pytest.mark.parametrize("save", SAVES)
def test_a_save_sends_few_statements(save: Callable[[Subject], list[str]], subject: Subject) -> None:
    sent = save(subject)
    assert len(sent) <= MOST, in_short(sent)


def more_subjects(subject: Subject) -> None:
    for number in range(2, 6):
        desk.infused(f"HZ01-00{number}")


def more_visits(subject: Subject, count: int = 6) -> None:
    for number in range(1, count + 1):
        day = f"2024-02-{number:02d}"
        page = desk.opened(subject, "RESP", f"UNS{number}", day)
        desk.save(page, desk.RESP | {"resp_dt": day}, on=day, why=desk.BECAUSE)
        desk.save(
            desk.opened(subject, "FU", f"UNS{number}", day),
            desk.FU | {"fu_dt": day},
            on=day,
            why=desk.BECAUSE,
        )


def more_versions(subject: Subject) -> None:
    for form, name, texts in (("DX", "relapse_n", "012340"), ("ELIG", "spo2_ra_pct", ("94", "95"))):
        for text in texts:
            desk.save(desk.page_of(subject, form), {name: text}, why=desk.BECAUSE)


def more_configuration(subject: Subject) -> None:
    for version in range(1, 6):
        ConfigValue.objects.create(
            key="cd7_min",
            version=version,
            value=str(20 + version),
            reason="test",
            approver="test",
            in_force_from=timezone.now(),
            made_by="test",
        )


@pytest.mark.parametrize("more", [more_subjects, more_visits, more_versions, more_configuration])
@pytest.mark.parametrize("save", [a_change_of_it, a_change_of_the_disease, a_response, a_contact])
def test_more_of_anything_sends_no_more_statements(
    save: Callable[[Subject], list[str]], more: Callable[[Subject], None], subject: Subject
) -> None:
    with transaction.atomic():
        few = len(save(subject))
        transaction.set_rollback(True)
    more(subject)
    sent = save(subject)
    assert len(sent) == few, in_short(sent)


def test_a_save_without_change_writes_nothing_and_reads_little(subject: Subject) -> None:
    sent = sent_by(desk.page_of(subject, "DX"), desk.DX)
    assert [sql for sql in sent if sql.startswith(("INSERT", "UPDATE", "DELETE"))] == []
    assert len(sent) <= MOST


def test_placing_the_visits_of_an_infusion_does_not_ask_for_each(subject: Subject) -> None:
    """One more day moves some 30 visits."""
    before = dict(subject.visits.values_list("code", "target"))
    page = desk.page_of(subject, "INF", "C0")
    sent = change_of(page, {"inf_start_dt": "2024-01-06 10:00"}, form_date="2024-01-06")
    after = dict(subject.visits.values_list("code", "target"))
    assert sum(after[code] != day for code, day in before.items()) > 20
    assert len(sent) <= MOST, in_short(sent)
