"""The registers of the study file by the name in their address."""

from patients.web.study_file.approvals import APPROVALS
from patients.web.study_file.closing import CLOSING
from patients.web.study_file.configuration import CONFIGURATION
from patients.web.study_file.consents import CONSENTS
from patients.web.study_file.contacts import CONTACTS
from patients.web.study_file.delegation import DELEGATION
from patients.web.study_file.register import Register
from patients.web.study_file.training import TRAINING

REGISTERS: dict[str, Register] = {
    "approvals": APPROVALS,
    "consents": CONSENTS,
    "training": TRAINING,
    "delegation": DELEGATION,
    "safety-contacts": CONTACTS,
    "configuration": CONFIGURATION,
    "closing": CLOSING,
}
