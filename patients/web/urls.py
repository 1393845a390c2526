"""The addresses of the screens. Records are named by their codes, pages by their number."""

from django.urls import URLPattern, path

from patients.web import views

urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("subjects/", views.subjects, name="subjects"),
    path("subjects/<str:code>/", views.subject, name="subject"),
    path("subjects/<str:code>/trail/", views.trail, name="trail"),
    path("pages/<int:pk>/", views.page, name="page"),
    path("ui/", views.gallery, name="gallery"),
]
