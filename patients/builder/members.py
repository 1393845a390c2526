"""Who works at the invented site: functions, not people. They cannot log in."""

from trial.people.roles import Role
from trial.protocol.study import SITE_CODE

COORDINATOR = "coordinator.hz01"
INVESTIGATOR = "investigator.hz01"
PRINCIPAL_INVESTIGATOR = "pi.hz01"
CELL_LABORATORY = "celllab.hz01"
TRANSPLANT_PHYSICIAN = "transplant.hz01"
NURSE = "nurse.hz01"

_MEMBERS = (
    (COORDINATOR, "Coordinator HZ01", Role.COORDINATOR),
    (INVESTIGATOR, "Investigator HZ01", Role.INVESTIGATOR),
    (PRINCIPAL_INVESTIGATOR, "Principal investigator HZ01", Role.PRINCIPAL_INVESTIGATOR),
    (CELL_LABORATORY, "Cell laboratory HZ01", Role.CELL_LAB),
    (TRANSPLANT_PHYSICIAN, "Transplant physician HZ01", Role.TRANSPLANT_PHYSICIAN),
    (NURSE, "Study nurse HZ01", Role.COORDINATOR),  # the trial has no role for nurses alone
)


def member_rows() -> list[dict[str, str]]:
    """The members' sheet."""
    return [
        {"user_name": user_name, "printed_name": printed_name, "role": role.value, "site": SITE_CODE}
        for user_name, printed_name, role in _MEMBERS
    ]
