"""Gathers the models of the rooms of this app."""

from trial.people.models import Account, Member, SecondFactorReset, SetUpLink, Site
from trial.people.tokens import ExportToken
from trial.protocol.laboratories import Laboratory, ReferenceRange
from trial.protocol.models import ConfigValue, ConsentVersion, EthicsApproval
from trial.trail.hiding import HidingUnderway
from trial.trail.ledger import LedgerLeaf, UnclaimedVersion
from trial.trail.models import TrailChange, TrailEvent
from trial.trail.seals import Seal

__all__ = [
    "Account",
    "ConfigValue",
    "ConsentVersion",
    "EthicsApproval",
    "ExportToken",
    "HidingUnderway",
    "Laboratory",
    "LedgerLeaf",
    "Member",
    "ReferenceRange",
    "Seal",
    "SecondFactorReset",
    "SetUpLink",
    "Site",
    "TrailChange",
    "TrailEvent",
    "UnclaimedVersion",
]
