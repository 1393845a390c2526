"""The addresses of the API as the draft has them."""

from django.urls import URLPattern, path

from analytics.exports.dataset_api import views

_STUDY = "studies/<str:study>"
urlpatterns: list[URLPattern] = [
    path("about", views.About.as_view(), name="dataset-json-about"),
    path("studies", views.Studies.as_view(), name="dataset-json-studies"),
    path(_STUDY, views.Study.as_view(), name="dataset-json-study"),
    path(f"{_STUDY}/datasets", views.Datasets.as_view(), name="dataset-json-datasets"),
    path(f"{_STUDY}/datasets/<str:dataset>", views.Dataset.as_view(), name="dataset-json-dataset"),
    path(f"{_STUDY}/snapshots", views.Snapshots.as_view(), name="dataset-json-snapshots"),
    path(f"{_STUDY}/snapshots/<str:snapshot>", views.Study.as_view(), name="dataset-json-snapshot"),
    path(
        f"{_STUDY}/snapshots/<str:snapshot>/datasets/<str:dataset>",
        views.Dataset.as_view(),
        name="dataset-json-snapshot-dataset",
    ),
    path(f"{_STUDY}/defines", views.Defines.as_view(), name="dataset-json-defines"),
    path(f"{_STUDY}/defines/<str:label>", views.Define.as_view(), name="dataset-json-define"),
]
