"""The acts of the trail in words. The trail keeps their codes."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.oversight.identity_reads import Purpose
from patients.web.trail_filters import TrailFilters
from trial.trail.kinds import REGISTRY_ACTS
from trial.trail.reading import CORRECTED, EXPLAINED

ACTS: dict[str, Promise] = {
    "page.saved": gettext_lazy("saved"),
    "page.signed": gettext_lazy("signed"),
    "pages.frozen": gettext_lazy("frozen"),
    "pages.thawed": gettext_lazy("thawed"),
    "lock.requested": gettext_lazy("lock asked for"),
    "lock.approved": gettext_lazy("lock approved"),
    "lock.refused": gettext_lazy("lock refused or withdrawn"),
    "casebook.locked": gettext_lazy("locked"),
    "unlock.requested": gettext_lazy("unlocking asked for"),
    "unlock.refused": gettext_lazy("unlocking refused or withdrawn"),
    "casebook.unlocked": gettext_lazy("unlocked"),
    "casebook.relocked": gettext_lazy("locked again"),
    "page.verified": gettext_lazy("verified against the source"),
    "page.unverified": gettext_lazy("verification taken back"),
    "query.raised": gettext_lazy("query raised"),
    "query.answered": gettext_lazy("query answered"),
    "query.commented": gettext_lazy("added to a query"),
    "query.closed": gettext_lazy("query closed"),
    "query.reopened": gettext_lazy("query opened again"),
    "query.directed": gettext_lazy("query given to somebody"),
    "queries.exported": gettext_lazy("list of queries taken out"),
    "terms.coded": gettext_lazy("terms coded"),
    "terms.uncoded": gettext_lazy("codes withdrawn"),
    "terms.exported": gettext_lazy("list of terms taken out"),
    "dictionary.loaded": gettext_lazy("dictionary loaded"),
    "attachment.added": gettext_lazy("source attached"),
    "attachment.opened": gettext_lazy("attached source opened"),
    "attachment.withdrawn": gettext_lazy("attached source withdrawn"),
    "subject.registered": gettext_lazy("subject registered"),
    "subject.checked": gettext_lazy("subject checked"),
    "visit.opened": gettext_lazy("visit opened"),
    "pages.opened": gettext_lazy("pages opened"),
    "site.registered": gettext_lazy("site registered"),
    "identity.recorded": gettext_lazy("identity recorded"),
    "double.answered": gettext_lazy("said whether two subjects are one person"),
    "identity.viewed": gettext_lazy("identity viewed"),
    "identity.alerted": gettext_lazy("alert: many views of identity"),
    "trail.reviewed": gettext_lazy("trail reviewed"),
    "visit.closed": gettext_lazy("monitoring visit closed"),
    "visit_report.exported": gettext_lazy("report of a monitoring visit taken out"),
    "trail.exported": gettext_lazy("trail taken out"),
    "safety.exported": gettext_lazy("clocks of serious events taken out"),
    "safety_contact.added": gettext_lazy("safety contact added"),
    "safety_contact.ended": gettext_lazy("safety contact ended"),
    "deviations.exported": gettext_lazy("deviations taken out"),
    "screening_log.exported": gettext_lazy("screening log taken out"),
    "trail.verified": gettext_lazy("trail verified"),
    "trail.archived": gettext_lazy("trail archived"),
    "backup.made": gettext_lazy("backup made"),
    "backup.restored": gettext_lazy("backup put back"),
    "seal_key.changed": gettext_lazy("key of the seals changed"),
    "seal_key.lost": gettext_lazy("key of the seals replaced"),
    "alarm.raised": gettext_lazy("alarm raised"),
    "alarm.ended": gettext_lazy("alarm over"),
    "ledger.begun": gettext_lazy("ledger begun"),
    "casebook.printed": gettext_lazy("casebook printed"),
    "sae.printed": gettext_lazy("report of a serious event printed"),
    "redaction.requested": gettext_lazy("hiding asked for"),
    "redaction.refused": gettext_lazy("hiding refused"),
    "redaction.done": gettext_lazy("text hidden"),
    "casebook.imported": gettext_lazy("casebook imported"),
    "casebook.exported": gettext_lazy("casebook taken out"),
    "laboratories.loaded": gettext_lazy("laboratories loaded"),
    "laboratory_mapping.changed": gettext_lazy("reading of the laboratory file changed"),
    "ranges.loaded": gettext_lazy("normal ranges loaded"),
    "lock.made": gettext_lazy("data cut made"),
    "run.finished": gettext_lazy("computation finished"),
    "run.cancelled": gettext_lazy("analysis cancelled"),
    "run.restarted": gettext_lazy("analysis started again"),
    "run.failed": gettext_lazy("computation failed"),
    "report.exported": gettext_lazy("report of results taken out"),
    "results.exported": gettext_lazy("results taken out"),
    "data.exported": gettext_lazy("data of a cut taken out"),
    "study.closed": gettext_lazy("study closed"),
    "configuration.changed": gettext_lazy("configuration changed"),
    "configuration.requested": gettext_lazy("another configuration value asked for"),
    "configuration.refused": gettext_lazy("another configuration value refused"),
    "clock.gap": gettext_lazy("clocks disagree"),
    "database.granted": gettext_lazy("database opened to a role"),
    "approval.recorded": gettext_lazy("approval recorded"),
    "approval.ended": gettext_lazy("approval ended"),
    "consent.recorded": gettext_lazy("consent version recorded"),
    "consent.superseded": gettext_lazy("consent version superseded"),
    "training.published": gettext_lazy("training asked for"),
    "training.recorded": gettext_lazy("training completed"),
    "task.delegated": gettext_lazy("tasks delegated"),
    "task.ended": gettext_lazy("tasks ended"),
    "role.granted": gettext_lazy("role granted"),
    "role.ended": gettext_lazy("role ended"),
    "account.created": gettext_lazy("account created"),
    "account.disabled": gettext_lazy("account disabled"),
    "set_up_link.issued": gettext_lazy("set-up link issued"),
    "set_up_link.refused": gettext_lazy("set-up link refused"),
    "password.set": gettext_lazy("password set"),
    "password.changed": gettext_lazy("password changed"),
    "password.refused": gettext_lazy("password refused"),
    "person.signed_in": gettext_lazy("signed in"),
    "person.signed_out": gettext_lazy("signed out"),
    "sign_in.refused": gettext_lazy("sign-in refused"),
    "sign_in.locked": gettext_lazy("sign-in locked"),
    "session.ended": gettext_lazy("session ended"),
    "confirmation.refused": gettext_lazy("confirmation refused"),
    "signature.refused": gettext_lazy("proof for a signature refused"),
    "second_factor.added": gettext_lazy("second factor added"),
    "second_factor.removed": gettext_lazy("second factor removed"),
    "second_factor.reset_requested": gettext_lazy("reset of second factors asked for"),
    "second_factor.reset": gettext_lazy("second factors reset"),
    "recovery_code.used": gettext_lazy("recovery code used"),
    "recovery_codes.made": gettext_lazy("recovery codes made"),
    "token.issued": gettext_lazy("token issued"),
    "token.refused": gettext_lazy("token shown from elsewhere"),
    "token.revoked": gettext_lazy("token revoked"),
    "access.reviewed": gettext_lazy("access reviewed"),
    "access.exported": gettext_lazy("list of access taken out"),
}
_PURPOSES: dict[str, Promise] = {
    Purpose.ENTRY: gettext_lazy("data entry"),
    Purpose.READING: gettext_lazy("reading"),
    Purpose.PRINTING: gettext_lazy("printing"),
}


def act_in_words(action: str) -> str:
    return str(ACTS.get(action, action))


def purpose_in_words(reason: str) -> str:
    """What identity was shown for; any other reason is said as it was typed."""
    return str(_PURPOSES.get(reason, reason))


def kinds(filters: TrailFilters) -> list[tuple[str, str]]:
    """What can be asked for: the acts that the page is about, and corrected values where there are any."""
    if filters.only:
        return [(code, act_in_words(code)) for code in ACTS if code in filters.only]
    unseen = REGISTRY_ACTS - filters.without_site
    return [
        (CORRECTED, _("corrected values")),
        (EXPLAINED, _("values corrected with a reason")),
        *((code, str(words)) for code, words in ACTS.items() if code not in unseen),
    ]
