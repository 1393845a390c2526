"""The one address of the API of REDCap. Its clients want it to end in `/api/`."""

from django.urls import URLPattern, path

from analytics.exports.redcap.views import RedcapApi

urlpatterns: list[URLPattern] = [path("api/", RedcapApi.as_view(), name="redcap")]
