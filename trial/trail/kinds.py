"""The kinds of acts that stand at no site, or whose readers are not those of a site (who they are: `trial/
people/trail_readers.py`)."""

ACCOUNT_ACTS = frozenset(
    {
        "access.exported",
        "access.reviewed",
        "account.created",
        "account.disabled",
        "confirmation.refused",
        "password.changed",
        "password.refused",
        "password.set",
        "person.signed_in",
        "person.signed_out",
        "recovery_code.used",
        "recovery_codes.made",
        "role.ended",
        "role.granted",
        "second_factor.added",
        "second_factor.removed",
        "second_factor.reset",
        "second_factor.reset_requested",
        "session.ended",
        "set_up_link.issued",
        "set_up_link.refused",
        "sign_in.locked",
        "sign_in.refused",
        "signature.refused",
        "token.issued",
        "token.refused",
        "token.revoked",
        "training.recorded",
    }
)
"""Acts about accounts, at whichever site: they name people and roles, and no subject and no value."""

REGISTRY_ACTS = frozenset(
    {
        "alarm.ended",
        "alarm.raised",
        "backup.made",
        "backup.restored",
        "clock.gap",
        "configuration.changed",
        "configuration.refused",
        "configuration.requested",
        "consent.recorded",
        "consent.superseded",
        "database.granted",
        "dictionary.loaded",
        "laboratories.loaded",
        "ledger.begun",
        "lock.made",
        "ranges.loaded",
        "run.cancelled",
        "run.failed",
        "run.finished",
        "run.restarted",
        "seal_key.changed",
        "seal_key.lost",
        "study.closed",
        "trail.archived",
        "trail.verified",
        "training.published",
    }
)
"""Acts of the study as a whole, which hold nothing of a single subject."""

TAKEN_BY_PROGRAMS = ("data.exported", "results.exported")
"""Acts of programs: what a token has read or taken out."""

ACTS_OVER_SITES = frozenset(
    {
        "casebook.exported",
        "casebook.imported",
        "data.exported",
        "deviations.exported",
        "lock.approved",
        "lock.refused",
        "lock.requested",
        "queries.exported",
        "report.exported",
        "results.exported",
        "safety.exported",
        "terms.exported",
        "trail.exported",
    }
)
"""Acts that stand at no site where they took in several: what they name may be of any of these."""
