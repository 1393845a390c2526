"""A parameter that there is not is refused in words at every address that tokens ask."""

import pytest
from django.test import Client

from analytics.exports.document import openapi
from analytics.exports.problems import MEDIA_TYPE
from tests.analytics.exports.live.conftest import a_token
from tests.patients.entry import desk
from trial.people.roles import Permission

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]


def test_every_address_names_the_parameter_that_it_has_not() -> None:
    desk.infused()
    headers = {"Authorization": f"Token {a_token(rights=list(Permission))}"}
    asked = [
        path for path, methods in openapi()["paths"].items() if "get" in methods and "/pages/" not in path
    ]
    assert len(asked) > 15
    for path in asked:
        answer = Client().get(
            f"{path.format(lock=1, export=1, name='AE', suffix='csv', standard='sdtm')}?frm=AE",
            headers=headers,
        )
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, MEDIA_TYPE), path
        assert "frm" in answer.json()["detail"], path


def test_what_is_declared_is_taken() -> None:
    desk.infused()
    headers = {"Authorization": f"Token {a_token(rights=list(Permission))}"}
    for path in ("locks/1/odm.xml?kind=metadata", "locks/1/bundle.zip?formats=csv"):
        assert Client().get(f"/api/v1/{path}", headers=headers).status_code == 404  # there is no lock
    assert Client().get("/api/v1/schema?lang=en", headers=headers).status_code == 200
