"""Timings that are printed and never asserted; `docs/performance.md` keeps the last table."""
