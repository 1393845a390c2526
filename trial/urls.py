"""Every route of Chimera; each room brings its own."""

from django.urls import include, path

urlpatterns = [
    path("", include("trial.installation.urls")),
    path("", include("trial.people.urls")),
    path("", include("patients.web.urls")),
    path("", include("analytics.desk.urls")),
    path("", include("analytics.exports.jobs.page_urls")),
    path("", include("analytics.reports.urls")),
    path("", include("analytics.handbook.urls")),
    path("api/v1/", include("patients.web.api.urls")),
    path("api/v1/", include("analytics.exports.urls")),
    path("redcap/", include("analytics.exports.redcap.urls")),
    path("dataset-json/", include("analytics.exports.dataset_api.urls")),
]

handler500 = "patients.web.errors.server_error"
