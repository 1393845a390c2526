"""The ground: what the study is, who may do what, and the trail. It imports nothing above it."""

from trial.celery import app as celery_app

__all__ = ["celery_app"]
__version__ = "0.1.0"
