"""Gathers the models of the rooms of this app."""

from trial.people.access_review import AccessReview
from trial.people.curriculum import TrainingRecord, TrainingVersion
from trial.people.delegation import Delegation
from trial.people.models import Account, Member, SecondFactorReset, SetUpLink, Site
from trial.people.safety_contacts import SafetyContact
from trial.people.tokens import ExportToken
from trial.protocol.closing import StudyClosing
from trial.protocol.laboratories import Laboratory, ReferenceRange
from trial.protocol.models import ConfigRequest, ConfigValue, ConsentVersion, SiteApproval
from trial.trail.alarms import Alarm
from trial.trail.hiding import HidingUnderway
from trial.trail.ledger import LedgerLeaf, UnclaimedVersion
from trial.trail.models import TrailChange, TrailEvent
from trial.trail.seals import Seal

__all__ = [
    "AccessReview",
    "Account",
    "Alarm",
    "ConfigRequest",
    "ConfigValue",
    "ConsentVersion",
    "Delegation",
    "ExportToken",
    "HidingUnderway",
    "Laboratory",
    "LedgerLeaf",
    "Member",
    "ReferenceRange",
    "SafetyContact",
    "Seal",
    "SecondFactorReset",
    "SetUpLink",
    "Site",
    "SiteApproval",
    "StudyClosing",
    "TrailChange",
    "TrailEvent",
    "TrainingRecord",
    "TrainingVersion",
    "UnclaimedVersion",
]
