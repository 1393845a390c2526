"""A site that is locked gets no subject: held by the triggers of the subjects, which are made anew."""

from django.db import migrations

from patients.oversight.lock_triggers import HeldByLock, LiftHeldByLock


class Migration(migrations.Migration):

    dependencies = [("patients", "0032_judged_drafts_and_pages_by_state")]

    operations = [LiftHeldByLock("Subject"), HeldByLock("Subject")]
