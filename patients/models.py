"""Gathers the models of the rooms of this app; the forms stand in the order of the protocol."""

from patients.casebook.identity import Identity, Likeness
from patients.casebook.page import Page, Subject, Visit
from patients.entry.drafts import KeptDraft
from patients.entry.idempotency import AnsweredRequest
from patients.oversight.casebook_locks import CasebookLock, LockDecision, LockRequest, Relocking, Unlocking
from patients.oversight.freezes import Freeze, Thaw
from patients.oversight.monitoring_visits import MonitoringVisit
from patients.oversight.queries import Query, QueryMessage
from patients.oversight.redaction import Redaction
from patients.oversight.review import ReviewMark
from patients.oversight.signatures import Signature, SignatureFall

from patients.forms.eligibility import Eligibility  # isort: skip
from patients.forms.demographics import Demographics  # isort: skip
from patients.forms.disease import DiseaseHistory  # isort: skip
from patients.forms.prior_therapy import PriorTherapy  # isort: skip
from patients.forms.prior_transplant import PriorTransplant  # isort: skip
from patients.forms.prior_cellular import PriorCellularTherapy  # isort: skip
from patients.forms.donor import Donor  # isort: skip
from patients.forms.manufacturing import Manufacturing  # isort: skip
from patients.forms.release import ProductRelease  # isort: skip
from patients.forms.lymphodepletion import Lymphodepletion  # isort: skip
from patients.forms.infusion import Infusion  # isort: skip
from patients.forms.vital_signs import VitalSigns  # isort: skip
from patients.forms.laboratory import Laboratory  # isort: skip
from patients.forms.crs import CytokineRelease  # isort: skip
from patients.forms.icans import Neurotoxicity  # isort: skip
from patients.forms.hyperinflammation import Hyperinflammation  # isort: skip
from patients.forms.response import ResponseAssessment  # isort: skip
from patients.forms.expansion import Expansion  # isort: skip
from patients.forms.transplantation import Transplantation  # isort: skip
from patients.forms.engraftment import Engraftment  # isort: skip
from patients.forms.transfusion import Transfusion  # isort: skip
from patients.forms.chimerism import Chimerism  # isort: skip
from patients.forms.acute_gvhd import AcuteGVHD  # isort: skip
from patients.forms.chronic_gvhd import ChronicGVHD  # isort: skip
from patients.forms.infection import Infection  # isort: skip
from patients.forms.adverse_event import AdverseEvent  # isort: skip
from patients.forms.dose_limiting_toxicity import DoseLimitingToxicity  # isort: skip
from patients.forms.serious_adverse_event import SeriousEventReport  # isort: skip
from patients.forms.concomitant_medication import ConcomitantMedication  # isort: skip
from patients.forms.relapse import Relapse  # isort: skip
from patients.forms.subsequent_therapy import SubsequentTherapy  # isort: skip
from patients.forms.follow_up import FollowUp  # isort: skip
from patients.forms.death import Death  # isort: skip
from patients.forms.end_of_study import EndOfStudy  # isort: skip
from patients.forms.deviation import ProtocolDeviation  # isort: skip

# These look at forms: before them they would declare some of theirs out of order.
from patients.oversight.safety_clocks import SeriousNotice  # isort: skip
from patients.oversight.safety_mail import SafetyMail, SafetyMailOutcome  # isort: skip
from patients.coding.dictionaries import Concept, Dictionary, Term, TermIndex  # isort: skip
from patients.coding.codes import Coding, CodingWithdrawal  # isort: skip
from patients.oversight.verification import Verification, VerificationFall  # isort: skip
from patients.entry.attachments import Attachment, AttachmentWithdrawal  # isort: skip
from patients.entry.doubles import DoubleAnswer  # isort: skip
from patients.entry.laboratory_file import KeptLaboratoryFile  # isort: skip
from patients.entry.laboratory_mapping import LaboratoryMapping  # isort: skip

__all__ = [
    "AcuteGVHD",
    "AdverseEvent",
    "AnsweredRequest",
    "Attachment",
    "AttachmentWithdrawal",
    "CasebookLock",
    "Chimerism",
    "ChronicGVHD",
    "Coding",
    "CodingWithdrawal",
    "Concept",
    "ConcomitantMedication",
    "CytokineRelease",
    "Death",
    "Demographics",
    "Dictionary",
    "DiseaseHistory",
    "Donor",
    "DoseLimitingToxicity",
    "DoubleAnswer",
    "Eligibility",
    "EndOfStudy",
    "Engraftment",
    "Expansion",
    "FollowUp",
    "Freeze",
    "Hyperinflammation",
    "Identity",
    "Infection",
    "Infusion",
    "KeptDraft",
    "KeptLaboratoryFile",
    "Laboratory",
    "LaboratoryMapping",
    "Likeness",
    "LockDecision",
    "LockRequest",
    "Lymphodepletion",
    "Manufacturing",
    "MonitoringVisit",
    "Neurotoxicity",
    "Page",
    "PriorCellularTherapy",
    "PriorTherapy",
    "PriorTransplant",
    "ProductRelease",
    "ProtocolDeviation",
    "Query",
    "QueryMessage",
    "Redaction",
    "Relapse",
    "Relocking",
    "ResponseAssessment",
    "ReviewMark",
    "SafetyMail",
    "SafetyMailOutcome",
    "SeriousEventReport",
    "SeriousNotice",
    "Signature",
    "SignatureFall",
    "Subject",
    "SubsequentTherapy",
    "Term",
    "TermIndex",
    "Thaw",
    "Transfusion",
    "Transplantation",
    "Unlocking",
    "Verification",
    "VerificationFall",
    "Visit",
    "VitalSigns",
]
