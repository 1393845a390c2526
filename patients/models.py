"""Gathers the models of the rooms of this app; the forms stand in the order of the protocol."""

from patients.casebook.identity import Identity
from patients.casebook.page import Page, Subject, Visit

from patients.forms.eligibility import Eligibility  # isort: skip
from patients.forms.demographics import Demographics  # isort: skip
from patients.forms.disease import DiseaseHistory  # isort: skip
from patients.forms.infusion import Infusion  # isort: skip
from patients.forms.response import ResponseAssessment  # isort: skip
from patients.forms.transplantation import Transplantation  # isort: skip
from patients.forms.relapse import Relapse  # isort: skip
from patients.forms.follow_up import FollowUp  # isort: skip
from patients.forms.death import Death  # isort: skip
from patients.forms.end_of_study import EndOfStudy  # isort: skip

__all__ = [
    "Death",
    "Demographics",
    "DiseaseHistory",
    "Eligibility",
    "EndOfStudy",
    "FollowUp",
    "Identity",
    "Infusion",
    "Page",
    "Relapse",
    "ResponseAssessment",
    "Subject",
    "Transplantation",
    "Visit",
]
