"""How much of a large cohort is drawn and named. It says beside it how many there are, so that what was left
out is told."""

LANES_SHOWN = 60
"""So many subjects have a lane or a line of their own: more would not be told apart on a page."""
SUBJECTS_NAMED = 200
"""So many subjects are named beside a number on a page that has many numbers."""
ROWS_SHOWN = 500
"""So many rows of a list of subjects or events stand on a page or on paper."""
