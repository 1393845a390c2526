"""`load_ranges FILE.csv`: the normal ranges of laboratories that the registry has."""

from patients.laboratories.command import LoadCommand
from patients.laboratories.loading import load_ranges


class Command(LoadCommand):
    help = (
        "Take in a table of normal ranges (laboratory, test, unit, sex, age_from, age_below, lower, upper, "
        "factor, valid_from, valid_until). Exit 0: taken in, 1: refused, nothing taken in, 2: unreadable."
    )
    load = staticmethod(load_ranges)
