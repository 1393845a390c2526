"""Routes of REST v1 to the casebook. To read takes the permission to read at the site of the page, to save
the one to enter."""

from django.urls import URLPattern, path

from patients.web.api import schema  # noqa: F401 - the document knows sessions by it
from patients.web.api.views import PageResource

urlpatterns: list[URLPattern] = [
    path("pages/<int:pk>", PageResource.as_view(), name="page-resource"),
]
