"""How subjects and sites are named to a reader: a code names the site, and a small site names its patients.

Who has dates as they are, or one site alone, knows the site: subjects have their codes. To everybody else a
subject has a pseudonym that the key of the registry makes of the code: the same in every table and format, in
what stands as in what was cut, and with the next token. Sites with fewer subjects than the setting
`site_min_subjects` are told as one; a site beyond it joins them where they would be too few even together.
What else names such a site, its staff and its laboratories, is left out. (Requirement PV-04.)
"""

import base64
import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl
from django.conf import settings

from analytics.exports.form_tables import exported_items
from analytics.exports.tables import Table
from analytics.locks.cut import SubjectFacts, Value
from analytics.locks.snapshot import plain_subjects, written_by
from patients.casebook.form import declared_forms
from patients.items.types import UserItem
from trial.protocol.configuration import configured_as, is_confirmed, setting_as

MERGED = "SMALL"
"""How sites that are told as one are called."""
LEAST = "site_min_subjects"
LABORATORIES = frozenset({"lab_name", "LBNAM"})
SITE_COLUMNS = ("site", "SITEID")
_SUBJECT_COLUMN = "SUBJID"
_DRAWN = 10  # letters and digits of a pseudonym: 50 bits, so that two subjects do not meet
_DRAWN_OF_A_MARK = 16  # 80 bits, of many millions
_ROWS_OF_A_PART = 50_000
_CODE = re.compile(r"(?P<site>[A-Z]{2}\d{2})(?P<rest>-\d{3}|)")


def pseudonym_of(subject: str) -> str:
    """What a subject is called to whoever must not read its site off its code."""
    key = hashlib.sha256(b"pseudonyms of subjects" + settings.IDENTITY_KEY.encode()).digest()
    drawn = hmac.new(key, subject.encode(), hashlib.sha256).digest()
    return f"S-{base64.b32encode(drawn).decode()[:_DRAWN]}"


def mark_of(thing: str, number: int) -> str:
    """What a page, an act or another record is called to such a reader: its number tells when it came to be,
    and who came first at a site is 001 there."""
    key = hashlib.sha256(b"marks of records" + settings.IDENTITY_KEY.encode()).digest()
    drawn = hmac.new(key, f"{thing} {number}".encode(), hashlib.sha256).digest()
    return f"{thing}-{base64.b32encode(drawn).decode()[:_DRAWN_OF_A_MARK]}"


def merged(sizes: Mapping[str, int], least: int) -> frozenset[str]:
    """The sites that are told as one, of which each has so many subjects: those with fewer than `least`, and
    the next larger ones until they have as many together."""
    in_order = sorted(sizes, key=lambda site: (sizes[site], site))
    together = [site for site in in_order if sizes[site] < least]
    for site in in_order[len(together) :]:
        if not together or sum(sizes[one] for one in together) >= least:
            break
        together.append(site)
    return frozenset(together)


