"""A route that declares nothing of who may call it: it fails the build, and it is closed."""

from types import ModuleType

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path
from django.views import View
from rest_framework.views import APIView

from tests.trial.people import persons
from trial.people.models import Account
from trial.people.needs import At, Door, needs
from trial.people.roles import Permission
from trial.people.routes import check_declarations, routes

CANARY = "what nobody may see"


def planted(request: HttpRequest, **_: str) -> HttpResponse:
    return HttpResponse(CANARY)


@needs(Permission.READ)
class Declaring(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("declared")


class Inheriting(Declaring):
    """Another route, that says nothing itself."""


class PlantedDoor(APIView):
    def get(self, request: object) -> HttpResponse:
        return HttpResponse(CANARY)


@pytest.fixture
def with_planted() -> ModuleType:
    """The routes of the project, and four that forgot their declaration, two of them deep inside."""
    urls = ModuleType("urls_with_planted")
    inner = [path("<str:code>/planted/", planted), path("inheriting/", Inheriting.as_view())]
    urls.urlpatterns = [
        path("", include("trial.urls")),
        path("deep/", include(([path("down/", include(inner))], "deep"))),
        path("door/", PlantedDoor.as_view()),
        path("declaring/", Declaring.as_view()),
        path("bare/", planted),
    ]
    urls.handler500 = "patients.web.errors.server_error"
    return urls


FORGOTTEN = ["/deep/down/<str:code>/planted/", "/deep/down/inheriting/", "/door/", "/bare/"]


@pytest.mark.requirement("AC-01")
def test_every_route_declares_what_it_needs() -> None:
    assert [route.address for route in routes() if route.need is None] == []
    assert len(routes()) > 20
    assert check_declarations() == []


@pytest.mark.requirement("AC-01")
def test_a_route_without_a_declaration_fails_the_check_of_every_command(with_planted: ModuleType) -> None:
    with override_settings(ROOT_URLCONF=with_planted):
        assert [route.address for route in routes() if route.need is None] == FORGOTTEN
        with pytest.raises(SystemCheckError) as failed:
            call_command("check")
    for address in FORGOTTEN:
        assert f"{address} declares nothing" in str(failed.value)
    assert "/declaring/" not in str(failed.value)


@pytest.mark.requirement("AC-01")
@pytest.mark.parametrize("url", ["/deep/down/x/planted/", "/deep/down/inheriting/", "/bare/"])
def test_a_route_without_a_declaration_is_closed_to_everybody(
    with_planted: ModuleType, coordinator: Account, url: str
) -> None:
    with override_settings(ROOT_URLCONF=with_planted):
        for client in (Client(), persons.signed_in(coordinator)):
            answer = client.get(url)
            assert answer.status_code == 403
            assert CANARY not in answer.content.decode()
        assert persons.signed_in(coordinator).get("/declaring/").content == b"declared"


@pytest.mark.requirement("AC-01")
def test_a_door_for_programs_without_a_declaration_is_closed(with_planted: ModuleType, db: None) -> None:
    persons.a_person()
    with override_settings(ROOT_URLCONF=with_planted):
        answer = Client().get("/door/", headers={"Authorization": f"Token {persons.a_token(*Permission)}"})
    assert answer.status_code == 403
    assert CANARY not in answer.content.decode()


def test_a_method_that_is_not_declared_does_not_exist(coordinator: Account) -> None:
    client = persons.signed_in(coordinator)
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        answer = client.generic(method, "/subjects/")
        assert answer.status_code == 405, method
        assert answer["Allow"] == "GET, HEAD"


def test_a_declaration_says_the_permission_of_each_method() -> None:
    page = next(route.need for route in routes() if route.name == "page")
    assert page is not None
    assert page.door is Door.PERSON
    assert page.at is At.ITS_SITE
    assert page.by_method == {"GET": Permission.READ, "HEAD": Permission.READ, "POST": Permission.ENTER}
    sign_out = next(route.need for route in routes() if route.name == "sign-out")
    assert sign_out is not None
    assert sign_out.by_method == {"POST": None}
