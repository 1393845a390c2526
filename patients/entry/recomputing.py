"""Holding every derived value against what the rules make of the entered ones today (specification 5.4: no
lock while one differs). Nothing is written."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from patients.casebook.answers import Casebook
from patients.casebook.form import declared_forms
from patients.casebook.settings import settings_read_once
from patients.entry.derive import with_derived


@dataclass(frozen=True, slots=True)
class Difference:
    """A derived value that is another than the rules give, by natural keys, both as text."""

    subject: str
    form: str
    visit: str
    row_key: str
    item: str
    stored: str
    computed: str


def derived_differences(casebook: Casebook) -> Iterator[Difference]:
    """Where the stored derived values of a subject are not what is computed anew."""
    with settings_read_once():
        for model in declared_forms():
            derived = [item for item in model.items() if item.declared.derivation]
            for record in casebook.records(model.form.code) if derived else ():
                fresh = with_derived(
                    replace(record, values=dict(record.values), grades=dict(record.grades)), casebook
                )
                for item in derived:
                    stored, computed = (item.text(each.values.get(item.name)) for each in (record, fresh))
                    if stored != computed:
                        yield Difference(casebook.subject_code, *record.place, item.name, stored, computed)
