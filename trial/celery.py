"""The Celery application: ids in, nothing out; results are rows of the database."""

import logging
import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trial.settings")
app = Celery("chimera")
app.config_from_object("django.conf:settings", namespace="CELERY")
_ROOMS = ("analytics.exports.jobs", "analytics.exports.jobs.tables", "analytics.locks", "analytics.runs")
app.autodiscover_tasks([*_ROOMS, "patients.entry", "trial.people", "trial.trail"])


@setup_logging.connect
def keep_the_log_of_the_application(loglevel: int | None = None, **_: object) -> None:
    """Celery leaves the log as Django's settings have set it up, from the level on that it was asked for."""
    if loglevel:
        logging.getLogger().setLevel(loglevel)
