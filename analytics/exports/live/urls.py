"""Routes of the lists."""

from django.urls import URLPattern, path

from analytics.exports.live.views import LISTS, DictionaryResource, StudyResource, view_of

urlpatterns: list[URLPattern] = [
    path("study", StudyResource.as_view(), name="study-resource"),
    path("dictionary", DictionaryResource.as_view(), name="dictionary-resource"),
    *(path(listed.name, view_of(listed).as_view(), name=f"{listed.name}-list") for listed in LISTS),
]
