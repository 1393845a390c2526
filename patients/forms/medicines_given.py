"""What other forms read of concomitant medication: which medicine a row names, when and how much of it.

Dates may be partial. A check that keeps a page from being complete looks at what was given for certain, one
that asks at what may have been given.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from patients.forms.drugs import Drug, Group, drug_named, prednisolone_mg
from patients.items.conditions import Answers

LOCAL_ROUTES = frozenset(
    {"INTRATHECAL", "RESPIRATORY (INHALATION)", "NASAL", "OPHTHALMIC", "TOPICAL", "VAGINAL"}
)
DOSES_A_DAY = {"BID": 2, "Q12H": 2, "TID": 3, "Q8H": 3, "QID": 4, "Q6H": 4}  # any other: one, on its days
MG = {"mg": Decimal(1), "g": Decimal(1000), "ug": Decimal("0.001")}


def drug_of(row: Answers) -> Drug | None:
    return drug_named(row["cm_name"] or "")


def is_systemic(row: Answers) -> bool:
    """By any route that is not local; an unknown one counts."""
    return row["cm_route"] not in LOCAL_ROUTES


def is_of(row: Answers, *groups: Group) -> bool:
    drug = drug_of(row)
    return drug is not None and drug.group in groups


def systemic_steroids(answers: Answers) -> Iterator[Answers]:
    """By its class or its name."""
    for row in answers.rows("CM"):
        if is_systemic(row) and (row["cm_class"] == "steroid" or is_of(row, Group.STEROID)):
            yield row


def may_be_given(row: Answers, first: date, last: date) -> bool:
    """Whether the medicine can have been given on any of these days; one without an end goes on, and one that
    goes on has none, whatever is kept."""
    start, end = row["cm_start"], None if row["cm_ongoing"] else row["cm_end"]
    return start is not None and start.earliest <= last and (end is None or end.latest >= first)


def was_given(row: Answers, first: date, last: date) -> bool:
    """Whether it was given on one of these days for certain; one without an end, if it goes on."""
    start, end = row["cm_start"], row["cm_end"]
    if start is None or start.latest > last:
        return False
    lasts_until: date = max(start.earliest, end.earliest) if end else start.earliest
    return bool(row["cm_ongoing"]) or lasts_until >= first


def prednisolone_per_kg(row: Answers, weight_kg: Decimal) -> Decimal | None:
    """A day's dose of a glucocorticoid in mg of prednisolone per kg; None where it is not known."""
    drug, dose, unit = drug_of(row), row["cm_dose"], row["cm_unit"]
    if drug is None or dose is None:
        return None
    per_kg = dose if unit == "mg/kg" else dose * MG[unit] / weight_kg if unit in MG else None
    return None if per_kg is None else prednisolone_mg(drug, per_kg * DOSES_A_DAY.get(row["cm_freq"], 1))
