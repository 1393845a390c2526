"""An invented cohort made into a casebook, without a database.

What is true of each patient comes from a table of timelines, and every form is filled with the components
from which the application must derive it again.
"""
