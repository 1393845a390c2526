"""The addresses of the pages of the locks."""

from django.urls import URLPattern, path

from analytics.reports import views

urlpatterns: list[URLPattern] = [
    path("locks/", views.locks, name="locks"),
    path("locks/<int:pk>/", views.results, name="results"),
    path("locks/<int:pk>/tables/", views.tables, name="lock-tables"),
    path("locks/<int:pk>/figures/", views.figures, name="lock-figures"),
    path("locks/<int:pk>/figures/<slug:figure>/<str:part>/", views.figure_subjects, name="figure-subjects"),
    path("locks/<int:pk>/run/", views.stop, name="stop-run"),
    path("locks/<int:pk>/report.pdf", views.report, name="report-of-lock"),
    path("locks/<int:pk>/results.xlsx", views.workbook, name="workbook-of-lock"),
    path("locks/<int:pk>/board-pack.pdf", views.board_pack, name="board-pack-of-lock"),
    path("locks/board-pack.pdf", views.newest_board_pack, name="board-pack"),
    path("locks/<int:pk>/figures/<slug:figure>.svg", views.figure_svg, name="figure-svg"),
    path("locks/<int:pk>/figures/<slug:figure>.png", views.figure_png, name="figure-png"),
    path("locks/<int:pk>/figures/<slug:figure>.csv", views.figure_data, name="figure-data"),
    path("locks/<int:pk>/<str:figure>/", views.trace, name="trace"),
]
