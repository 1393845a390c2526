"""Data cuts: what was known of the subjects by a day, sealed in a file with its hash."""
