"""MedDRA's distribution: nine files of fields that end with `$` (MedDRA distribution file format, MSSO).

All languages have the same layout. Nothing of MedDRA is in this project: a site loads what it has licensed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from patients.coding.content import Content, Folder, ReadConcept, ReadTerm

# How many fields of a line are read, of those that the format has.
_FIELDS = {
    "soc.asc": 2,
    "hlgt.asc": 2,
    "hlt.asc": 2,
    "pt.asc": 4,
    "llt.asc": 10,
    "soc_hlgt.asc": 2,
    "hlgt_hlt.asc": 2,
    "hlt_pt.asc": 2,
    "mdhier.asc": 12,
}
_CURRENCY = 9  # of a lowest level term: Y or N
_PRIMARY_SOC = 3  # of a preferred term
_LEVELS = ("HLT", "HLGT", "SOC")
Fields = list[str]


def read_meddra(path: Path) -> Content:
    """A distribution in the folder. Raises DictionaryRefused, with all that is wrong."""
    return _Reader(Folder(path)).read()


@dataclass
class _Reader:
    folder: Folder

    def read(self) -> Content:
        names = {level: self._names(f"{level}.asc") for level in ("soc", "hlgt", "hlt", "pt")}
        links = {
            (upper, lower): self._links(f"{upper}_{lower}.asc", names[upper], names[lower])
            for upper, lower in (("soc", "hlgt"), ("hlgt", "hlt"), ("hlt", "pt"))
        }
        paths = self._paths(names, links)
        self._need_a_path(names["pt"], paths)
        terms = list(self._terms(names["pt"]))
        return self.folder.settle(
            lambda digest: Content(
                [_concept(code, name, paths[code]) for code, name in names["pt"].items()], terms, digest
            )
        )

    def _fields(self, file: str) -> Iterator[tuple[int, Fields]]:
        needed = _FIELDS[file]
        for number, line in self.folder.lines(file):
            fields = [each.strip() for each in line.split("$")]
            if len(fields) < needed:
                said = _("The line has %(count)s fields, at least %(needed)s are needed.")
                self.folder.add(file, number, said % {"count": len(fields), "needed": needed})
            elif not fields[0] or not fields[1]:
                self.folder.add(file, number, _("A code or a name is empty."))
            else:
                yield number, fields

    def _names(self, file: str) -> dict[str, str]:
        """Names by code."""
        found: dict[str, str] = {}
        for number, fields in self._fields(file):
            if fields[0] in found:
                self.folder.add(file, number, _("The code %s stands there twice.") % fields[0])
            found[fields[0]] = fields[1]
        return found

    def _links(self, file: str, upper: dict[str, str], lower: dict[str, str]) -> set[tuple[str, str]]:
        found = set()
        for number, (above, below, *_more) in self._fields(file):
            for code, known in ((above, upper), (below, lower)):
                if code not in known:
                    self._unknown(file, number, code)
            found.add((above, below))
        return found

    def _unknown(self, file: str, number: int, code: str) -> None:
        self.folder.add(file, number, _("The code %s is not in the file of its level.") % code)

    def _paths(
        self, names: dict[str, dict[str, str]], links: dict[tuple[str, str], set[tuple[str, str]]]
    ) -> dict[str, Fields]:
        """The primary path of each preferred term: HLT, HLGT and SOC, with their names."""
        found: dict[str, Fields] = {}
        for number, fields in self._fields("mdhier.asc"):
            pt, hlt, hlgt, soc = fields[:4]
            levels = (("pt", pt), ("hlt", hlt), ("hlgt", hlgt), ("soc", soc))
            unknown = [code for level, code in levels if code not in names[level]]
            for code in unknown:
                self._unknown("mdhier.asc", number, code)
            if unknown:
                continue
            if [names[level][code] for level, code in levels] != fields[4:8]:
                self.folder.add("mdhier.asc", number, _("A name is not that of the file of its level."))
            steps = ((("soc", "hlgt"), soc, hlgt), (("hlgt", "hlt"), hlgt, hlt), (("hlt", "pt"), hlt, pt))
            if any((above, below) not in links[step] for step, above, below in steps):
                self.folder.add("mdhier.asc", number, _("The path is not that of the files of links."))
            if fields[11] == "Y":
                if pt in found:
                    self.folder.add("mdhier.asc", number, _("%s has two primary paths.") % pt)
                found[pt] = fields
        return found

    def _need_a_path(self, preferred: dict[str, str], paths: dict[str, Fields]) -> None:
        """Each preferred term is in one class above all, and its line says the same one."""
        for number, fields in self._fields("pt.asc"):
            if fields[0] not in paths:
                self.folder.add("pt.asc", number, _("%s has no primary path.") % fields[0])
            elif paths[fields[0]][3] != fields[_PRIMARY_SOC]:
                self.folder.add("pt.asc", number, _("The primary class is not that of the hierarchy."))

    def _terms(self, preferred: dict[str, str]) -> Iterator[ReadTerm]:
        seen: set[str] = set()
        for number, fields in self._fields("llt.asc"):
            code, name, pt = fields[:3]
            if pt not in preferred:
                self._unknown("llt.asc", number, pt)
            if code in seen:
                self.folder.add("llt.asc", number, _("The code %s stands there twice.") % code)
            if fields[_CURRENCY] not in ("Y", "N"):
                self.folder.add("llt.asc", number, _("Whether it is current is neither Y nor N."))
            seen.add(code)
            yield ReadTerm(code, name, pt, fields[_CURRENCY] == "Y")


def _concept(code: str, name: str, path: Fields) -> ReadConcept:
    steps = zip(_LEVELS, path[1:4], path[5:8], strict=True)
    return ReadConcept(code, name, tuple(steps), (path[3],))
