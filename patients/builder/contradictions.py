"""What cannot be true of a patient: events out of order, one without another, beyond what the forms hold."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from patients.builder.timeline import DAYS, ProductSource, Response
from patients.forms.age import ADULT_YEARS, is_adult
from patients.forms.demographics import DAYS_PER_YEAR
from patients.items.partial_date import PartialDate

BORN_FROM = date(1920, 1, 1)  # hard limit of the birth date
HSCT_WITHIN_DAYS = 365  # hard limit of the interval from infusion to transplantation

Problem = tuple[str, str]  # the column at fault, and why
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a column must keep to: `broken` gives the reason, or nothing.

    Silent where a cell that it looks at could not be read.
    """

    column: str
    broken: Callable[[Facts], str | None]
    looks_at: tuple[str, ...] = ()


def contradictions(facts: Facts, unreadable: set[str]) -> Iterator[Problem]:
    """Every rule that the facts of a row break; `unreadable` names the columns without a value to judge."""
    for rule in _RULES:
        if unreadable.isdisjoint((rule.column, *rule.looks_at)) and (reason := rule.broken(facts)):
            yield rule.column, reason


def _filled(column: str) -> _Rule:
    return _Rule(column, lambda facts: _("It is empty.") if facts[column] is None else None)


def _filled_once(event: str, *columns: str) -> Iterator[_Rule]:
    """Facts that everybody has to whom the event happened."""
    for column in columns:

        def broken(facts: Facts, column: str = column) -> str | None:
            lacks = facts[event] is not None and facts[column] is None
            return _("It is empty, and %s is not.") % event if lacks else None

        yield _Rule(column, broken, (event,))


def _never_without(event: str, *columns: str) -> Iterator[_Rule]:
    """What cannot happen to somebody to whom the event did not."""
    for column in columns:

        def broken(facts: Facts, column: str = column) -> str | None:
            return _("It needs %s.") % event if facts[event] is None and facts[column] else None

        yield _Rule(column, broken, (event,))


def _together(one: str, other: str) -> Iterator[_Rule]:
    yield from _filled_once(one, other)
    yield from _filled_once(other, one)


def _graded(grade: str, onset: str, resolved: str = "") -> Iterator[_Rule]:
    """An episode has an onset if its grade is above 0; resolution needs an onset."""

    def broken(facts: Facts) -> str | None:
        if facts[grade] and facts[onset] is None:
            return _("It is empty, and %s is above 0.") % grade
        return _("%s is 0 or empty.") % grade if facts[onset] and not facts[grade] else None

    yield _Rule(onset, broken, (grade,))
    if resolved:
        yield from _never_without(onset, resolved)


def _not_before(earlier: str, later: str) -> _Rule:
    def broken(facts: Facts) -> str | None:
        return _out_of_order(
            facts, earlier, later, _("%(day)s is before %(column)s (%(other)s)."), equal=True
        )

    return _Rule(later, broken, (earlier,))


def _after(earlier: str, later: str) -> _Rule:
    def broken(facts: Facts) -> str | None:
        return _out_of_order(
            facts, earlier, later, _("%(day)s is not after %(column)s (%(other)s)."), equal=False
        )

    return _Rule(later, broken, (earlier,))


def _out_of_order(facts: Facts, earlier: str, later: str, reason: str, *, equal: bool) -> str | None:
    first, second = facts[earlier], facts[later]
    if first is None or second is None or first < second or (equal and first == second):
        return None
    return reason % {"day": second, "column": earlier, "other": first}


def _not_after_last_contact(column: str) -> _Rule:
    def broken(facts: Facts) -> str | None:
        day, last = facts[column], facts["last_contact_date"]
        if day is None or last is None or day <= last:
            return None
        return _("%(day)s is after last_contact_date (%(last)s).") % {"day": day, "last": last}

    return _Rule(column, broken, ("last_contact_date",))


def _born(facts: Facts) -> str | None:
    born, enrolled = facts["date_of_birth"], facts["enrolment_date"]
    if born is None or enrolled is None:
        return None
    if born < BORN_FROM:
        return _("%(day)s is before %(first)s.") % {"day": born, "first": BORN_FROM}
    if born >= enrolled or not is_adult(PartialDate.of(born), enrolled):
        return _("The patient is younger than %s on enrolment.") % ADULT_YEARS
    return None


def _age_fits(facts: Facts) -> str | None:
    """Within a year: the column may be rounded in any way, or count completed years."""
    born, enrolled, age = facts["date_of_birth"], facts["enrolment_date"], facts["age_at_enrolment"]
    if None in (born, enrolled, age) or abs(Decimal((enrolled - born).days) / DAYS_PER_YEAR - age) < 1:
        return None
    return _("%(age)s is not the age on enrolment by date_of_birth (%(born)s).") % {"age": age, "born": born}


