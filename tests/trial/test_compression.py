"""Pages and lists go out compressed and nothing else does."""

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory
from django.urls import reverse

from trial.compression import CompressPages

TEXT = b"<p>the same words again</p>" * 40


def answered(response: HttpResponseBase, accepted: str = "gzip") -> HttpResponseBase:
    request = RequestFactory().get("/", headers={"Accept-Encoding": accepted})
    return CompressPages(lambda _: response)(request)


@pytest.mark.parametrize(
    ("response", "accepted", "is_compressed"),
    [
        (HttpResponse(TEXT), "gzip, br", True),
        (HttpResponse(TEXT), "br", False),
        (HttpResponse(b"<p>short</p>"), "gzip", False),
        (HttpResponse(TEXT, content_type="application/json"), "gzip", True),
        (HttpResponse(TEXT, content_type="application/pdf"), "gzip", False),
        (StreamingHttpResponse([TEXT], content_type="text/csv"), "gzip", False),
        (StreamingHttpResponse([TEXT]), "gzip", False),
    ],
)
def test_what_repeats_its_names_is_compressed_for_who_takes_it(
    response: HttpResponseBase, accepted: str, is_compressed: bool
) -> None:
    assert ("Content-Encoding" in answered(response, accepted).headers) == is_compressed


def test_the_length_of_a_page_does_not_tell_what_is_in_it() -> None:
    assert len({len(answered(HttpResponse(TEXT)).content) for _ in range(50)}) > 5


@pytest.mark.django_db
def test_it_is_in_the_way_of_every_page(client: Client) -> None:
    page = client.get(reverse("sign-in"), headers={"Accept-Encoding": "gzip"})
    assert page.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page.headers["Vary"]
