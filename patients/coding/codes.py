"""The codes of terms: rows of their own, written once, beside the texts that people typed.

A code stands for the text as it was when somebody coded it (`verbatim`). Whether it stands for the text as it
is now, and for the dictionary in force, is asked and not stored (`standing.py`): nothing has to be kept true.
"""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.casebook.page import Page
from patients.coding.dictionaries import Term
from trial.trail.append_only import AppendOnlyModel, AppendOnlyQuerySet
from trial.trail.models import TrailEvent


class How(models.TextChoices):
    """How a term was found."""

    CHOSEN = "chosen", _("chosen")
    EXACT = "exact", _("same words")
    CARRIED = "carried", _("carried over")


class Why(models.TextChoices):
    """Why a code took the place of another; the last two are for a person to say."""

    TEXT_CHANGED = "text_changed", _("the text changed")
    NEW_VERSION = "new_version", _("new version of the dictionary")
    WRONG_TERM = "wrong_term", _("another term fits better")
    CONVENTION = "convention", _("coding convention")


class NoCode(models.TextChoices):
    """Why a code is withdrawn. A list says it, so that nobody can name a patient in it."""

    UNCLEAR = "unclear", _("the text is not clear: the site is asked")
    NO_TERM = "no_term", _("no term of the dictionary fits")
    BY_MISTAKE = "by_mistake", _("coded by mistake")


TO_BE_SAID = (Why.WRONG_TERM, Why.CONVENTION)


class CodingQuerySet(AppendOnlyQuerySet["Coding"]):
    def standing(self) -> "CodingQuerySet":
        """Those in whose place no other came, and that nobody withdrew."""
        return self.filter(replaced_by=None, withdrawal=None)


class Coding(AppendOnlyModel):
    """A term of a row got this code, by whom, when and how. `replaces` is the code that it had before, be it
    a withdrawn one."""

    page = models.ForeignKey(Page, models.PROTECT, related_name="codings")
    row_key = models.CharField(max_length=60, blank=True)
    item = models.CharField(max_length=60)
    verbatim = models.TextField()
    term = models.ForeignKey(Term, models.PROTECT, related_name="codings")
    how = models.CharField(max_length=10, choices=How)
    why = models.CharField(max_length=20, choices=Why, blank=True)
    replaces = models.OneToOneField("self", models.PROTECT, related_name="replaced_by", null=True, blank=True)
    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")
    coded_by = models.CharField(max_length=150)
    printed_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    SUBJECT_CODE = "page__subject__code"
    objects: ClassVar = CodingQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("page", "row_key", "item"),
                condition=models.Q(replaces=None),
                name="one_first_code_of_a_term",
            ),
        )
        indexes = (models.Index(fields=("page", "row_key", "item"), name="codes_of_a_term"),)

    def __str__(self) -> str:
        return f"{self.item} {self.row_key}: {self.term_id}"


class CodingWithdrawal(AppendOnlyModel):
    """The end of a code in whose place no other came: by whom, when and why."""

    coding = models.OneToOneField(Coding, models.PROTECT, related_name="withdrawal")
    why = models.CharField(max_length=20, choices=NoCode)
    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")
    withdrawn_by = models.CharField(max_length=150)
    printed_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.coding}, withdrawn"
