"""When infusions were planned, as it was known at a lock: who imports a casebook plans its visits by it."""

from django.db.models import Max

from analytics.locks.models import Lock
from patients.casebook.page import Subject


def planned_infusions(lock: Lock) -> dict[str, str]:
    """The planned day of infusion of each subject, on or before the cut-off, where there is one."""
    versions = Subject.history.model.objects
    known = versions.filter(history_date__lte=lock.known_at or lock.made_at).order_by()
    newest = known.values("id").annotate(newest=Max("history_id")).values("newest")
    rows = versions.filter(history_id__in=newest, planned_infusion__lte=lock.cutoff)
    return {code: str(day) for code, day in rows.values_list("code", "planned_infusion")}
