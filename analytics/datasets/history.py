"""What was before the product, and who gave it: lines, transplants, cellular therapy, donor, manufacture."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from analytics.datasets.sourced import Sourced, sourced
from patients.casebook.answers import Casebook, Record
from patients.forms.donor import CAR_T_SOURCE


@dataclass(frozen=True)
class History:
    """What was before, each with its item, and the donor of the product. A line is a row of PTHER."""

    lines: tuple[Sourced[int], ...]
    allogeneic_transplants: tuple[Sourced[str], ...]
    cll1_car_t: tuple[Sourced[str], ...]
    donor_class: Sourced[str] | None
    donor_group: Sourced[str] | None
    manufactured: Sourced[bool] | None


def history_of(casebook: Casebook) -> History:
    donor = next((record for record in casebook.records("DONOR") if _gives_product(record)), None)
    return History(
        lines=_each(casebook.records("PTHER"), "line_no"),
        allogeneic_transplants=_each(filter(_is_allogeneic, casebook.records("PTX")), "ptx_type"),
        cll1_car_t=_each(filter(_is_cll1_car_t, casebook.records("PCAR")), "pcar_type"),
        donor_class=sourced(donor, "donor_class") if donor else None,
        donor_group=sourced(donor, "donor_group") if donor else None,
        manufactured=_manufactured(casebook),
    )


def _each(records: Iterable[Record], item: str) -> tuple[Sourced[Any], ...]:
    return tuple(found for record in records if (found := sourced(record, item)) is not None)


def _is_allogeneic(record: Record) -> bool:
    return bool(record.values["ptx_type"] == "allogeneic")


def _gives_product(record: Record) -> bool:
    return CAR_T_SOURCE in (record.values["donor_role"] or ())


def _is_cll1_car_t(record: Record) -> bool:
    return record.values["pcar_type"] == "car_t" and "cll_1" in (record.values["pcar_target"] or ())


def _manufactured(casebook: Casebook) -> Sourced[bool] | None:
    """A successful batch, if there is one, else the last that was not."""
    batches = casebook.records("MFG")
    successful = [record for record in batches if record.values["mfg_success"]]
    chosen = successful or list(batches)
    return sourced(chosen[-1], "mfg_success") if chosen else None
