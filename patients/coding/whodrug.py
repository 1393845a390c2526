"""WHODrug Global (UMC), in either of its formats: which one lies in a folder, and what is made of it.

B3 is read from its text files of fixed columns (`whodrug_b3`), C3 from its CSV files (`whodrug_c3`). Both
give the same: a term for each drug code (drug record number and both sequence numbers), a concept for each
drug (record number and first sequence number), and its ATC classes. Nothing of WHODrug is in this project: a
site loads what it has licensed.
"""

from pathlib import Path

from django.utils.translation import gettext as _

from patients.coding.content import Content, DictionaryRefused, Folder, Problem
from patients.coding.whodrug_b3 import read_b3
from patients.coding.whodrug_c3 import read_c3


def read_whodrug(path: Path) -> Content:
    """A distribution in the folder. Raises DictionaryRefused, with all that is wrong."""
    folder = Folder(path)
    if folder.has("MP.csv"):
        return read_c3(folder)
    if folder.has("MP.txt"):
        said = _("C3 is read from its CSV files (MP, ThG, ATC), and B3 from its text files (DD, DDA, INA).")
        raise DictionaryRefused([Problem("MP.txt", 0, said)])
    if folder.has("DD.csv") and not folder.has("DD.txt"):
        said = _("B3 is read from its text files (DD, DDA, INA), and C3 from its CSV files (MP, ThG, ATC).")
        raise DictionaryRefused([Problem("DD.csv", 0, said)])
    return read_b3(folder)
