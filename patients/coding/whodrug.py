"""WHODrug Global in its B3 format as text: three of its files, of fixed columns (WHODrug, UMC).

DD.txt   1-6 drug record number, 7-8 and 9-11 sequence numbers, 12 check digit, from 31 the drug name.
INA.txt  1-7 ATC code, 8 its level, from 9 its text.
DDA.txt  1-11 as DD.txt, 12 check digit, 13-19 ATC code.

The record 01 001 of a drug record number holds the preferred name. Of the formats C, C3 and the files with
separators nothing is read. Nothing of WHODrug is in this project: a site loads what it has licensed.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from patients.coding.content import Content, Folder, ReadConcept, ReadTerm

_NUMBER, _FIRST, _CODE = slice(0, 6), slice(6, 8), slice(0, 11)
_NAME_FROM = 30
_ATC_OF_A_DRUG, _ATC, _LEVEL, _TEXT_FROM = slice(12, 19), slice(0, 7), 7, 8
PREFERRED = "01001"
LONGEST_NAME = 1500
Drug = tuple[str, str]
"""Drug record number and first sequence number: an active substance with its salt."""


def read_whodrug(path: Path) -> Content:
    """A distribution in the folder. Raises DictionaryRefused, with all that is wrong."""
    return _Reader(Folder(path)).read()


@dataclass
class _Reader:
    folder: Folder

    def read(self) -> Content:
        classes = self._classes()
        records = self._records()
        of_drugs = self._classes_of_drugs(classes, records)
        preferred = self._preferred(records)
        terms = [ReadTerm(code, name, code[:8]) for code, (name, _line) in records.items()]
        drugs = dict.fromkeys((code[_NUMBER], code[_FIRST]) for code in records)
        return self.folder.settle(
            lambda digest: Content(
                [_concept(drug, preferred[drug[0]], of_drugs, classes) for drug in drugs], terms, digest
            )
        )

    def _lines(self, file: str, at_least: int) -> Iterator[tuple[int, str]]:
        for number, line in self.folder.lines(file):
            if len(line.rstrip()) < at_least:
                self.folder.add(file, number, _("The line ends before column %s.") % at_least)
            else:
                yield number, line

    def _classes(self) -> dict[str, tuple[str, str]]:
        """Level and text of each ATC code."""
        found: dict[str, tuple[str, str]] = {}
        for number, line in self._lines("INA.txt", _TEXT_FROM + 1):
            code, level = line[_ATC].strip(), line[_LEVEL]
            if not level.isdigit():
                self.folder.add("INA.txt", number, _("Column 8 holds no level."))
            if code in found:
                self.folder.add("INA.txt", number, _("The code %s stands there twice.") % code)
            found[code] = (level, line[_TEXT_FROM:].strip())
        return found

    def _records(self) -> dict[str, tuple[str, int]]:
        """Name and line of each record by its code: record number and both sequence numbers."""
        found: dict[str, tuple[str, int]] = {}
        for number, line in self._lines("DD.txt", _NAME_FROM + 1):
            code, name = line[_CODE], line[_NAME_FROM:].strip()
            if " " in code or not code[6:].isdigit():
                self.folder.add("DD.txt", number, _("Columns 1 to 11 hold no drug code."))
            if code in found:
                self.folder.add("DD.txt", number, _("The code %s stands there twice.") % code)
            if len(name) > LONGEST_NAME:
                self.folder.add("DD.txt", number, _("The name is longer than %s.") % LONGEST_NAME)
            found[code] = (name, number)
        return found

    def _classes_of_drugs(
        self, classes: Mapping[str, object], records: Mapping[str, object]
    ) -> dict[Drug, set[str]]:
        known = {(code[_NUMBER], code[_FIRST]) for code in records}
        found: dict[Drug, set[str]] = defaultdict(set)
        for number, line in self._lines("DDA.txt", _ATC_OF_A_DRUG.start + 1):
            drug, code = (line[_NUMBER], line[_FIRST]), line[_ATC_OF_A_DRUG].strip()
            if drug not in known:
                self.folder.add("DDA.txt", number, _("%s is no drug of DD.txt.") % "".join(drug))
            if code not in classes:
                self.folder.add("DDA.txt", number, _("%s is no class of INA.txt.") % code)
            found[drug].add(code)
        return found

    def _preferred(self, records: Mapping[str, tuple[str, int]]) -> dict[str, str]:
        """The preferred name of each drug record number."""
        found = {code[_NUMBER]: name for code, (name, _line) in records.items() if code[6:] == PREFERRED}
        for code, (_name, number) in records.items():
            if code[_NUMBER] not in found:
                said = _("%s has no record 01 001, which holds the preferred name.")
                self.folder.add("DD.txt", number, said % code[_NUMBER])
        return found


def _concept(
    drug: Drug, name: str, of_drugs: Mapping[Drug, set[str]], classes: Mapping[str, tuple[str, str]]
) -> ReadConcept:
    """A salt that is in no class of its own is in those of the substance."""
    codes = tuple(sorted(of_drugs.get(drug) or of_drugs.get((drug[0], "01")) or ()))
    path = tuple((f"ATC{classes[code][0]}", code, classes[code][1]) for code in codes)
    return ReadConcept("".join(drug), name, path, codes)
