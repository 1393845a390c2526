"""Locked data, held by the database itself in both dialects (LK-02): whoever writes past the application,
too, is refused with an integrity error.

Rows of forms cannot come, change or go on a page that is locked. A locked page leaves its state only while an
unlocking stands that is about it, and changes nothing else. A casebook that is locked, and of which nothing
is unlocked, gets no new page, and its visits, its subject and the identity stay as they are. A site that is
locked, alone or with the study, gets no subject.
"""

from collections.abc import Iterable
from enum import StrEnum

from django.db.migrations.state import ProjectState
from django.db.models import Model

from patients.casebook.form import declared_forms
from patients.casebook.identity import Identity
from patients.casebook.page import Page, Subject, Visit
from trial.trail.triggers import TriggerOperation

_VERBS = ("insert", "update", "delete")
_PAGE = "patients_page"
_SEALED = """EXISTS (SELECT 1 FROM patients_casebooklock l WHERE l.subject_id = {subject} AND NOT EXISTS (
    SELECT 1 FROM patients_unlocking u WHERE u.lock_id = l.id AND NOT EXISTS (
      SELECT 1 FROM patients_relocking r WHERE r.unlocking_id = u.id)))"""
_OPENED = """EXISTS (SELECT 1 FROM patients_casebooklock l JOIN patients_unlocking u ON u.lock_id = l.id
  WHERE l.subject_id = OLD.subject_id AND NOT EXISTS (
    SELECT 1 FROM patients_relocking r WHERE r.unlocking_id = u.id) AND {named})"""
_NAMED = {
    "postgresql": "(jsonb_array_length(u.pages) = 0 OR u.pages @> to_jsonb(OLD.id))",
    "sqlite": "(json_array_length(u.pages) = 0 OR OLD.id IN (SELECT value FROM json_each(u.pages)))",
}
"""Whether an unlocking is about the whole casebook, or names the page."""
_CLOSED = """EXISTS (SELECT 1 FROM patients_lockrequest q JOIN patients_lockdecision d ON d.request_id = q.id
  WHERE d.approved AND q.kind = 'lock'
  AND (q.scope = 'study' OR (q.scope = 'site' AND q.site_id = NEW.site_id)))"""
"""Whether the site of a new subject is locked: what `casebook_locks.is_closed_to_subjects` asks."""
_ON_LOCKED_PAGE = "EXISTS (SELECT 1 FROM patients_page p WHERE p.id = {row}.page_id AND p.state = 'locked')"


class _Kind(StrEnum):
    """What a row of a table belongs to a casebook by."""

    PAGES = "pages"
    OF_PAGE = "of_page"
    OF_SUBJECT = "of_subject"
    SUBJECTS = "subjects"


def _kind_of(model: type[Model]) -> _Kind:
    columns = {str(column.column) for column in model._meta.concrete_fields}
    if model._meta.db_table == _PAGE:
        return _Kind.PAGES
    if "page_id" in columns:
        return _Kind.OF_PAGE
    return _Kind.OF_SUBJECT if "subject_id" in columns else _Kind.SUBJECTS


def _refusals(kind: _Kind, vendor: str) -> dict[str, str]:
    """By verb, when it is refused: OLD and NEW are the row before and after it."""
    if kind is _Kind.PAGES:
        opened = _OPENED.format(named=_NAMED[vendor])
        return {
            "insert": _SEALED.format(subject="NEW.subject_id"),
            "update": f"OLD.state = 'locked' AND (NEW.state = 'locked' OR NOT {opened})",
            "delete": "OLD.state = 'locked'",
        }
    if kind is _Kind.SUBJECTS:
        sealed = _SEALED.format(subject="OLD.id")
        moved = f"NEW.site_id <> OLD.site_id AND {_CLOSED}"
        return {"insert": _CLOSED, "update": f"{sealed} OR ({moved})", "delete": sealed}
    old, new = (_held(kind, row) for row in ("OLD", "NEW"))
    return {"insert": new, "update": f"{old} OR {new}", "delete": old}


def _held(kind: _Kind, row: str) -> str:
    if kind is _Kind.OF_PAGE:
        return _ON_LOCKED_PAGE.format(row=row)
    return _SEALED.format(subject=f"{row}.subject_id")


class HeldByLock(TriggerOperation):
    """Migration operation: what these tables hold of a locked casebook stays as it is.

    On PostgreSQL the tables of a kind share a function for each verb, which stays where this is undone.
    """

    def create(self, model: type[Model], vendor: str, state: ProjectState) -> Iterable[str]:
        kind = _kind_of(model)
        for verb, refused in _refusals(kind, vendor).items():
            what = "the site" if (kind, verb) == (_Kind.SUBJECTS, "insert") else "the casebook"
            table = model._meta.db_table
            names = {"table": table, "verb": verb, "kind": kind.value, "refused": refused, "what": what}
            if vendor == "postgresql":
                yield _FUNCTION.format(row="OLD" if verb == "delete" else "NEW", **names)
                yield _TRIGGER.format(**names)
            else:
                yield _SQLITE.format(**names)

    def drop(self, model: type[Model], vendor: str, state: ProjectState) -> Iterable[str]:
        table = model._meta.db_table
        on = f" ON {table}" if vendor == "postgresql" else ""
        return [f"DROP TRIGGER {table}_held_{verb}{on}" for verb in _VERBS]


class LiftHeldByLock(HeldByLock):
    """Stands before a change of the columns of such a table, `HeldByLock` after it."""

    lifts = True


_SQLITE = """
CREATE TRIGGER {table}_held_{verb} BEFORE {verb} ON {table} WHEN {refused}
BEGIN SELECT RAISE(ABORT, '{table}: {what} is locked'); END
"""
_FUNCTION = """
CREATE OR REPLACE FUNCTION chimera_held_{kind}_{verb}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {refused} THEN
    RAISE EXCEPTION '%: {what} is locked', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN {row};
END $$
"""
_TRIGGER = """
CREATE TRIGGER {table}_held_{verb} BEFORE {verb} ON {table}
FOR EACH ROW EXECUTE FUNCTION chimera_held_{kind}_{verb}()
"""


def held_triggers() -> set[str]:
    """The names of all these triggers."""
    held: tuple[type[Model], ...] = (Subject, Identity, Visit, Page, *declared_forms())
    return {f"{model._meta.db_table}_held_{verb}" for model in held for verb in _VERBS}
