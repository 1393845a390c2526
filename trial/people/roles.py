"""Who may do what, in one table that a monitor can read.

The roles are those of the protocol's data management plan plus the account administrator, who by design
sees no trial data. What a role may do it may do at the sites where it was granted.
"""

from collections.abc import Iterable
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Permission(StrEnum):
    """One right each; `SENTENCES` says it in words."""

    READ = "read"
    ENTER = "enter"
    SIGN = "sign"
    APPROVE = "approve"
    READ_IDENTITY = "read_identity"
    REVIEW_TRAIL = "review_trail"
    MARK_REVIEWED = "mark_reviewed"
    REDACT = "redact"
    QUERY = "query"
    JUDGE = "judge"
    VERIFY = "verify"
    IMPORT = "import"
    CODE = "code"
    FREEZE = "freeze"
    LOCK = "lock"
    APPROVE_LOCK = "approve_lock"
    READ_RESULTS = "read_results"
    EXPORT = "export"
    DELEGATE = "delegate"
    KEEP_STUDY_FILE = "keep_study_file"
    CONFIGURE = "configure"
    MANAGE_ACCOUNTS = "manage_accounts"
    READ_ACCESS = "read_access"
    READ_REGISTRY_TRAIL = "read_registry_trail"
    READ_ACCOUNT_TRAIL = "read_account_trail"


