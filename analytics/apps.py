from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """The read-outs: data cuts, datasets, endpoints, exports. Nothing here writes a patient's data."""

    name = "analytics"

    def ready(self) -> None:
        from analytics.desk.impossible_dates import impossible_dates
        from analytics.locks.kept_files import snapshots
        from analytics.locks.kept_texts import snapshots_with
        from analytics.runs.measures import runs_by_state
        from patients.entry.lock_gate import Check, check_too
        from patients.oversight.out_of_reach import ask_too
        from trial.installation.looks import look_too
        from trial.installation.measuring import measure_too

        ask_too(snapshots_with)
        look_too(snapshots)
        measure_too(runs_by_state)
        check_too(Check.DATES, impossible_dates)
