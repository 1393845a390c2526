"""The addresses of the lock desk."""

from django.urls import URLPattern, path

from analytics.desk import compare_views, desk_views, request_views, unlock_views

urlpatterns: list[URLPattern] = [
    path("lock-desk/", desk_views.desk, name="lock-desk"),
    path("lock-desk/cut/", desk_views.cut, name="data-cut"),
    path("lock-desk/requests/<int:pk>/", request_views.lock_request, name="lock-request"),
    path("lock-desk/unlock/<str:code>/", unlock_views.unlock, name="unlock"),
    path("lock-desk/unlockings/<int:pk>/", unlock_views.relock, name="relock"),
    path("locks/<int:pk>/certificate.pdf", compare_views.certificate_pdf, name="certificate-pdf"),
    path("locks/<int:pk>/certificate.json", compare_views.certificate_json, name="certificate-json"),
    path("locks/<int:pk>/since/<int:earlier>/", compare_views.compare, name="compare-locks"),
]
