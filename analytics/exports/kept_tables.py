"""Every table of a data cut, by what it declares; its rows are computed once and kept beside the snapshot.

To name the tables makes none of them. Their rows are read as they lie; those of a standard that do not lie
there yet are made when the first of them is read, of a small cut: a large one is the business of a worker
(`jobs/tables`).
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import polars as pl
from django.conf import settings

from analytics.datasets.build import DATASETS
from analytics.exports import analysis_tables, form_tables
from analytics.exports.configured import configuration_of
from analytics.exports.registries.tables import tables as registry_tables
from analytics.exports.sdtm.tables import tables as sdtm_tables
from analytics.exports.table_making import make
from analytics.exports.table_sets import NotReady, TableSet
from analytics.exports.tables import Standard, Table
from analytics.locks.models import Lock, Snapshot
from patients.casebook.form import declared_forms


def tables_of_lock(lock: Lock) -> dict[str, Table]:
    """Every table of a lock by its key: the analysis datasets, the forms, the domains of SDTM, the reports
    to registries. To read rows of one raises SnapshotDamaged, ImpossibleDates and NotReady."""
    configuration = configuration_of(lock)
    reports = _of(Standard.REGISTRY, lock.snapshot, configuration, lock.pk)
    found = _declared(lock.snapshot, configuration, lock.pk)
    return {table.key: table for table in (*found, *registry_tables(lock, partial(_rows, reports)))}


def tables_of_snapshot(snapshot: Snapshot, configuration: Mapping[str, str]) -> dict[str, Table]:
    """The same of a snapshot, but for the reports to registries: these name the versions at the lock."""
    return {table.key: table for table in _declared(snapshot, configuration)}


def table_sets(lock: Lock) -> list[TableSet]:
    """Those of each standard."""
    configuration = configuration_of(lock)
    return [_of(standard, lock.snapshot, configuration, lock.pk) for standard in Standard]


def folder_of(lock: Lock) -> Path:
    """Where the tables of a lock lie, and what is made of them."""
    return table_sets(lock)[0].home


def _of(standard: Standard, snapshot: Snapshot, configuration: Mapping[str, str], lock: int) -> TableSet:
    return TableSet(snapshot, configuration, standard, lock)


def _rows(wanted: TableSet, name: str) -> Iterator[pl.DataFrame]:
    """The rows of a table, fetched from the store where a worker of another host made them. Those of a small
    cut that nobody made are made now."""
    if not wanted.fetch():
        if wanted.snapshot.subjects > settings.TABLES_AT_ONCE_SUBJECTS:
            raise NotReady(wanted)
        make(wanted)
    yield from wanted.rows(name)


def _declared(snapshot: Snapshot, configuration: Mapping[str, str], lock: int = 0) -> Iterator[Table]:
    analysis, forms, domains = (
        _of(standard, snapshot, configuration, lock)
        for standard in (Standard.ANALYSIS, Standard.FORMS, Standard.SDTM)
    )
    yield from (*_analysis(analysis), *_forms(forms), *sdtm_tables(partial(_rows, domains)))


def _analysis(wanted: TableSet) -> Iterator[Table]:
    for dataset in DATASETS:
        yield Table(
            name=dataset.name,
            label=dataset.label,
            structure=dataset.row,
            keys=analysis_tables.keys_of(dataset),
            columns=analysis_tables.columns_of(dataset),
            parts=partial(_rows, wanted, dataset.name),
            standard=Standard.ANALYSIS,
        )


def _forms(wanted: TableSet) -> Iterator[Table]:
    for model in declared_forms():
        yield Table(
            name=model.form.code,
            label=model.form.title,
            structure=model.form.title,
            keys=form_tables.KEYS,
            columns=form_tables.columns_of(model),
            parts=partial(_rows, wanted, model.form.code),
            subject="subject_id",
        )
