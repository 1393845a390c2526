"""Gathers the models of the rooms of this app."""

from analytics.exports.jobs.models import Export
from analytics.exports.jobs.tables.models import TablesToMake
from analytics.locks.models import Lock, Snapshot
from analytics.runs.models import Estimate, Run, RunPart

__all__ = ["Estimate", "Export", "Lock", "Run", "RunPart", "Snapshot", "TablesToMake"]
