"""The addresses of the handbook."""

from django.urls import URLPattern, path

from analytics.handbook import views

urlpatterns: list[URLPattern] = [
    path("handbook/", views.handbook, name="handbook"),
    path("handbook/pictures/<str:name>", views.handbook_picture, name="handbook-picture"),
    path("handbook/<str:name>/", views.handbook_chapter, name="handbook-chapter"),
]
