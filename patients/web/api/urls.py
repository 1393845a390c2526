"""Routes of REST v1 to the casebook. To read takes the permission to read at the site of the page, to save
the one to enter, to import the one to import."""

from django.urls import URLPattern, path

from patients.web.api import schema  # noqa: F401 - the document knows sessions by it
from patients.web.api.imports import CasebookZipImport, OdmImport
from patients.web.api.views import PageResource

urlpatterns: list[URLPattern] = [
    path("imports/odm", OdmImport.as_view(), name="import-odm"),
    path("imports/casebook", CasebookZipImport.as_view(), name="import-casebook"),
    path("pages/<int:pk>", PageResource.as_view(), name="page-resource"),
]
