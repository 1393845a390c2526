"""The Celery application: ids in, nothing out; results are rows of the database."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trial.settings")
app = Celery("chimera")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["analytics.runs", "patients.entry", "trial.trail"])
