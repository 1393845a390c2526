"""Routes of REST v1, reading."""

from django.urls import URLPattern, path

from analytics.exports import schema  # noqa: F401 - the document knows tokens by it
from analytics.exports.views import EstimatesOfLock, Schema

urlpatterns: list[URLPattern] = [
    path("locks/<str:lock>/estimates", EstimatesOfLock.as_view(), name="estimates-of-lock"),
    path("schema", Schema.as_view(), name="openapi"),
]
