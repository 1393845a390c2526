"""Dictionaries as they were loaded: never changed, and kept, since codes that were given name their terms.

A term (MedDRA: a lowest level term; WHODrug: a drug record) belongs to a concept (preferred term; drug by its
preferred name), and a concept to its classes (the path to its primary system organ class; ATC codes).
"""

from collections.abc import Iterable
from typing import Any

from django.db import models

from patients.coding.schemes import Kind, kinds_of
from trial.trail.append_only import AppendOnlyModel
from trial.trail.models import TrailEvent

LONGEST_FOLDED = 400  # characters; coded items hold 200
LANGUAGES = [("en", "English"), ("zh", "中文")]


class Dictionary(AppendOnlyModel):
    """One version of a dictionary in one language, loaded whole. `digest` is the SHA-256 of its files."""

    kind = models.CharField(max_length=20, choices=Kind)
    version = models.CharField(max_length=30)
    language = models.CharField(max_length=2, choices=LANGUAGES)
    digest = models.CharField(max_length=64)
    terms_count = models.PositiveIntegerField()
    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")
    loaded_by = models.CharField(max_length=200)
    loaded_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "version", "language"), name="one_dictionary_of_a_version"
            ),
        )

    def __str__(self) -> str:
        return f"{Kind(self.kind).label} {self.version}"

    @property
    def scheme(self) -> str:
        return Kind(self.kind).scheme

    @property
    def is_invented(self) -> bool:
        return self.kind in (Kind.INVENTED_EVENTS, Kind.INVENTED_MEDICINES)


class Concept(AppendOnlyModel):
    """What a term is reported as. `path` names its classes, each with level, code and name; `classes` holds
    the codes that decide whether a later version still says the same: the primary SOC, or the ATC codes."""

    dictionary = models.ForeignKey(Dictionary, models.PROTECT, related_name="concepts")
    code = models.CharField(max_length=12)
    name = models.CharField(max_length=1500)
    path = models.JSONField(default=list)
    classes = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("dictionary", "code"), name="one_concept_of_a_code"),)

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    @property
    def path_in_words(self) -> str:
        """`SOC › HLGT › HLT` by their names; of a medicine its ATC codes with their texts."""
        if any(each["level"].startswith("ATC") for each in self.path):
            return "; ".join(f"{each['code']} {each['name']}" for each in self.path)
        return " › ".join(each["name"] for each in reversed(self.path))


class Term(AppendOnlyModel):
    """A term that can be chosen as long as it is current. `folded` is what a text must be to be the same but
    for case, width and spacing; longer than a text can be, it is cut off."""

    dictionary = models.ForeignKey(Dictionary, models.PROTECT, related_name="terms")
    concept = models.ForeignKey(Concept, models.PROTECT, related_name="terms")
    code = models.CharField(max_length=12)
    name = models.CharField(max_length=1500)
    folded = models.CharField(max_length=LONGEST_FOLDED)
    is_current = models.BooleanField(default=True)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("dictionary", "code"), name="one_term_of_a_code"),)
        indexes = (models.Index(fields=("dictionary", "folded"), name="terms_by_folded_name"),)

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class TermIndex(AppendOnlyModel):
    """The names of the current terms of a dictionary as `trigram_index` keeps them: made of its terms once,
    and read by each process."""

    dictionary = models.OneToOneField(Dictionary, models.PROTECT, related_name="index")
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"index of {self.dictionary}"


def in_force(scheme: str) -> "models.QuerySet[Dictionary, Any]":
    """The dictionaries of a scheme that are coded against: the version that was loaded last, in each language
    in which the registry has it."""
    newest = Dictionary.objects.filter(kind__in=kinds_of(scheme)).order_by("-id")[:1]
    return Dictionary.objects.filter(kind__in=newest.values("kind"), version__in=newest.values("version"))


def all_in_force(schemes: Iterable[str]) -> "models.QuerySet[Dictionary, Any]":
    found: models.QuerySet[Dictionary, Any] = Dictionary.objects.none()
    for scheme in schemes:
        found = found | in_force(scheme)
    return found
