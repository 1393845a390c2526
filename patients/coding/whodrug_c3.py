"""WHODrug Global in its C3 format as CSV: three of its files, without a line of headings.

MP.csv   1 record id, 3 drug record number, 4 and 5 sequence numbers, 9 drug name, of at least 22 columns.
ThG.csv  2 ATC code, 5 record id of MP.csv, of at least 5 columns.
ATC.csv  1 ATC code, 2 its level, 3 its text.

That is the layout as programs that load it describe it independently of each other; UMC gives its description
to licensees alone. So each cell is looked at before anything is taken in, and files that are otherwise are
refused whole. The text files of C3, whose fixed columns are not known here, are not read.

C3 has a record for each form, strength and country of a drug, B3 one for each drug code: of the records with
the same code the first gives the name, and the classes of a drug are those of all its records.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from patients.coding.content import Content, Folder
from patients.coding.drugs_read import Drug, DrugsRead

_RECORD, _CODE_PARTS, _NAME = 0, slice(2, 5), 8
_WIDTHS = (6, 2, 3)
_ATC, _RECORD_OF_A_CLASS = 1, 4


def read_c3(folder: Folder) -> Content:
    """Raises DictionaryRefused, with all that is wrong."""
    return _Reader(folder).read()


@dataclass
class _Reader:
    folder: Folder
    found: DrugsRead = field(init=False)
    drugs: dict[str, Drug] = field(default_factory=dict)
    """The drug of each record; one object for all records of a drug, of which there are millions."""

    def read(self) -> Content:
        self.found = DrugsRead(self.folder, "MP.csv")
        self._classes()
        self._records()
        self._classes_of_drugs()
        return self.found.content()

    def _rows(self, file: str, at_least: int) -> Iterator[tuple[int, list[str]]]:
        for number, cells in self.folder.rows(file):
            if len(cells) < at_least:
                self.folder.add(file, number, _("The line has less than %s columns.") % at_least)
            else:
                yield number, cells

    def _classes(self) -> None:
        for number, (code, level, text, *_more) in self._rows("ATC.csv", 3):
            if not (level.isdigit() and len(level) == 1):
                self.folder.add("ATC.csv", number, _("Column 2 holds no level."))
            self.found.add_class("ATC.csv", number, code, level, text)

    def _records(self) -> None:
        known: dict[Drug, Drug] = {}
        for number, cells in self._rows("MP.csv", 22):
            parts, name, record = cells[_CODE_PARTS], cells[_NAME], cells[_RECORD]
            code, drug = "".join(parts), (parts[0], parts[1])
            if tuple(map(len, parts)) != _WIDTHS or " " in code or not code[6:].isdigit():
                self.folder.add("MP.csv", number, _("Columns 3 to 5 hold no drug code."))
            if not name:
                self.folder.add("MP.csv", number, _("Column 9 holds no name."))
            if record in self.drugs:
                self.folder.add("MP.csv", number, _("The record %s stands there twice.") % record)
            self.drugs[record] = known.setdefault(drug, drug)
            if code not in self.found.names:
                self.found.add_name(number, code, name)

    def _classes_of_drugs(self) -> None:
        for number, cells in self._rows("ThG.csv", 5):
            code, drug = cells[_ATC], self.drugs.get(cells[_RECORD_OF_A_CLASS])
            if drug is None:
                said = _("%s is no record of MP.csv.") % cells[_RECORD_OF_A_CLASS]
                self.folder.add("ThG.csv", number, said)
            elif code not in self.found.classes:
                self.folder.add("ThG.csv", number, _("%s is no class of ATC.csv.") % code)
            else:
                self.found.of_drugs[drug].add(code)
