"""Gathers the models of the rooms of this app."""

from trial.people.models import Account, Member, Site
from trial.people.tokens import ExportToken
from trial.protocol.models import ConfigValue, ConsentVersion, EthicsApproval
from trial.trail.models import TrailChange, TrailEvent

__all__ = [
    "Account",
    "ConfigValue",
    "ConsentVersion",
    "EthicsApproval",
    "ExportToken",
    "Member",
    "Site",
    "TrailChange",
    "TrailEvent",
]
