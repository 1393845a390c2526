"""The people, sites and subjects of these tests, made by the acts that a real registry is filled with."""

from collections.abc import Mapping
from datetime import date
from functools import cache

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.test import Client

from patients.casebook.page import Page, Subject
from patients.entry.register import register_member, register_site, register_subject
from patients.entry.save import Saved, save_page
from patients.forms.eligibility import EXCLUSION, INCLUSION
from patients.schedule.placing import open_visit
from patients.schedule.placing import page_of as made_page
from tests.trial.trail.claiming import claim
from trial.people.access import SystemPerson, actor_at
from trial.people.models import Account, Site
from trial.people.roles import Role
from trial.people.second_factor import add_telephone, new_secret
from trial.trail.actor import Source, acting

PASSWORD = "correct horse battery staple"  # pragma: allowlist secret
SETUP = SystemPerson("test", on_behalf_of="the test")
T0 = "2025-06-07 10:20"


def a_site(code: str = "HZ01") -> Site:
    return register_site(code, {"HZ01": "Hangzhou", "HZ02": "Ningbo"}[code], by=SETUP, source=Source.COMMAND)


def a_member(role: Role, site: str = "HZ01", name: str = "", printed: str = "") -> Account:
    """Somebody with this role at the site, who can sign in."""
    user_name = name or f"{role}.{site}".lower()
    member = register_member(
        user_name,
        printed or user_name.title(),
        role,
        a_site(site),
        by=SETUP,
        source=Source.COMMAND,
        reason="test",
    )
    account = member.account
    has_password(account)
    return account


def has_password(account: Account) -> None:
    """The person has set the password of these tests, which is hashed once: it is made to take long."""
    account.password = _hashed()
    account.save()


@cache
def _hashed() -> str:
    return make_password(PASSWORD)


def signed_in(account: Account) -> Client:
    """A client with a session of this person, who has the second factor that the role may need."""
    if not account.has_second_factor:
        with transaction.atomic():
            add_telephone(account, new_secret(), by=SETUP)
    client = Client()
    client.force_login(account)
    return client


def a_subject(code: str = "HZ01-001", *, consented: bool = True, infused: bool = False) -> Subject:
    """A subject; with main consent recorded other forms than eligibility and demographics can be saved."""
    subject = register_subject(code, a_site(code[:4]), by=SETUP, source=Source.COMMAND)
    if consented:
        save(
            page_of(subject, "ELIG", "SCR"),
            {"icf_main_signed": "Y", "icf_main_dt": "2025-05-16 09:00"},
            {"form_date": "2025-05-16"},
        )
    if infused:
        infuse(subject)
    return subject


def infuse(subject: Subject) -> None:
    """Eligible, signed in the source and infused: the visits of the CAR-T clock are placed."""
    member = a_member(Role.INVESTIGATOR, subject.site.code)
    answers = dict.fromkeys(INCLUSION, "Y") | dict.fromkeys(EXCLUSION, "N")
    answers |= {"signed_in_source_by": member.user_name, "signed_in_source_on": "2025-05-20"}
    save(page_of(subject, "ELIG", "SCR"), answers)
    save(page_of(subject, "DM", "SCR"), {"sex": "M"}, {"form_date": "2025-05-16"})
    save(page_of(subject, "INF", "C0"), {"inf_start_dt": T0}, {"form_date": "2025-06-07"})


def page_of(subject: Subject, form: str, visit: str) -> Page:
    return Page.objects.select_related("subject__site", "visit").get(
        subject=subject, form_code=form, visit__code=visit
    )


def opened(subject: Subject, form: str, visit: str, day: date) -> Page:
    """The page of a form at a visit that an event opens on this day."""
    with transaction.atomic(), acting(actor_at(SETUP, site=subject.site.code, source=Source.COMMAND)):
        made_page(subject, form, open_visit(subject, visit, day))
        claim()
    return page_of(subject, form, visit)


def save(page: Page, answers: Mapping[str, str], header: Mapping[str, str] | None = None, **options) -> Saved:
    """Save by the way that every channel takes."""
    page = Page.objects.select_related("subject__site", "visit").get(pk=page.pk)
    key = options.pop("row", "")
    return save_page(
        page,
        {key: answers} if answers else {},
        by=options.pop("by", SETUP),
        base_version=options.pop("base_version", page.version),
        source=Source.COMMAND,
        header=header,
        **options,
    )
