"""`load_laboratories FILE.csv`: the laboratories of the sites with the time of their accreditation."""

from patients.laboratories.command import LoadCommand
from patients.laboratories.loading import load_laboratories


class Command(LoadCommand):
    help = (
        "Take in a table of laboratories (laboratory, name, accredited_from, accredited_until). "
        "Exit 0: taken in, 1: refused, nothing taken in, 2: unreadable."
    )
    load = staticmethod(load_laboratories)
