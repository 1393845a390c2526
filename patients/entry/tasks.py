"""What the worker does by itself, most of it every night, and safety mails every minute."""

import logging

from celery import shared_task

from patients.entry.attached_files import remove_unattached
from patients.entry.attachments import attached_names
from patients.entry.checking import check_subject, subjects_to_check
from patients.entry.drafts import purge_drafts
from patients.entry.idempotency import purge_answers
from patients.entry.laboratory_file import purge_files
from patients.entry.safety_mailing import send_due
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


@shared_task(name="patients.entry.send_safety_mails")
def send_safety_mails() -> None:
    """Tell the safety contacts of the sites what is due; what fails is tried again."""
    done = send_due()
    if done.sent or done.failed:
        log.info("%d safety mails sent, %d not sent", done.sent, done.failed)


@shared_task(name="patients.entry.purge")
def purge() -> None:
    """Forget drafts, answers and files whose time is over: they are no data, and hold what was typed."""
    log.info("%d drafts and %d answers were too old", purge_drafts(), purge_answers())
    log.info("%d files of laboratories were too old", purge_files())


@shared_task(name="patients.entry.remove_unattached")
def remove_orphans() -> None:
    """Remove the files of attachments that came to nothing: no row names them, and a day has passed."""
    log.info("%d files belonged to no attachment", remove_unattached(attached_names()))
