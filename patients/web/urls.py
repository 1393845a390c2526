"""The addresses of the screens. Records are named by their codes, pages by their number."""

from django.urls import URLPattern, path

from patients.web import (
    access_views,
    casebook_views,
    draft_views,
    log_views,
    opening_views,
    people_views,
    redaction_views,
    signing_views,
    study_file_views,
    study_views,
    today_views,
    trail_views,
    views,
)

urlpatterns: list[URLPattern] = [
    path("", today_views.home, name="home"),
    path("worklist/<slug:kind>/", today_views.work, name="work"),
    path("subjects/", views.subjects, name="subjects"),
    path("subjects/new/", opening_views.new_subject, name="new-subject"),
    path("subjects/<str:code>/", views.subject, name="subject"),
    path("subjects/<str:code>/add/", opening_views.add, name="add"),
    path("subjects/<str:code>/casebook.pdf", casebook_views.casebook, name="casebook"),
    path("subjects/<str:code>/trail/", trail_views.trail_of_subject, name="trail"),
    path("subjects/<str:code>/redactions/", redaction_views.redactions, name="redactions"),
    path("trail/", trail_views.trail, name="trail-of-sites"),
    path("trail/export/<str:kind>/", trail_views.export, name="trail-export"),
    path("trail/accounts/", trail_views.trail_of_accounts, name="trail-of-accounts"),
    path(
        "trail/accounts/export/<str:kind>/", trail_views.export_of_accounts, name="trail-of-accounts-export"
    ),
    path("trail/lag/", trail_views.lag, name="entry-lag"),
    path("trail/review/<str:site>/", trail_views.review, name="review"),
    path("trail/review/<str:site>/<str:code>/", trail_views.review, name="review-subject"),
    path("pages/<int:pk>/", views.page, name="page"),
    path("pages/<int:pk>/draft/", draft_views.draft, name="draft"),
    path("pages/<int:pk>/sign/", signing_views.sign, name="sign"),
    path("log/<str:site>/", log_views.log, name="log"),
    path("due/", study_views.due, name="due"),
    path("study-file/<slug:name>/", study_file_views.study_file, name="study-file"),
    path("configuration/", study_views.configuration, name="configuration"),
    path("dictionary/", study_views.dictionary, name="dictionary"),
    path("dictionary/sheet.csv", study_views.dictionary_csv, name="dictionary-sheet"),
    path("dictionary/casebook.pdf", study_views.blank_casebook, name="blank-casebook"),
    path("dictionary/<str:code>/", study_views.dictionary, name="dictionary"),
    path("dictionary/<str:code>/blank.pdf", study_views.blank, name="blank-form"),
    path("people/", people_views.people, name="people"),
    path("people/<int:pk>/", people_views.person, name="person"),
    path("access/", access_views.access, name="access"),
    path("access/sheet.csv", access_views.access_csv, name="access-sheet"),
    path("access/review/", access_views.review, name="access-review"),
    path("who-may/", access_views.who_may, name="who-may"),
    path("ui/", views.gallery, name="gallery"),
]
