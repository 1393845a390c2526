"""Audited models: every way of writing that would leave no history is refused, and nothing is written."""

from collections.abc import Callable

import pytest
from django.core import serializers
from django.db import models, transaction
from django.db.models import F
from django.test import override_settings

from patients.casebook.page import Subject, Visit
from patients.entry.register import register_site
from tests.trial.trail.tables import audited_models
from trial.people.access import SystemPerson
from trial.people.models import Site
from trial.trail.actor import Actor, Source, acting
from trial.trail.audited import UnauditedWrite
from trial.trail.record import Place, record_event

ANA = Actor("ana.li", "Ana Li", "coordinator", "HZ01", Source.WEB, "a" * 32)


@pytest.fixture
def site(db: None) -> Site:
    return register_site("HZ01", "Hangzhou", by=SystemPerson("test"), source=Source.COMMAND)


@pytest.fixture
def subject(site: Site) -> Subject:
    with acting(ANA), transaction.atomic():
        subject = Subject(code="HZ01-001", site=site, patient_id="P-1")
        subject.save()
        for code in ("SCR", "DON"):
            Visit(subject=subject, code=code).save()
    return subject


def content() -> list[object]:
    """All that the tables of subjects and visits hold, histories included."""
    kept = (Subject.objects, Subject.history, Visit.objects, Visit.history)
    return [list(manager.order_by("pk").values()) for manager in kept]


# --- of a queryset --------------------------------------------------------------------------------------
def moved(subject: Subject) -> Subject:
    subject.patient_id = "P-2"
    return subject


def another(subject: Subject) -> Subject:
    return Subject(code="HZ01-002", site=subject.site)


def update(subject: Subject) -> None:
    Subject.objects.update(patient_id="P-2")


def update_some(subject: Subject) -> None:
    Subject.objects.filter(pk=subject.pk).update(patient_id="P-2")


def update_one(subject: Subject) -> None:
    Subject.objects.update_or_create(code=subject.code, defaults={"patient_id": "P-2"})


def update_with_an_expression(subject: Subject) -> None:
    Subject.objects.update(patient_id=F("code"))


def bulk_create(subject: Subject) -> None:
    Subject.objects.bulk_create([another(subject)])


def bulk_update(subject: Subject) -> None:
    Subject.objects.bulk_update([moved(subject)], ["patient_id"])


def delete(subject: Subject) -> None:
    Visit.objects.all().delete()


def delete_of_a_relation(subject: Subject) -> None:
    subject.visits.all().delete()


def update_of_a_relation(subject: Subject) -> None:
    subject.visits.update(predicted=True)


def add_to_a_relation(subject: Subject) -> None:
    subject.visits.add(Visit.objects.get(code="SCR"))


def set_a_relation(subject: Subject) -> None:
    other = Subject.objects.create(code="HZ01-003", site=subject.site)
    other.visits.set(list(subject.visits.all()))


def past_the_default_manager(subject: Subject) -> None:
    Subject._base_manager.update(patient_id="P-2")


# --- of an instance -------------------------------------------------------------------------------------
def delete_one(subject: Subject) -> None:
    subject.visits.first().delete()


def save_some_fields(subject: Subject) -> None:
    moved(subject).save(update_fields=["patient_id"])


def save_no_fields(subject: Subject) -> None:
    moved(subject).save(update_fields=[])


def save_with_the_switch(subject: Subject) -> None:
    subject.skip_history_when_saving = True
    moved(subject).save()


def save_with_the_setting(subject: Subject) -> None:
    with override_settings(SIMPLE_HISTORY_ENABLED=False):
        moved(subject).save()


def save_raw(subject: Subject) -> None:
    moved(subject).save_base(raw=True)


def load_a_fixture(subject: Subject) -> None:
    for loaded in serializers.deserialize("json", serializers.serialize("json", [moved(subject)])):
        loaded.save()


OF_A_QUERYSET = (
    update,
    update_some,
    update_one,
    update_with_an_expression,
    bulk_create,
    bulk_update,
    delete,
    delete_of_a_relation,
    update_of_a_relation,
    add_to_a_relation,
    set_a_relation,
    past_the_default_manager,
)
OF_AN_INSTANCE = (
    delete_one,
    save_some_fields,
    save_no_fields,
    save_with_the_switch,
    save_with_the_setting,
    save_raw,
    load_a_fixture,
)


@pytest.mark.requirement("AT-01", "AT-05", "DI-09")
@pytest.mark.parametrize("way", [*OF_A_QUERYSET, *OF_AN_INSTANCE])
def test_a_way_past_the_history_is_refused_and_changes_nothing(
    way: Callable[[Subject], None], subject: Subject
) -> None:
    before = content()
    with acting(ANA), pytest.raises(UnauditedWrite), transaction.atomic():
        way(subject)
    assert content() == before


def test_an_expression_on_an_instance_is_refused_and_changes_nothing(subject: Subject) -> None:
    before = content()
    subject.patient_id = F("code")
    # Only what has a text can be versioned; the library says so, in the words of the column's type.
    with acting(ANA), pytest.raises((ValueError, TypeError, AttributeError)), transaction.atomic():
        subject.save()
    assert content() == before


