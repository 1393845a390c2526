"""A coordinator at her desk: a site, a subject with consent, and a client that is signed in."""

import pytest
from django.test import Client

from patients.casebook.page import Page, Subject
from tests.patients.web import people
from trial.people.models import Account
from trial.people.roles import Role


@pytest.fixture
def subject(db: None) -> Subject:
    return people.a_subject()


@pytest.fixture
def coordinator(db: None) -> Account:
    return people.a_member(Role.COORDINATOR, name="lin.qiao", printed="Lin Qiao")


@pytest.fixture
def desk(coordinator: Account) -> Client:
    return people.signed_in(coordinator)


@pytest.fixture
def response_page(subject: Subject) -> Page:
    """The baseline response assessment: conditions, derived items, numbers, choices."""
    return people.page_of(subject, "RESP", "SCR")
