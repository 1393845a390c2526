"""The addresses of the data of a lock."""

from django.urls import URLPattern, path

from analytics.exports.jobs import pages

urlpatterns: list[URLPattern] = [
    path("locks/<int:pk>/data/", pages.data, name="lock-data"),
    path("locks/<int:pk>/data/<int:number>/", pages.export, name="lock-export"),
]
