"""Runs: the estimates of a snapshot, computed away from the request, once."""
