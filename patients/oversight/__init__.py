"""Queries, source verification, signatures, freezes: rows of their own, with a required person."""
