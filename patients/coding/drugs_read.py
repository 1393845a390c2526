"""What a distribution of WHODrug says, whichever its format: drugs, their names and their classes."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from patients.coding.content import Content, Folder, ReadConcept, ReadTerm

PREFERRED = "01001"
LONGEST_NAME = 1500
Drug = tuple[str, str]
"""Drug record number and first sequence number: an active substance with its salt."""


@dataclass
class DrugsRead:
    """The drugs of a distribution. `classes`: level and text of each ATC code; `names`: the name of each drug
    code (record number and both sequence numbers) and the line where it stands in `file`; `of_drugs`: the ATC
    codes of each drug.

    The record 01 001 of a drug record number holds the preferred name.
    """

    folder: Folder
    file: str
    classes: dict[str, tuple[str, str]] = field(default_factory=dict)
    names: dict[str, tuple[str, int]] = field(default_factory=dict)
    of_drugs: dict[Drug, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add_class(self, file: str, line: int, code: str, level: str, text: str) -> None:
        if code in self.classes:
            self.folder.add(file, line, _("The code %s stands there twice.") % code)
        self.classes[code] = (level, text)

    def add_name(self, line: int, code: str, name: str) -> None:
        if len(name) > LONGEST_NAME:
            self.folder.add(self.file, line, _("The name is longer than %s.") % LONGEST_NAME)
        self.names[code] = (name, line)

    def content(self) -> Content:
        """All of it as terms and concepts. Raises DictionaryRefused, with all that is wrong."""
        preferred = self._preferred()
        terms = [ReadTerm(code, name, code[:8]) for code, (name, _line) in self.names.items()]
        drugs = dict.fromkeys(drug_of(code) for code in self.names)
        return self.folder.settle(
            lambda digest: Content([self._concept(drug, preferred) for drug in drugs], terms, digest)
        )

    def _preferred(self) -> dict[str, str]:
        """The preferred name of each drug record number."""
        found = {code[:6]: name for code, (name, _line) in self.names.items() if code[6:] == PREFERRED}
        for code, (_name, line) in self.names.items():
            if code[:6] not in found:
                said = _("%s has no record 01 001, which holds the preferred name.")
                self.folder.add(self.file, line, said % code[:6])
        return found

    def _concept(self, drug: Drug, preferred: Mapping[str, str]) -> ReadConcept:
        """A salt that is in no class of its own is in those of the substance."""
        codes = tuple(sorted(self.of_drugs.get(drug) or self.of_drugs.get((drug[0], "01")) or ()))
        path = tuple((f"ATC{self.classes[code][0]}", code, self.classes[code][1]) for code in codes)
        return ReadConcept("".join(drug), preferred[drug[0]], path, codes)


def drug_of(code: str) -> Drug:
    """The drug of a drug code."""
    return code[:6], code[6:8]
