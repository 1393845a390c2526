"""Pages and lists go out compressed: hospital lines are slow, and most of them is names that repeat."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

COMPRESSED = ("text/html", "application/json")


class CompressPages(GZipMiddleware):
    """HTML and JSON alone. Files stream at the speed of the database, pictures and archives are compressed
    already.

    That the length of a compressed page may tell of its secrets (BREACH) is met by Django: the CSRF token is
    masked anew in each page, and up to 100 random bytes are added to the header of the compressed file.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_page = response.headers.get("Content-Type", "").startswith(COMPRESSED) and not response.streaming
        return super().process_response(request, response) if is_page else response
