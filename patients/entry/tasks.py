"""What the worker does every night."""

from celery import shared_task

from patients.entry.checking import check_subject, subjects_to_check
from trial.people.access import SystemPerson


@shared_task(name="patients.entry.check_all")
def check_all() -> None:
    """Look at every subject as on this day, each in a transaction of its own."""
    by = SystemPerson("check_data")
    for code in subjects_to_check():
        check_subject(code, by=by)
