from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """The read-outs: data cuts, datasets, endpoints, exports. Nothing here writes a patient's data."""

    name = "analytics"
