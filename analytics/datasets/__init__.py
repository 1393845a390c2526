"""From a snapshot to analysis datasets: one row for each subject (ADSL), endpoint (ADTTE) and event (ADAE).

Here alone are dates compared with the cut-off and endpoints dated; every value remembers the items that it
was made from.
"""
