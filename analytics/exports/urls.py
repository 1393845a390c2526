"""Routes of REST v1, reading."""

from django.urls import URLPattern, URLResolver, include, path

from analytics.exports import schema  # noqa: F401 - the document knows tokens by it
from analytics.exports.cut_views import Bundle, LockList, TableFile, TableList, Workbook
from analytics.exports.document import document_page
from analytics.exports.jobs.rest import ExportedFile, Exports, OneExport
from analytics.exports.odm.views import OdmFile
from analytics.exports.views import EstimatesOfLock, Schema

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("analytics.exports.live.urls")),
    path("exports", Exports.as_view(), name="exports"),
    path("exports/<str:export>", OneExport.as_view(), name="export"),
    path("exports/<str:export>/file", ExportedFile.as_view(), name="export-file"),
    path("locks", LockList.as_view(), name="locks-resource"),
    path("locks/<str:lock>/tables", TableList.as_view(), name="tables-of-lock"),
    path("locks/<str:lock>/tables/<str:name>/<str:suffix>", TableFile.as_view(), name="table-file"),
    path("locks/<str:lock>/workbooks/<str:standard>.xlsx", Workbook.as_view(), name="workbook"),
    path("locks/<str:lock>/bundle.zip", Bundle.as_view(), name="bundle"),
    path("locks/<str:lock>/odm.xml", OdmFile.as_view(), name="odm-file"),
    path("locks/<str:lock>/estimates", EstimatesOfLock.as_view(), name="estimates-of-lock"),
    path("", document_page, name="api-document"),
    path("schema", Schema.as_view(), name="openapi"),
]
