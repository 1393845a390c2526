"""Casebooks of records in memory, cut and analysed without a database."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from analytics.datasets.build import Datasets, build_datasets
from analytics.endpoints.figures import Figure, compute_figures
from analytics.locks.cut import SubjectFacts, Value, all_records, cut_records, facts_of, values_of
from analytics.locks.cutting import CutOfSubject
from analytics.locks.snapshot import CutSubject, block_of
from analytics.locks.snapshot import casebook_of as casebook_of_values
from patients.builder.build import casebook_of as sheets_of
from patients.builder.timeline import Timeline
from patients.casebook.answers import HeldCasebook, Record
from patients.casebook.form import form_model
from patients.items.partial_date import PartialDate
from tests.patients.builder import reading
from trial.protocol import configuration
from trial.protocol.configuration import SETTINGS, configured_as, setting
from trial.protocol.study import SITE_ZONE

SUBJECT, SITE = "HZ01-001", "HZ01"
T0 = date(2024, 3, 1)
ENROLLED = T0 - timedelta(20)
BORN = PartialDate(1980, 5, 17)
NEVER = date(2030, 1, 1)

CutContent = tuple[SubjectFacts, list[Value]]


def cut_instead(told: Iterable[CutContent]) -> Callable[[Any, int], Generator[CutOfSubject]]:
    """What a lock takes in instead of what the registry holds (`analytics.locks.seal._cut`)."""

    def cut(asked: Any, processes: int) -> Generator[CutOfSubject]:
        yield from (CutOfSubject(block_of(*one), [], []) for one in told)

    return cut


def default_configuration() -> dict[str, str]:
    """The stored texts of the settings of a new registry."""
    return {key: "" if one.default is None else str(one.default) for key, one in SETTINGS.items()}


@contextmanager
def without_database() -> Iterator[None]:
    """A new registry's settings and consent versions, and no database to read them from."""
    with reading.a_new_registry(), configured_as(default_configuration()):
        yield


@contextmanager
def configured(**changed: str) -> Iterator[None]:
    """A new registry with other values of these settings (stored texts)."""
    texts = default_configuration() | changed
    with without_database(), configured_as(texts), pytest.MonkeyPatch.context() as patch:
        patch.setattr(configuration, "setting", setting)  # reads what is configured, not the defaults
        yield


# --- one subject ------------------------------------------------------------------------------------------
def day(number: int) -> date:
    """The day so many days after the infusion."""
    return T0 + timedelta(number)


def moment(on: date, hour: int = 14) -> datetime:
    return datetime.combine(on, time(hour), SITE_ZONE)


def row(
    form: str,
    on: date | None,
    visit: str = "",
    *,
    key: str = "",
    missing: dict[str, str] | None = None,
    header: dict[str, str] | None = None,
    **values: Any,
) -> Record:
    """A row of a form on the page of a day; every item that is not named is empty."""
    empty = dict.fromkeys(item.name for item in form_model(form).items())
    assert values.keys() <= empty.keys(), values.keys() - empty.keys()
    return Record(form, visit or f"UNS{form}", key, on, empty | values, missing or {}, header or {})


def enrolled(on: date = ENROLLED) -> list[Record]:
    signed = ENROLLED - timedelta(3)
    return [
        row("ELIG", signed, "SCR", icf_main_dt=moment(signed), enrol_dt=on),
        row("DM", signed, "SCR", sex="F", birth_date=BORN),
        row("DX", signed, "SCR", dx_type="aml", bm_blast_scr_pct=Decimal(60)),
    ]


def infused(on: date = T0) -> list[Record]:
    return [*enrolled(), row("INF", on, "C0", inf_start_dt=moment(on))]


def grafted(on: int) -> Record:
    return row(
        "HSCT", day(on), "H0", hsct_done=True, hsct_start_dt=moment(day(on)), cond_none=True, gvhdp_none=True
    )


def contact(on: int, *, free_on: int | None = None, status: str = "ALIVE") -> Record:
    """A follow-up contact; `free_on`: the day on which no disease was found."""
    disease = {} if free_on is None else {"fu_disease": "remission_mrd_neg", "fu_dz_dt": day(free_on)}
    return row("FU", day(on), f"UNS{on}", fu_dt=day(on), fu_status=status, **disease)


def relapsed(on: int, kind: str = "morphological_relapse", cd7: str = "negative") -> Record:
    return row("RLP", day(on), f"RLPv{on}", rlp_dt=day(on), rlp_type=kind, rlp_cd7=cd7)