@pytest.mark.requirement("AT-01")
def test_a_save_outside_a_transaction_is_refused(transactional_db: None) -> None:
    site = Site.objects.create(code="HZ01", name="Hangzhou")
    with acting(ANA), pytest.raises(UnauditedWrite, match="inside a transaction"):
        Subject(code="HZ01-001", site=site).save()
    assert not Subject.objects.exists()
    assert not Subject.history.exists()


@pytest.mark.requirement("AT-01")
def test_rows_inserted_together_commit_with_their_history(transactional_db: None) -> None:
    site = Site.objects.create(code="HZ01", name="Hangzhou")
    with acting(ANA), transaction.atomic():
        Subject.objects.create_with_history([Subject(code=f"HZ01-00{n}", site=site) for n in range(1, 4)])
        record_event("test", Place())
    assert list(Subject.objects.values_list("code", flat=True)) == ["HZ01-001", "HZ01-002", "HZ01-003"]
    versions = Subject.history.order_by("code").values_list("code", "history_type", "id")
    live = {subject.code: subject.pk for subject in Subject.objects.all()}
    assert list(versions) == [(code, "+", pk) for code, pk in sorted(live.items())]


def test_no_rows_inserted_together_write_nothing(site: Site) -> None:
    with acting(ANA):
        assert Subject.objects.create_with_history([]) == []
    assert not Subject.history.exists()


@pytest.mark.requirement("AT-01")
def test_rows_set_together_have_a_version_each_that_says_what_they_say(subject: Subject) -> None:
    before = list(Visit.history.values_list("pk", flat=True))
    with acting(ANA), transaction.atomic():
        Visit.objects.filter(predicted=False).set_with_history(predicted=True, reason="moved")
        Visit.objects.filter(code="HSCT").set_with_history(reason="none")
    columns = [column.attname for column in Visit._meta.concrete_fields]
    versions = Visit.history.exclude(pk__in=before)
    assert list(versions.order_by("id").values(*columns)) == list(
        Visit.objects.order_by("pk").values(*columns)
    )
    assert set(
        versions.values_list("predicted", "reason", "history_type", "history_user_id", "actor_name")
    ) == {(True, "moved", "~", "ana.li", "Ana Li")}


# --- what a version is ---------------------------------------------------------------------------------
def test_the_newest_version_says_what_the_row_says(subject: Subject) -> None:
    with acting(ANA), transaction.atomic():
        moved(subject).save()
    newest = subject.history.first()
    kept = Subject.objects.get(pk=subject.pk)
    columns = [column.attname for column in Subject._meta.concrete_fields]
    assert {name: getattr(newest, name) for name in columns} == {
        name: getattr(kept, name) for name in columns
    }


def test_unsaved_values_never_reach_the_history(subject: Subject) -> None:
    """Pitfall 3: with `update_fields` the library would version what only memory holds."""
    subject.planned_infusion = "2025-06-07"
    with acting(ANA), pytest.raises(UnauditedWrite), transaction.atomic():
        moved(subject).save(update_fields=["patient_id"])
    assert subject.history.filter(planned_infusion__isnull=False).count() == 0


def test_a_reason_does_not_stick_to_the_instance(subject: Subject) -> None:
    """Pitfall 4: the reasons stand in the trail, and a version has none."""
    subject._change_reason = "a reason of an earlier save"
    with acting(ANA), transaction.atomic():
        moved(subject).save()
    assert set(subject.history.values_list("history_change_reason", flat=True)) == {""}


def test_the_column_of_reasons_takes_any_length() -> None:
    """Pitfall 13."""
    column = Subject.history.model._meta.get_field("history_change_reason")
    assert isinstance(column, models.TextField)


def test_versions_are_found_by_row_and_date() -> None:
    """Pitfall 12: the date alone would not do."""
    for model in audited_models():
        indexes = [index.fields for index in model.history.model._meta.indexes]
        assert ["history_date", model._meta.pk.attname] in indexes, model


def test_versions_hold_no_reference_to_an_account() -> None:
    """Pitfall 7: what happens to an account changes no version."""
    for model in audited_models():
        user = model.history.model._meta.get_field("history_user_id")
        assert isinstance(user, models.CharField), model
        related = [column for column in model.history.model._meta.fields if column.is_relation]
        assert [column for column in related if column.db_constraint] == [], model


def test_audited_models_have_no_many_to_many() -> None:
    """Pitfall 8: its rows would change unversioned."""
    assert [model for model in audited_models() if model._meta.many_to_many] == []


def test_a_relation_of_an_audited_model_cannot_take_rows_with_it() -> None:
    """Pitfall 16: what is referred to cannot be deleted in a cascade."""
    for model in audited_models():
        for column in model._meta.concrete_fields:
            if column.is_relation:
                assert column.remote_field.on_delete is models.PROTECT, (model, column)
