"""Addresses for programs that watch the server."""

from django.urls import URLPattern, path

from trial.installation import views

urlpatterns: list[URLPattern] = [
    path("health/live/", views.live, name="live"),
    path("health/ready/", views.ready, name="ready"),
    path("metrics", views.metrics, name="metrics"),
]
