"""Attack tools against the running application, on this host alone: `make check-external`.

Each tool first attacks `control.py`, which is open to it: one that finds nothing there is blind.
"""
