"""WHODrug Global in its B3 format as text: three of its files, of fixed columns.

DD.txt   1-6 drug record number, 7-8 and 9-11 sequence numbers, 12 check digit, from 31 the drug name.
INA.txt  1-7 ATC code, 8 its level, from 9 its text.
DDA.txt  1-11 as DD.txt, 12 check digit, 13-19 ATC code.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from patients.coding.content import Content, Folder
from patients.coding.drugs_read import DrugsRead, drug_of

_CODE, _NAME_FROM = slice(0, 11), 30
_ATC_OF_A_DRUG, _ATC, _LEVEL, _TEXT_FROM = slice(12, 19), slice(0, 7), 7, 8


def read_b3(folder: Folder) -> Content:
    """Raises DictionaryRefused, with all that is wrong."""
    return _Reader(folder).read()


@dataclass
class _Reader:
    folder: Folder
    found: DrugsRead = field(init=False)

    def read(self) -> Content:
        self.found = DrugsRead(self.folder, "DD.txt")
        self._classes()
        self._names()
        self._classes_of_drugs()
        return self.found.content()

    def _lines(self, file: str, at_least: int) -> Iterator[tuple[int, str]]:
        for number, line in self.folder.lines(file):
            if len(line.rstrip()) < at_least:
                self.folder.add(file, number, _("The line ends before column %s.") % at_least)
            else:
                yield number, line

    def _classes(self) -> None:
        for number, line in self._lines("INA.txt", _TEXT_FROM + 1):
            level = line[_LEVEL]
            if not level.isdigit():
                self.folder.add("INA.txt", number, _("Column 8 holds no level."))
            self.found.add_class("INA.txt", number, line[_ATC].strip(), level, line[_TEXT_FROM:].strip())

    def _names(self) -> None:
        for number, line in self._lines("DD.txt", _NAME_FROM + 1):
            code = line[_CODE]
            if " " in code or not code[6:].isdigit():
                self.folder.add("DD.txt", number, _("Columns 1 to 11 hold no drug code."))
            if code in self.found.names:
                self.folder.add("DD.txt", number, _("The code %s stands there twice.") % code)
            self.found.add_name(number, code, line[_NAME_FROM:].strip())

    def _classes_of_drugs(self) -> None:
        known = {drug_of(code) for code in self.found.names}
        for number, line in self._lines("DDA.txt", _ATC_OF_A_DRUG.start + 1):
            drug, code = drug_of(line), line[_ATC_OF_A_DRUG].strip()
            if drug not in known:
                self.folder.add("DDA.txt", number, _("%s is no drug of DD.txt.") % "".join(drug))
            if code not in self.found.classes:
                self.folder.add("DDA.txt", number, _("%s is no class of INA.txt.") % code)
            self.found.of_drugs[drug].add(code)