SENTENCES: dict[Permission, Promise] = {
    Permission.READ: _("see subjects, visits and pages"),
    Permission.ENTER: _("enter and correct data"),
    Permission.SIGN: _("sign pages"),
    Permission.APPROVE: _("approve eligibility as the principal investigator"),
    Permission.READ_IDENTITY: _("see birth date, name and hospital number"),
    Permission.REVIEW_TRAIL: _("read the trail and take it out"),
    Permission.MARK_REVIEWED: _("mark the trail as reviewed"),
    Permission.REDACT: _("hide what should never have been entered, together with a second person"),
    Permission.QUERY: _("raise and close queries"),
    Permission.JUDGE: _("judge serious events for the sponsor: causality and expectedness"),
    Permission.VERIFY: _("verify data against their source"),
    Permission.IMPORT: _("import a casebook"),
    Permission.CODE: _("code terms against a dictionary"),
    Permission.FREEZE: _("freeze pages"),
    Permission.LOCK: _("make a data cut or a lock"),
    Permission.APPROVE_LOCK: _("approve that somebody else locks or unlocks"),
    Permission.READ_RESULTS: _("see the results of a lock"),
    Permission.EXPORT: _("export data"),
    Permission.DELEGATE: _("give people of the site their tasks"),
    Permission.KEEP_STUDY_FILE: _("record approvals, versions of the consent and trainings"),
    Permission.CONFIGURE: _("change what the rules of the trial read, together with a second person"),
    Permission.MANAGE_ACCOUNTS: _("grant and end access"),
    Permission.READ_ACCESS: _("see who has access, and who had it on any day"),
    Permission.READ_REGISTRY_TRAIL: _("read the trail of the registry: locks, configuration, verification"),
    Permission.READ_ACCOUNT_TRAIL: _("read the trail of accounts: sign-ins, roles, passwords"),
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

_OF_ACCOUNTS = frozenset({Permission.MANAGE_ACCOUNTS, Permission.READ_ACCESS, Permission.READ_ACCOUNT_TRAIL})

TABLE: dict[Role, frozenset[Permission]] = {
    Role.COORDINATOR: _SITE_STAFF,
    Role.INVESTIGATOR: _SITE_STAFF | {Permission.SIGN},
    Role.PRINCIPAL_INVESTIGATOR: _SITE_STAFF
    | {
        Permission.SIGN,
        Permission.APPROVE,
        Permission.READ_RESULTS,
        Permission.REDACT,
        Permission.APPROVE_LOCK,
        Permission.DELEGATE,
        Permission.CONFIGURE,
    },
    Role.CELL_LAB: frozenset({Permission.READ, Permission.ENTER}),
    Role.TRANSPLANT_PHYSICIAN: _SITE_STAFF,
    Role.MONITOR: frozenset(
        {
            Permission.READ,
            Permission.REVIEW_TRAIL,
            Permission.MARK_REVIEWED,
            Permission.QUERY,
            Permission.VERIFY,
            Permission.READ_ACCESS,
        }
    ),
    Role.DATA_MANAGER: frozenset(
        {
            Permission.READ,
            Permission.REVIEW_TRAIL,
            Permission.READ_REGISTRY_TRAIL,
            Permission.MARK_REVIEWED,
            Permission.REDACT,
            Permission.QUERY,
            Permission.KEEP_STUDY_FILE,
            Permission.CONFIGURE,
            Permission.IMPORT,
            Permission.CODE,
            Permission.FREEZE,
            Permission.LOCK,
            Permission.APPROVE_LOCK,
            Permission.READ_RESULTS,
            Permission.EXPORT,
        }
    ),
    Role.MEDICAL_MONITOR: frozenset(
        {
            Permission.READ,
            Permission.REVIEW_TRAIL,
            Permission.QUERY,
            Permission.JUDGE,
            Permission.READ_RESULTS,
        }
    ),
    Role.STATISTICIAN: frozenset({Permission.READ_RESULTS, Permission.EXPORT}),
    Role.SPONSOR: frozenset({Permission.READ_RESULTS, Permission.EXPORT}),
    Role.AUDITOR: frozenset(
        {
            Permission.READ,
            Permission.REVIEW_TRAIL,
            Permission.READ_REGISTRY_TRAIL,
            Permission.READ_ACCOUNT_TRAIL,
            Permission.READ_RESULTS,
            Permission.READ_ACCESS,
        }
    ),
    Role.ACCOUNT_ADMINISTRATOR: _OF_ACCOUNTS,
}

FORMS_ENTERED: dict[Role, frozenset[str]] = {
    Role.CELL_LAB: frozenset({"MFG", "REL"}),
    Role.TRANSPLANT_PHYSICIAN: frozenset({"DONOR", "HSCT", "ENG", "AGVHD", "CGVHD"}),
}
"""The forms that a role enters, where these are not all (section 5.3 of the specification)."""

_TRIAL_DATA = frozenset(Permission) - _OF_ACCOUNTS

APART: dict[Permission, frozenset[Permission]] = {
    Permission.ENTER: frozenset(
        {
            Permission.VERIFY,
            Permission.QUERY,
            Permission.JUDGE,
            Permission.IMPORT,
            Permission.FREEZE,
            Permission.LOCK,
        }
    ),
    Permission.VERIFY: frozenset({Permission.LOCK}),
    Permission.MANAGE_ACCOUNTS: _TRIAL_DATA,
}
"""Rights that nobody holds together (AC-05): no role does, and a role that would join them is not granted."""


WRITING = frozenset(
    {
        Permission.ENTER,
        Permission.SIGN,
        Permission.APPROVE,
        Permission.JUDGE,
        Permission.VERIFY,
        Permission.CODE,
        Permission.FREEZE,
        Permission.LOCK,
        Permission.IMPORT,
        Permission.CONFIGURE,
    }
)
"""Rights that somebody who is not trained for the role does not have (VD-06)."""


def joined(rights: Iterable[Permission]) -> list[tuple[Permission, Permission]]:
    """The pairs among these rights that must be apart."""
    held = set(rights)
    return [(one, other) for one, others in APART.items() if one in held for other in sorted(others & held)]


def needs_second_factor(role: Role) -> bool:
    """Whether a role signs, locks, exports or administers (AC-09)."""
    guarded = {Permission.SIGN, Permission.LOCK, Permission.EXPORT, Permission.MANAGE_ACCOUNTS}
    return not TABLE[role].isdisjoint(guarded)