def _prior_donor(facts: Facts) -> str | None:
    if facts["product_source"] != ProductSource.PRIOR_DONOR or facts["n_prior_allo_hsct"]:
        return None
    return _("PRIOR_DONOR needs an earlier allogeneic transplantation.")


def _cri_as_response(facts: Facts) -> str | None:
    in_remission = facts["response"] in (Response.MRD_NEG_CRI, Response.MRD_POS_CRI)
    if in_remission and facts["cri_date"] is None:
        return _("It is empty, and response is %(response)s.") % {"response": facts["response"]}
    return _("response is not a CRi.") if facts["cri_date"] and not in_remission else None


def _never_infused_never_responded(facts: Facts) -> str | None:
    answered = facts["response"] not in (None, Response.NO_RESPONSE)
    return _("It needs cart_infusion_date.") if answered and facts["cart_infusion_date"] is None else None


def _hsct_in_remission(facts: Facts) -> str | None:
    if facts["hsct_date"] is None:
        return None
    if facts["response"] == Response.NO_RESPONSE:
        return _("There is no transplantation without response.")
    return None


def _hsct_within_a_year(facts: Facts) -> str | None:
    infused, grafted = facts["cart_infusion_date"], facts["hsct_date"]
    late = infused and grafted and (grafted - infused).days > HSCT_WITHIN_DAYS
    return _("It is more than %s days after cart_infusion_date.") % HSCT_WITHIN_DAYS if late else None


def _dies_at_last_contact(facts: Facts) -> str | None:
    died, last = facts["death_date"], facts["last_contact_date"]
    if died is None or last is None or died == last:
        return None
    return _("%(day)s is not last_contact_date (%(last)s).") % {"day": died, "last": last}


_BOUND_OTHERWISE = ("date_of_birth", "last_contact_date", "death_date")
_REQUIRED = (
    "patient_id",
    "date_of_birth",
    "age_at_enrolment",
    "sex",
    "diagnosis",
    "prior_lines",
    "n_prior_allo_hsct",
    "prior_cll1_cart",
    "enrolment_date",
    "last_contact_date",
)
_OF_THE_INFUSED = (
    "product_source",
    "donor_relationship",
    "ld_start_date",
    "cart_dose_cells_per_kg",
    "crs_max_grade",
    "cytopenia_max_grade",
    "response",
)
_RULES: tuple[_Rule, ...] = (
    *(_filled(column) for column in _REQUIRED),
    *_filled_once("cart_infusion_date", *_OF_THE_INFUSED),
    *_filled_once("hsct_date", "agvhd_max_grade"),
    *_never_without("cart_infusion_date", "crs_max_grade", "cri_date", "hsct_date", "relapse_date"),
    *_never_without("ld_start_date", "cytopenia_max_grade"),
    *_never_without("hsct_date", "agvhd_max_grade", "chimerism_1m_date", "cgvhd_onset_date"),
    *_graded("crs_max_grade", "crs_onset_date", "crs_resolved_date"),
    *_graded("cytopenia_max_grade", "cytopenia_onset_date"),
    *_graded("agvhd_max_grade", "agvhd_onset_date", "agvhd_resolved_date"),
    *_together("chimerism_1m_date", "chimerism_1m_donor_pct"),
    *_together("cgvhd_onset_date", "cgvhd_severity"),
    *_together("relapse_date", "relapse_type"),
    *_together("death_date", "death_cause"),
    _Rule("date_of_birth", _born, ("enrolment_date",)),
    _Rule("age_at_enrolment", _age_fits, ("date_of_birth", "enrolment_date")),
    _Rule("product_source", _prior_donor, ("n_prior_allo_hsct",)),
    _not_before("enrolment_date", "ld_start_date"),
    _after("ld_start_date", "cart_infusion_date"),
    _not_before("enrolment_date", "cart_infusion_date"),
    _after("cart_infusion_date", "cri_date"),
    _not_before("cri_date", "hsct_date"),
    _after("cart_infusion_date", "relapse_date"),
    _after("cri_date", "relapse_date"),
    _not_before("ld_start_date", "cytopenia_onset_date"),
    _not_before("cart_infusion_date", "crs_onset_date"),
    _not_before("crs_onset_date", "crs_resolved_date"),
    _not_before("agvhd_onset_date", "agvhd_resolved_date"),
    _not_before("hsct_date", "agvhd_onset_date"),
    _not_before("hsct_date", "chimerism_1m_date"),
    _not_before("hsct_date", "cgvhd_onset_date"),
    _Rule("cri_date", _cri_as_response, ("response",)),
    _Rule("response", _never_infused_never_responded, ("cart_infusion_date",)),
    _Rule("hsct_date", _hsct_in_remission, ("response",)),
    _Rule("hsct_date", _hsct_within_a_year, ("cart_infusion_date",)),
    *(_not_after_last_contact(column) for column in DAYS if column not in _BOUND_OTHERWISE),
    _Rule("death_date", _dies_at_last_contact, ("last_contact_date",)),
)
