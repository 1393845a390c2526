"""Anchors and clocks give visits, visits give the pages that are due."""
