from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """The casebook: what is recorded about a subject, how it is checked, who vouches for it."""

    name = "patients"

    def ready(self) -> None:
        from patients.oversight.lock_triggers import held_triggers
        from trial.trail.installed import expect_too

        expect_too(held_triggers)
