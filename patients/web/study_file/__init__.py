"""The study file: approvals of the sites, versions of the consent, trainings, tasks, safety contacts.

Each register is a module: what is on record, what is typed, and what may be recorded. `registers` names them,
`screen` shows any of them with its history in the trail.
"""
