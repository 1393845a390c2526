"""The tables of section 4 of the specification as a page: stopping boundaries, analysis sets, worst grades,
rates, every endpoint at its times, and the exploratory subgroups. Each count names its subjects."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.datasets.analysis_sets import REASONS
from analytics.datasets.parameters import PARAMETERS
from analytics.endpoints.catalogue import printed
from analytics.endpoints.listed import Subjects
from analytics.endpoints.sets import DAYS_PER_MONTH
from analytics.endpoints.times import MONTHS
from analytics.locks.models import Lock
from analytics.reports.counted_tables import NONE, Cell, Row, Table, awaiting, count, leading_on
from analytics.reports.dose_limiting import criteria_table, differences_table
from patients.casebook.form import form_model
from patients.casebook.page import Subject
from trial.people.models import Account

RULES: dict[str, Promise] = {
    "dlt": gettext_lazy("Dose-limiting toxicity"),
    "non_relapse_death": gettext_lazy("Non-relapse death by transplant day 100"),
    "graft_failure": gettext_lazy("Graft failure"),
    "acute_gvhd_3_4": gettext_lazy("Acute GVHD of grade III–IV by transplant day 100"),
    "dlt_first_six": gettext_lazy("Dose-limiting toxicity among the first six"),
    "fatal_crs": gettext_lazy("Fatal CRS"),
    "fatal_icans": gettext_lazy("Fatal ICANS"),
    "fatal_iec_hs": gettext_lazy("Fatal IEC-HS"),
    "rcl_positive": gettext_lazy("Replication-competent virus found"),
    "car_related_malignancy": gettext_lazy("Malignancy related to the product"),
}
GRADED: dict[str, Promise] = {
    "crs": gettext_lazy("CRS"),
    "icans": gettext_lazy("ICANS"),
    "iec_hs": gettext_lazy("IEC-HS"),
    "cytopenia": gettext_lazy("Cytopenia, any lineage"),
    "neutrophils": gettext_lazy("Neutrophils"),
    "platelets": gettext_lazy("Platelets"),
    "haemoglobin": gettext_lazy("Haemoglobin"),
    "lymphocytes": gettext_lazy("Lymphocytes"),
    "acute_gvhd_before_graft": gettext_lazy("Acute GVHD before the graft"),
    "acute_gvhd_after_graft": gettext_lazy("Acute GVHD after the graft"),
    "icaht_early_before_graft": gettext_lazy("ICAHT, early, up to the graft"),
    "icaht_early": gettext_lazy("ICAHT, early"),
    "icaht_late": gettext_lazy("ICAHT, late"),
    "infection": gettext_lazy("Infection"),
}
RATES: dict[str, Promise] = {
    "remission_by_day_28": gettext_lazy("CR, CRh or CRi by day 28"),
    "mrd_negative_remission_by_day_28": gettext_lazy("The same with negative MRD"),
    "strict_remission_by_day_28": gettext_lazy("CR, CRh or CRi as in ELN by day 28"),
    "full_chimerism": gettext_lazy("Full donor chimerism at one month"),
    "transplanted": gettext_lazy("Transplanted"),
    "manufactured": gettext_lazy("Manufactured with success"),
    "cd7_negative_relapse": gettext_lazy("CD7-negative, of the relapses"),
    "chronic_gvhd": gettext_lazy("Chronic GVHD"),
}
GROUPINGS: dict[str, Promise] = {
    "diagnosis": gettext_lazy("Diagnosis"),
    "donor_source": gettext_lazy("Source of the product"),
    "prior_transplant": gettext_lazy("Previous allogeneic transplant"),
}
_ITEMS = {"diagnosis": ("DX", "dx_type"), "donor_source": ("DONOR", "donor_class")}
_YES_NO: dict[str, Promise] = {"yes": gettext_lazy("yes"), "no": gettext_lazy("no")}
GRADES = range(6)
TABLES = "tables"
"""The tables, where an address names what a number is a part of."""


@dataclass(frozen=True)
class TablesScreen:
    """Everything that the template says. `readable`: the subjects that the reader may open."""

    lock: Lock
    crossed: tuple[str, ...]
    tables: tuple[Table, ...]
    readable: frozenset[str]


def tables_screen(lock: Lock, exhibits: Mapping[str, Any], reader: Account) -> TablesScreen:
    """The tables of a run's exhibits; a run of before has none of these."""
    tables = tables_of(exhibits)
    readable = frozenset(Subject.objects.for_person(reader).values_list("code", flat=True))
    return TablesScreen(lock, crossed_in(exhibits), tuple(tables), readable)


