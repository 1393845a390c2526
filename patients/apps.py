from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """The casebook: what is recorded about a subject, how it is checked, who vouches for it."""

    name = "patients"
