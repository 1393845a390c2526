"""What the worker does every night."""

import logging

from celery import shared_task

from patients.entry.checking import check_subject, subjects_to_check
from trial.people.access import SystemPerson

log = logging.getLogger(__name__)


@shared_task(name="patients.entry.check_all")
def check_all() -> None:
    """Look at every subject as on this day, each in a transaction of its own: one that fails is logged, and
    keeps the others from nothing."""
    by = SystemPerson("check_data")
    for code in subjects_to_check():
        try:
            check_subject(code, by=by)
        except Exception:
            log.exception("the data of %s could not be checked", code)
