"""`import_odm FILE`: a file of ODM-XML through the one way in, page by page."""

from pathlib import Path

from patients.entry.odm_delivery import OdmFile
from patients.management.import_command import ImportCommand


class Command(ImportCommand):
    help = "Import the data of an ODM-XML 1.3 file. Exit 0: clean, 1: something was refused, 2: unreadable."
    takes = "file"

    def delivery(self, path: Path) -> OdmFile:
        return OdmFile(path)
