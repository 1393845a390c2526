"""Taking a dictionary into the registry: whole, or nothing of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.coding.content import Content, DictionaryRefused, Problem
from patients.coding.dictionaries import LONGEST_FOLDED, Concept, Dictionary, Term, TermIndex
from patients.coding.folding import fold
from patients.coding.meddra import read_meddra
from patients.coding.schemes import EVENTS, Kind
from patients.coding.trigram_index import TrigramIndex
from patients.coding.whodrug import read_whodrug
from trial.people.access import Person, actor_at
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event

AT_ONCE = 5000  # rows of an INSERT


@dataclass(frozen=True, slots=True)
class Loaded:
    """The dictionary, and whether it was there before."""

    dictionary: Dictionary
    is_new: bool


def reader_of(kind: Kind) -> Callable[[Path], Content]:
    return read_meddra if kind.scheme == EVENTS else read_whodrug


def load_dictionary(
    kind: Kind, folder: Path, *, version: str, language: str, by: Person, source: Source
) -> Loaded:
    """Take in a distribution that lies in a folder. The same one again changes nothing.

    Raises DictionaryRefused with all that is wrong, or where the registry has other files of this version,
    and OSError where the folder cannot be read.
    """
    content = reader_of(kind)(folder)
    actor = actor_at(by, site="", source=source)
    with transaction.atomic(), acting(actor):
        named = {"kind": kind, "version": version, "language": language}
        found = Dictionary.objects.filter(**named).first()
        if found is not None:
            return _as_before(found, content, folder)
        act = uuid4()
        dictionary = Dictionary(
            **named,
            digest=content.digest,
            terms_count=len(content.terms),
            event_id=act,
            loaded_by=actor.printed_name or actor.user_name,
            loaded_at=timezone.now(),
        )
        dictionary.save()
        _keep(dictionary, content)
        _record(dictionary, content, act)
    return Loaded(dictionary, is_new=True)


def _as_before(found: Dictionary, content: Content, folder: Path) -> Loaded:
    if found.digest != content.digest:
        said = _("The registry has other files of this version. A version is loaded once.")
        raise DictionaryRefused([Problem(folder.name, 0, said)])
    return Loaded(found, is_new=False)


def _keep(dictionary: Dictionary, content: Content) -> None:
    concepts = Concept.objects.bulk_create(
        (
            Concept(
                dictionary=dictionary,
                code=each.code,
                name=each.name,
                path=[{"level": level, "code": code, "name": name} for level, code, name in each.path],
                classes="|".join(each.classes),
            )
            for each in content.concepts
        ),
        batch_size=AT_ONCE,
    )
    numbers = {concept.code: concept.pk for concept in concepts}
    terms = Term.objects.bulk_create(
        (
            Term(
                dictionary=dictionary,
                concept_id=numbers[each.concept],
                code=each.code,
                name=each.name,
                folded=fold(each.name)[:LONGEST_FOLDED],
                is_current=each.is_current,
            )
            for each in content.terms
        ),
        batch_size=AT_ONCE,
    )
    TermIndex(dictionary=dictionary, content=_index(terms)).save()


def _index(terms: Iterable[Term]) -> bytes:
    return TrigramIndex.of((term.pk, term.folded) for term in terms if term.is_current).written()


def _record(dictionary: Dictionary, content: Content, act: UUID) -> None:
    told = {
        "digest": ("SHA-256 of the files", content.digest),
        "terms": ("Terms", str(len(content.terms))),
        "concepts": ("Concepts", str(len(content.concepts))),
    }
    changes = [Change(item, label, "", new, new_shown=new) for item, (label, new) in told.items()]
    about = f"{dictionary.kind} {dictionary.version} {dictionary.language}"
    record_event("dictionary.loaded", Place(about=about), changes, act=act)