def tables_of(exhibits: Mapping[str, Any]) -> list[Table]:
    """What there is of them, in the order in which they are read."""
    made = (make(exhibits[name]) for name, makers in _TABLES.items() if name in exhibits for make in makers)
    return [leading_on(table) for table in made]


def crossed_in(exhibits: Mapping[str, Any]) -> tuple[str, ...]:
    """The stopping rules that are crossed, in words."""
    stopping = exhibits.get("stopping")
    if not stopping:
        return ()
    rules = (*stopping["rules"], stopping["guard"], *stopping["always"])
    return tuple(str(RULES[rule["code"]]) for rule in rules if rule["crossed"])


# --- stopping ----------------------------------------------------------------------------------------------
def _stopping(found: dict[str, Any]) -> Table:
    rules = (*found["rules"], found["guard"], *found["always"])
    return Table(
        "stopping",
        _("Stopping boundaries"),
        stopping_note(found),
        (_("Rule"), _("Evaluated"), _("Events"), _("Pause at"), _("Chance that the rate is above its limit")),
        tuple(_rule(rule) for rule in rules),
    )


def stopping_note(found: Mapping[str, Any]) -> str:
    """What limits and priors are, and whether somebody has confirmed them."""
    if awaiting(found.get("settings")):
        return _("a proposal that awaits the trial team's confirmation (section 4.1)")
    return _("limits and priors as the trial team has confirmed them (section 4.1)")


def _rule(rule: dict[str, Any]) -> Row:
    boundary, chance = rule.get("boundary", 1), rule.get("probability")
    limit = f" > {rule['limit']:.0%}" if "limit" in rule else ""
    return Row(
        f"{RULES[rule['code']]}{limit}",
        (
            Cell(str(rule["evaluated"]), rule.get("evaluated_subjects", ())),
            Cell(str(rule["events"]), rule["subjects"]),
            Cell(NONE if boundary is None else str(boundary)),
            Cell(NONE if chance is None else printed(chance, 3)),
        ),
        is_alert=rule["crossed"],
    )


# --- sets and grades ---------------------------------------------------------------------------------------
def _populations(found: list[dict[str, Any]]) -> Table:
    rows = []
    for one in found:
        rows.append(Row(one["set"], (count(one["subjects"]), Cell(""))))
        rows += [_outside(each) for each in one["excluded"]]
    heads = (_("Set"), _("Subjects"), _("Outside of it because"))
    return Table("populations", _("Analysis sets"), "", heads, tuple(rows))


def _outside(each: dict[str, Any]) -> Row:
    return Row("", (count(each["subjects"]), Cell(str(REASONS.labels[each["reason"]]))))


def _safety(found: dict[str, Any]) -> Table:
    tables = [*found["grades"], found["infections"]["disease"]["worst"]]
    heads = (_("Worst grade"), "n", *map(str, GRADES), _("not known"), _("3 or more"))
    rows = tuple(_grades(table) for table in tables)
    return Table("safety", _("Worst grade of each subject"), _("section 4.1"), heads, rows)


def _grades(table: dict[str, Any]) -> Row:
    by_grade = {row["grade"]: row["subjects"] for row in table["rows"]}
    cells = [count(by_grade[grade]) if grade in by_grade else Cell("") for grade in (*GRADES, None)]
    label = f"{GRADED[table['name']]} ({table['set']})"
    return Row(label, (Cell(str(table["size"])), *cells, count(table["severe"])))


# --- rates and times ---------------------------------------------------------------------------------------
def _rates(found: list[dict[str, Any]]) -> Table:
    heads = (_("Rate"), _("Set"), "n", "N", "%", _("Limits (95 per cent)"))
    note = _("exact limits (Clopper-Pearson)")
    return Table("rates", _("Rates"), note, heads, tuple(_rate(each) for each in found))


def _rate(each: dict[str, Any]) -> Row:
    counted = (count(each["subjects"]), Cell(str(each["size"]), each["of"]))
    return Row(str(RATES[each["code"]]), (Cell(each["set"]), *counted, _percent(each), _limits(each)))


def _times(found: list[dict[str, Any]]) -> Table:
    labels = {parameter.code: str(parameter.label) for parameter in PARAMETERS}
    months = [_("%(n)s months") % {"n": f"{month / DAYS_PER_MONTH:.0f}"} for month in MONTHS]
    heads = (_("Endpoint"), "n", _("Events"), _("Competing"), *months, _("Median, months"))
    note = _("in per cent with limits; Aalen-Johansen where there are competing events, else Kaplan-Meier")
    rows = tuple(_endpoint(each, labels[each["code"]]) for each in found)
    return Table("times", _("Endpoints at their times"), note, heads, rows)