@dataclass(frozen=True, slots=True)
class Naming:
    """The names of subjects and sites. `site_of` is the site of each subject that has a pseudonym: of none,
    where codes are told as they are. `small` are the sites that are told as one."""

    site_of: Mapping[str, str] = field(default_factory=dict)
    small: frozenset[str] = frozenset()
    least: int = 0

    @property
    def hides(self) -> bool:
        return self.least > 0

    def subject(self, code: str) -> str:
        return pseudonym_of(code) if self.hides and code else code

    def site(self, code: str) -> str:
        return MERGED if code in self.small else code

    def sites(self, codes: Iterable[str]) -> list[str]:
        """These sites as they are told, each once."""
        return sorted({self.site(code) for code in codes})

    def is_of_small(self, subject: str) -> bool:
        """Whether a subject is of a site that is told with others."""
        return self.site_of.get(subject) in self.small

    def words(self, text: str) -> str:
        """A text in which a code may stand: a screening number, what somebody wrote."""
        return _CODE.sub(self._renamed, text) if self.hides else text

    def _renamed(self, found: re.Match[str]) -> str:
        code = found[0]
        return pseudonym_of(code) if code in self.site_of else self.site(found["site"]) + found["rest"]

    def values(self, values: list[Value]) -> list[Value]:
        """The values of a subject, without those that name a small site."""
        if not self.hides:
            return values
        return [
            value._replace(value=self.words(value.value))
            for value in values
            if not (self.is_of_small(value.subject) and names_a_site(value.form, value.item))
        ]

    def table(self, table: Table) -> Table:
        """A table whose subjects and sites are so named, in the order of the pseudonyms: that of the codes
        would tell which belong together."""
        if not self.hides or not table.subject:
            return table

        def parts() -> Iterator[pl.DataFrame]:
            named = [self._named(frame, table) for frame in table.parts()]
            whole = pl.concat(named).sort(table.subject, maintain_order=True) if named else None
            yield from (whole.iter_slices(_ROWS_OF_A_PART) if whole is not None and whole.height else named)

        return replace(table, parts=parts)

    def _named(self, frame: pl.DataFrame, table: Table) -> pl.DataFrame:
        codes = frame[table.subject].str.strip_prefix(table.prefix)
        own = [code for code in codes.unique().to_list() if code is not None]
        pseudonyms = codes.replace_strict({code: self.subject(code) for code in own}, return_dtype=pl.String)
        is_small = codes.is_in([code for code in own if self.is_of_small(code)])
        named = {table.subject: table.prefix + pseudonyms}
        if _SUBJECT_COLUMN in frame.columns:
            named.setdefault(_SUBJECT_COLUMN, pseudonyms)
        for name in SITE_COLUMNS:
            if name in frame.columns:
                named[name] = frame[name].replace(dict.fromkeys(self.small, MERGED))
        words = [self._words(name) for name in frame.select(pl.col(pl.String)).columns if name not in named]
        left_out = [name for name in frame.columns if names_a_site(table.name, name)]
        found = frame.with_columns(*words, *(series.alias(name) for name, series in named.items()))
        return found.with_columns(pl.when(~is_small).then(pl.col(name)).alias(name) for name in left_out)

    def _words(self, name: str) -> pl.Expr:
        """A column of texts, each as `words` tells it."""
        names = {code: pseudonym_of(code) for code in self.site_of} | dict.fromkeys(self.small, MERGED)
        return pl.col(name).str.replace_many(names, leftmost=True)

    def as_data(self) -> dict[str, object]:
        """What a manifest says of it."""
        if not self.hides:
            return {"subjects": "codes"}
        size = Counter(self.site_of.values())
        together = sum(size[site] for site in self.small)
        return {
            "subjects": "pseudonyms",
            "least_subjects_of_a_site": self.least,
            "least_is_confirmed": is_confirmed(LEAST, str(self.least)),
            "merged_sites": sorted(self.small),
            "merged_into": MERGED if self.small else "",
            "subjects_of_merged_sites": together,
            "merged_sites_are_enough": not self.small or together >= self.least,
        }


def hiding(site_of: Mapping[str, str], configuration: Mapping[str, str]) -> Naming:
    """The naming of these subjects to a reader from whom sites are hidden. `site_of` is the site of each,
    `configuration` the stored texts of the settings."""
    with configured_as({LEAST: configuration[LEAST]} if LEAST in configuration else {}):
        least = max(1, setting_as(int, LEAST))
    return Naming(site_of, merged(Counter(site_of.values()), least), least)


def subjects_as_named(
    snapshot: Path, naming: Naming
) -> Iterator[tuple[SubjectFacts, Iterable[Sequence[str]]]]:
    """The subjects of a snapshot with their values, in the order in which their reader has them. Raises
    SnapshotDamaged."""
    if not naming.hides:
        return plain_subjects(snapshot)
    return ((facts, naming.values(values)) for facts, values in written_by(naming.subject, snapshot))


_STAFF = frozenset(
    (model.form.code, item.name)
    for model in declared_forms()
    for item in exported_items(model)
    if isinstance(item, UserItem)
)


def names_a_site(table: str, name: str) -> bool:
    """Whether a column of a table, or an item of a form, says who or which laboratory did something."""
    return name in LABORATORIES or (table, name) in _STAFF
