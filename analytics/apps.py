from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """The read-outs: data cuts, datasets, endpoints, exports. Nothing here writes a patient's data."""

    name = "analytics"

    def ready(self) -> None:
        from analytics.locks.kept_texts import snapshots_with
        from patients.oversight.out_of_reach import ask_too

        ask_too(snapshots_with)