def _endpoint(each: dict[str, Any], label: str) -> Row:
    ended = {state: _ended(each, state) for state in (1, 2)}
    at = {moment["day"]: moment for moment in each["times"]}
    shares = (Cell(_with_limits(at[month])) for month in MONTHS)
    return Row(
        f"{each['code']}: {label}",
        (
            count(each["subjects"]),
            count(ended[1]),
            count(ended[2]),
            *shares,
            Cell(_median(each["median"])),
        ),
    )


def _ended(each: dict[str, Any], state: int) -> Sequence[str]:
    found = zip(each["subjects"], each["status"], strict=True)
    return Subjects(pl.Series([code for code, status in found if status == state], dtype=pl.String))


def _median(found: dict[str, Any]) -> str:
    return NONE if found["estimate"] is None else printed(found["estimate"] / DAYS_PER_MONTH, 1)


def _percent(found: dict[str, Any]) -> Cell:
    return Cell(NONE if found["estimate"] is None else printed(100 * found["estimate"], 1))


def _limits(found: dict[str, Any]) -> Cell:
    if found["lower"] is None or found["upper"] is None:
        return Cell(NONE)
    return Cell(f"{printed(100 * found['lower'], 1)}–{printed(100 * found['upper'], 1)}")


def _with_limits(found: dict[str, Any]) -> str:
    share, limits = _percent(found).text, _limits(found).text
    return share if NONE in (share, limits) else f"{share} ({limits})"


def _bootstrap(found: list[dict[str, Any]]) -> Table:
    """The interval that is reported, and beside it the one that rests on no formula of a variance."""
    drawn = next((each for each in found if each["estimate"] is not None), None)
    note = _("exploratory: how far the reported interval depends on its formula")
    if drawn:
        told = {"n": f"{drawn['replicates']:,}", "seed": drawn["seed"]}
        how = _("%(n)s replicates, seed %(seed)s") % told
        note = f"{note}; {how}"
    heads = (
        _("Endpoint"),
        "n",
        _("12 months, limits of Greenwood on the log scale"),
        _("the same, percentiles of the bootstrap"),
    )
    rows = tuple(Row(each["code"], (count(each["subjects"]), *_two_intervals(each))) for each in found)
    return Table("bootstrap", _("Sensitivity of the survival at 12 months"), note, heads, rows)


def _two_intervals(each: dict[str, Any]) -> tuple[Cell, ...]:
    if each["estimate"] is None:
        return Cell(NONE), Cell(NONE)
    limits = (each["log"], each["percentile"])
    return tuple(Cell(_with_limits({"estimate": each["estimate"], **one})) for one in limits)


# --- subgroups ---------------------------------------------------------------------------------------------
def _subgroups(found: dict[str, Any]) -> Table:
    parts = (_("OS, 12 months"), _("PFS, 12 months"), _("MRD-negative CRi"), _("aGVHD, 3 months"))
    heads = (_("Subgroup"), "n", *parts)
    note = _("exploratory: the trial is not sized for them, and no test is corrected for the others")
    rows = tuple(row for grouping in found["groupings"] for row in _grouping(grouping))
    return Table("subgroups", _("Subgroups"), note, heads, rows)


def _grouping(found: dict[str, Any]) -> Iterator[Row]:
    parts = ("os", "pfs", "remission", "acute_gvhd")
    tests = tuple(Cell(_p_value(found[part]["test"])) for part in parts)
    yield Row(str(GROUPINGS[found["code"]]), (Cell(""), *tests))
    by_group = {part: {each["group"]: each for each in found[part]["groups"]} for part in parts}
    for member in found["members"]:
        cells = (Cell(_share(by_group[part].get(member["group"]))) for part in parts)
        yield Row(group_label(found["code"], member["group"]), (count(member["subjects"]), *cells))


def _share(found: dict[str, Any] | None) -> str:
    """In percent with limits: of a rate, or of a curve at its one time."""
    if found is None:
        return NONE
    return _with_limits(found["times"][0] if "times" in found else found)


def _p_value(test: dict[str, Any] | None) -> str:
    return "" if test is None or test["p_value"] is None else f"p = {printed(test['p_value'], 3)}"


def group_label(grouping: str, code: str) -> str:
    if not code:
        return _("not known")
    if grouping in _ITEMS:
        form, item = _ITEMS[grouping]
        return form_model(form).item(item).shown(code) or code
    return str(_YES_NO[code])


_TABLES: dict[str, tuple[Callable[[Any], Table], ...]] = {
    "stopping": (_stopping,),
    "dose_limiting": (criteria_table, differences_table),
    "populations": (_populations,),
    "safety": (_safety,),
    "rates": (_rates,),
    "times": (_times,),
    "bootstrap": (_bootstrap,),
    "subgroups": (_subgroups,),
}
