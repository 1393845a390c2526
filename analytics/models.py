"""Gathers the models of the rooms of this app."""

from analytics.locks.models import Lock, Snapshot
from analytics.runs.models import Estimate, Run, RunPart

__all__ = ["Estimate", "Lock", "Run", "RunPart", "Snapshot"]
