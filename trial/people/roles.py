"""Who may do what, in one table that a monitor can read.

The roles are those of the protocol's data management plan plus the account administrator, who by design
sees no trial data. What a role may do it may do at the sites where it was granted.
"""

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Permission(StrEnum):
    """One right each; `SENTENCES` says it in words."""

    READ = "read"
    ENTER = "enter"
    READ_IDENTITY = "read_identity"
    REVIEW_TRAIL = "review_trail"
    MARK_REVIEWED = "mark_reviewed"
    REDACT = "redact"
    IMPORT = "import"
    LOCK = "lock"
    READ_RESULTS = "read_results"
    EXPORT = "export"
    MANAGE_ACCOUNTS = "manage_accounts"


SENTENCES: dict[Permission, Promise] = {
    Permission.READ: _("see subjects, visits and pages"),
    Permission.ENTER: _("enter and correct data"),
    Permission.READ_IDENTITY: _("see birth date, name and hospital number"),
    Permission.REVIEW_TRAIL: _("read the trail and take it out"),
    Permission.MARK_REVIEWED: _("mark the trail as reviewed"),
    Permission.REDACT: _("hide what should never have been entered, together with a second person"),
    Permission.IMPORT: _("import a casebook"),
    Permission.LOCK: _("make a data cut or a lock"),
    Permission.READ_RESULTS: _("see the results of a lock"),
    Permission.EXPORT: _("export data"),
    Permission.MANAGE_ACCOUNTS: _("grant and end access"),
}


class Role(StrEnum):
    """The 11 roles of the trial, and the account administrator."""

    COORDINATOR = "coordinator"
    INVESTIGATOR = "investigator"
    PRINCIPAL_INVESTIGATOR = "principal_investigator"
    CELL_LAB = "cell_lab"
    TRANSPLANT_PHYSICIAN = "transplant_physician"
    MONITOR = "monitor"
    DATA_MANAGER = "data_manager"
    MEDICAL_MONITOR = "medical_monitor"
    STATISTICIAN = "statistician"
    SPONSOR = "sponsor"
    AUDITOR = "auditor"
    ACCOUNT_ADMINISTRATOR = "account_administrator"

    @property
    def label(self) -> Promise:
        return _LABELS[self]


_LABELS: dict[Role, Promise] = {
    Role.COORDINATOR: _("Site coordinator"),
    Role.INVESTIGATOR: _("Investigator"),
    Role.PRINCIPAL_INVESTIGATOR: _("Principal investigator"),
    Role.CELL_LAB: _("Cell-therapy laboratory"),
    Role.TRANSPLANT_PHYSICIAN: _("Transplant physician"),
    Role.MONITOR: _("Monitor"),
    Role.DATA_MANAGER: _("Data manager"),
    Role.MEDICAL_MONITOR: _("Medical monitor"),
    Role.STATISTICIAN: _("Statistician"),
    Role.SPONSOR: _("Sponsor"),
    Role.AUDITOR: _("Auditor"),
    Role.ACCOUNT_ADMINISTRATOR: _("Account administrator"),
}

_SITE_STAFF = frozenset(
    {Permission.READ, Permission.ENTER, Permission.READ_IDENTITY, Permission.REVIEW_TRAIL}
)

TABLE: dict[Role, frozenset[Permission]] = {
    Role.COORDINATOR: _SITE_STAFF,
    Role.INVESTIGATOR: _SITE_STAFF,
    Role.PRINCIPAL_INVESTIGATOR: _SITE_STAFF | {Permission.READ_RESULTS, Permission.REDACT},
    Role.CELL_LAB: frozenset({Permission.READ, Permission.ENTER}),
    Role.TRANSPLANT_PHYSICIAN: _SITE_STAFF,
    Role.MONITOR: frozenset({Permission.READ, Permission.REVIEW_TRAIL, Permission.MARK_REVIEWED}),
    Role.DATA_MANAGER: frozenset(
        {
            Permission.READ,
            Permission.REVIEW_TRAIL,
            Permission.MARK_REVIEWED,
            Permission.REDACT,
            Permission.IMPORT,
            Permission.LOCK,
            Permission.READ_RESULTS,
            Permission.EXPORT,
        }
    ),
    Role.MEDICAL_MONITOR: frozenset({Permission.READ, Permission.REVIEW_TRAIL, Permission.READ_RESULTS}),
    Role.STATISTICIAN: frozenset({Permission.READ_RESULTS, Permission.EXPORT}),
    Role.SPONSOR: frozenset({Permission.READ_RESULTS, Permission.EXPORT}),
    Role.AUDITOR: frozenset({Permission.READ, Permission.REVIEW_TRAIL, Permission.READ_RESULTS}),
    Role.ACCOUNT_ADMINISTRATOR: frozenset({Permission.MANAGE_ACCOUNTS}),
}


def needs_second_factor(role: Role) -> bool:
    """Whether a role signs, locks, exports or administers (AC-09). To sign is the investigators' office."""
    signs = role in {Role.INVESTIGATOR, Role.PRINCIPAL_INVESTIGATOR}
    guarded = {Permission.LOCK, Permission.EXPORT, Permission.MANAGE_ACCOUNTS}
    return signs or not TABLE[role].isdisjoint(guarded)
