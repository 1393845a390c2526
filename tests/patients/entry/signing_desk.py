"""What the tests of signing work with: a page of eligibility that waits for the principal investigator."""

from django.db import connection

from patients.casebook.answers import StoredCasebook
from patients.casebook.page import Page, Subject
from patients.entry.signing import shown_content, sign_page
from patients.oversight.signatures import Meaning, Signature
from tests.patients.entry import desk
from trial.people.access import Person
from trial.people.models import Account
from trial.people.roles import Role
from trial.protocol.study import site_today
from trial.trail.actor import Source


def principal_investigator(site: str = "HZ01") -> Account:
    return desk.a_member(Role.PRINCIPAL_INVESTIGATOR, site, f"wei.shen.{site}".lower())


def investigator(site: str = "HZ01") -> Account:
    return desk.a_member(Role.INVESTIGATOR, site, f"yi.shen.{site}".lower())


def screened(code: str = "HZ01-001", **answers: str) -> Subject:
    """A subject whose page of eligibility lacks nothing but the signature; enrolment is today."""
    subject = desk.a_subject(code)
    enrolled = {"enrol_dt": site_today().isoformat()}
    desk.save(desk.page_of(subject, "ELIG"), desk.ELIG | enrolled | answers, on=desk.CONSENT, complete=True)
    desk.save(desk.page_of(subject, "DM"), desk.DM, on=desk.CONSENT, complete=True)
    return subject


def eligibility(subject: Subject) -> Page:
    return desk.page_of(subject, "ELIG")


def seen(page: Page) -> str:
    """What a person is shown of the page now."""
    return shown_content(page, StoredCasebook(page.subject))


def sign(page: Page, by: Person, meaning: Meaning = Meaning.APPROVAL) -> Signature:
    page = desk.now(page)
    return sign_page(page, by=by, meaning=meaning, seen=seen(page), source=Source.WEB)


def raw(sql: str, *values: object) -> None:
    """Change the database past Chimera, as whoever owns it can."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, values)
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = DEFAULT")
