"""Uniqueness and references are held by the database itself, whoever writes to it."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction

from patients.casebook.form import declared_forms
from patients.casebook.identity import Identity
from patients.entry.register import register_subject
from patients.models import Page, Subject, Visit
from tests.patients.entry import desk
from tests.trial.trail.tables import audited_models, project_models
from trial.people.models import Account, Site
from trial.trail.actor import Source
from trial.trail.audited import HistoryRow


@pytest.fixture
def subject(db: None) -> Subject:
    """Two subjects with a row of every form that the first steps of a subject fill."""
    desk.infused("HZ01-002")
    return desk.infused("HZ01-001")


def execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        connection.check_constraints()  # those that would wait for the commit


def copy_of(model: type[models.Model], pk: int, **other: object) -> str:
    """The statement that inserts a row again under a new key, with some columns otherwise."""
    columns = [column.column for column in model._meta.concrete_fields if not column.primary_key]
    values = [str(other[name]) if name in other else f'"{name}"' for name in columns]
    table = model._meta.db_table
    names = ", ".join(f'"{name}"' for name in columns)
    return f'INSERT INTO "{table}" ({names}) SELECT {", ".join(values)} FROM "{table}" WHERE id = {pk}'


UNIQUE = (
    (Subject, {}),
    (Visit, {}),
    (Page, {}),
    (Site, {}),
    (Account, {}),
    (Account, {"user_name": "UPPER(user_name)"}),
)


@pytest.mark.requirement("DI-08", "ES-07")
@pytest.mark.parametrize(("model", "other"), UNIQUE, ids=lambda part: getattr(part, "__name__", ""))
def test_a_second_row_of_the_same_name_is_refused(
    model: type[models.Model], other: dict, subject: Subject
) -> None:
    pk = model._base_manager.first().pk
    with pytest.raises(IntegrityError):
        execute(copy_of(model, pk, **other))


@pytest.mark.requirement("DI-08")
def test_a_second_log_page_of_a_form_is_refused(subject: Subject) -> None:
    page = Page.objects.first()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(copy_of(Page, page.pk, visit_id="NULL"))
        with pytest.raises(IntegrityError):
            execute(copy_of(Page, page.pk, visit_id="NULL"))
        transaction.set_rollback(True)


@pytest.mark.requirement("DI-08")
def test_a_second_identity_of_a_subject_is_refused(subject: Subject) -> None:
    with pytest.raises(IntegrityError):
        execute(copy_of(Identity, Identity.objects.first().pk))


FILLED = ("ELIG", "DM", "DX", "INF")


@pytest.mark.requirement("DI-08")
@pytest.mark.parametrize("form", FILLED)
def test_a_second_row_of_a_key_on_a_page_is_refused(form: str, subject: Subject) -> None:
    model = next(model for model in declared_forms() if model.form.code == form)
    pk = model.objects.first().pk
    with pytest.raises(IntegrityError):
        execute(copy_of(model, pk))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(copy_of(model, pk, row_key="'2'"))
        transaction.set_rollback(True)  # it has no version


def test_every_form_has_one_row_for_a_key() -> None:
    for model in declared_forms():
        assert [tuple(c.fields) for c in model._meta.constraints] == [("page", "row_key")], model


def references() -> list[tuple[type[models.Model], models.Field]]:
    """Every column of a live table that refers to another row."""
    return [
        (model, column)
        for model in project_models()
        if not issubclass(model, HistoryRow)
        for column in model._meta.concrete_fields
        if column.is_relation
    ]


@pytest.mark.requirement("DI-08")
@pytest.mark.parametrize(
    ("model", "column"),
    [(model, column) for model, column in references() if model in (Subject, Visit, Page)]
    + [(model, model._meta.get_field("page")) for model in declared_forms() if model.form.code in FILLED],
    ids=lambda part: getattr(part, "__name__", getattr(part, "name", "")),
)
def test_a_reference_to_nothing_is_refused(
    model: type[models.Model], column: models.Field, subject: Subject
) -> None:
    with pytest.raises(IntegrityError):
        execute(f'UPDATE "{model._meta.db_table}" SET "{column.column}" = 999999')


@pytest.mark.requirement("DI-08")
@pytest.mark.parametrize("model", [Site, Subject, Visit, Page], ids=lambda model: model.__name__)
def test_a_row_that_is_referred_to_cannot_be_deleted(model: type[models.Model], subject: Subject) -> None:
    with pytest.raises(IntegrityError):
        execute(f'DELETE FROM "{model._meta.db_table}"')


@pytest.mark.requirement("DI-08")
def test_every_reference_is_a_constraint_of_the_database(db: None) -> None:
    loose = [(model.__name__, column.name) for model, column in references() if not column.db_constraint]
    assert loose == []
    for model, column in references():
        with connection.cursor() as cursor:
            kept = connection.introspection.get_relations(cursor, model._meta.db_table)
        assert column.column in kept, (model, column)


@pytest.mark.requirement("DI-08")
@pytest.mark.parametrize("model", audited_models(), ids=lambda model: model.__name__)
def test_every_unique_rule_of_a_model_is_one_of_its_table(model: type[models.Model], db: None) -> None:
    with connection.cursor() as cursor:
        kept = connection.introspection.get_constraints(cursor, model._meta.db_table)
    unique = {tuple(rule["columns"]) for rule in kept.values() if rule["unique"] and not rule["primary_key"]}
    for constraint in model._meta.constraints:
        if not isinstance(constraint, models.UniqueConstraint):
            continue
        columns = tuple(model._meta.get_field(name).column for name in constraint.fields)
        assert columns in unique, constraint.name


@pytest.mark.parametrize("code", ["HZ1-001", "hz01-001", "HZ01-1", "HZ01-0011", "HZ01001", "", "HZ01-001 "])
def test_a_subject_is_called_as_the_trial_calls_it(code: str, db: None) -> None:
    site = desk.a_site()
    with pytest.raises(ValidationError):
        register_subject(code, site, by=desk.SYSTEM, source=Source.COMMAND)
    assert not Subject.objects.exists()