def died(on: int, cause: str = "infection") -> Record:
    return row("DTH", day(on), "ENDv", dth_dt=day(on), dth_primary=cause)


def assessed(on: int, blasts: int, **more: Any) -> Record:
    """A marrow page; with 2 % blasts it is a CRi by the protocol's policy, with 60 % no response."""
    marrow = {"bm_done": True, "bm_adequate": "yes", "bm_blast": Decimal(blasts)}
    elsewhere = {"pb_blast": Decimal(0), "emd_resp": "none_ever", "cns_resp": "CNS1"}
    return row("RESP", day(on), f"R{on}", resp_dt=day(on), **marrow, **elsewhere, **more)


NO_SIGN = {
    "ag_bili": Decimal(10),
    "ag_skin_bsa": Decimal(0),
    "ag_skin_bullae": False,
    "ag_ugi": "none_or_intermittent",
    "ag_stool_mode": "no_diarrhoea",
    "ag_lgi_severe": False,
}
RASH = {"ag_skin_bsa": Decimal(20)}  # grade I
DIARRHOEA = {"ag_stool_mode": "volume", "ag_stool_ml": 1200}  # grade III


def acute(on: int, signs: dict[str, Any], onset: int | None = None) -> Record:
    """An assessment of acute GVHD with its organ values; an episode has its onset."""
    begun = None if onset is None else day(onset)
    return row("AGVHD", day(on), f"G{on}", ag_dt=day(on), ag_onset_dt=begun, **(NO_SIGN | signs))


def chronic(on: int, mouth: int = 0, *, treated_from: int | None = None) -> Record:
    """An assessment of chronic GVHD, of the mouth alone if it is there at all."""
    treatment = {} if treated_from is None else {"cg_systemic_tx": True, "cg_tx_start": day(treated_from)}
    score = {"cg_mouth": str(mouth)} if mouth else {}
    return row("CGVHD", day(on), f"CG{on}", cg_dt=day(on), cg_present=mouth > 0, **score, **treatment)


def counted(test: str, course: dict[int, str]) -> list[Record]:
    """The counts of a test (10^9/L), by the day after the infusion."""
    return [
        row(
            "LAB",
            day(number),
            f"UNS{test}{number}",
            key=f"{test}{number}",
            lab_dt=moment(day(number)),
            lab_test=test,
            lab_value=Decimal(value),
            lab_unit="10^9/L",
            lab_status="done",
        )
        for number, value in course.items()
    ]


def content(records: Iterable[Record], cutoff: date, subject: str = SUBJECT) -> CutContent:
    """What a data cut holds of a subject with these rows."""
    whole = HeldCasebook(subject, records)
    cut = cut_records(all_records(whole), cutoff)
    return facts_of(subject, SITE, whole, cutoff), list(values_of(subject, cut))


def cut(records: Iterable[Record], cutoff: date = NEVER, subject: str = SUBJECT) -> CutSubject:
    """A subject as the analysis reads it from a snapshot."""
    facts, values = content(records, cutoff, subject)
    return CutSubject(facts, casebook_of_values(facts, values))


# --- cohorts ----------------------------------------------------------------------------------------------
def cohort(*stories: Iterable[Record], cutoff: date = NEVER) -> Datasets:
    """The datasets of subjects with these rows."""
    named = ((f"HZ01-{number:03d}", records) for number, records in enumerate(stories, 1))
    return build_datasets(cutoff, [cut(records, cutoff, subject) for subject, records in named])


def built(timelines: list[Timeline]) -> dict[str, HeldCasebook]:
    """The casebooks that the builder makes of a cohort."""
    return reading.subjects(sheets_of(timelines))


def cut_at(casebooks: dict[str, HeldCasebook], cutoff: date) -> Iterator[CutSubject]:
    """The subjects of a cohort that have a row in the cut."""
    for subject, casebook in casebooks.items():
        facts, values = content(all_records(casebook), cutoff, subject)
        if values:
            yield CutSubject(facts, casebook_of_values(facts, values))


def figures_at(casebooks: dict[str, HeldCasebook], cutoff: date) -> dict[str, Figure]:
    """Every figure of a cohort by its id."""
    return by_id(build_datasets(cutoff, cut_at(casebooks, cutoff)))


def by_id(data: Datasets) -> dict[str, Figure]:
    return {figure.id: figure for figure in compute_figures(data)}
