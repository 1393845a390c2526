import pytest
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState

from patients.casebook.migrating import Together


def a_table(name: str) -> migrations.CreateModel:
    return migrations.CreateModel(name, [("id", models.BigAutoField(primary_key=True))])


def a_reference(name: str) -> migrations.AddField:
    held = models.ForeignKey("patients.SpeciesOfTest", models.PROTECT, null=True, related_name="+")
    return migrations.AddField("SampleOfTest", name, held)


FIRST = (a_table("SpeciesOfTest"), a_table("SampleOfTest"))


def run(
    operation: migrations.operations.base.Operation, before: ProjectState, *, back: bool = False
) -> ProjectState:
    after = before.clone()
    operation.state_forwards("patients", after)
    with connection.schema_editor() as editor:
        if back:
            operation.database_backwards("patients", editor, after, before)
        else:
            operation.database_forwards("patients", editor, before, after)
    return after


def columns() -> set[str]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, "patients_sampleoftest")
    return {column.name for column in found}


@pytest.mark.django_db(transaction=True)
def test_columns_that_came_together_go_together() -> None:
    both = Together(a_reference("first"), a_reference("second"))
    made = run(Together(*FIRST), ProjectState())
    run(both, made)
    assert columns() == {"id", "first_id", "second_id"}
    run(both, made, back=True)
    assert columns() == {"id"}
    run(Together(*FIRST), ProjectState(), back=True)
    assert "patients_sampleoftest" not in connection.introspection.table_names()
