"""`import_casebook DIR`: a casebook directory through the one way in, page by page."""

from pathlib import Path

from patients.entry.deliveries import CasebookFolder
from patients.management.import_command import ImportCommand


class Command(ImportCommand):
    help = "Import a casebook directory. Exit 0: clean, 1: something was refused, 2: unreadable."
    takes = "dir"

    def delivery(self, path: Path) -> CasebookFolder:
        return CasebookFolder(path)
