"""History: lines of therapy, earlier transplants and cellular therapy, all of it before consent."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from patients.builder.screening import diagnosed_on
from patients.builder.story import PageRow, Story
from patients.builder.timeline import Diagnosis
from patients.items.partial_date import PartialDate

LAST_BEFORE_CONSENT_DAYS = 40  # the last of all that came before ends so long before consent
CAR_T_BEFORE_CONSENT_DAYS = (60, 180)
_FIRST_LINE = {
    Diagnosis.AML: ("DA 3+7", ["anthracycline", "cytarabine"]),
    Diagnosis.T_ALL: ("Hyper-CVAD", ["anthracycline", "steroid", "vincristine"]),
    Diagnosis.T_LBL: ("BFM-90", ["asparaginase", "methotrexate", "steroid", "vincristine"]),
}
_LATER_LINES = {
    Diagnosis.AML: (
        ("FLAG-IDA", ["anthracycline", "cladribine_fludarabine", "cytarabine"]),
        ("Venetoclax and azacitidine", ["hma", "venetoclax"]),
        ("CLAG", ["cladribine_fludarabine", "cytarabine"]),
    ),
    Diagnosis.T_ALL: (
        ("Nelarabine", ["nelarabine"]),
        ("FLAG-IDA", ["anthracycline", "cladribine_fludarabine", "cytarabine"]),
        ("Venetoclax and azacitidine", ["hma", "venetoclax"]),
    ),
    Diagnosis.T_LBL: (
        ("Nelarabine", ["nelarabine"]),
        ("Hyper-CVAD", ["anthracycline", "steroid", "vincristine"]),
        ("Venetoclax and azacitidine", ["hma", "venetoclax"]),
    ),
}


def prior_therapy(story: Story) -> Iterator[PageRow]:
    """PTHER: the lines one after the other from diagnosis to consent."""
    for number in range(1, story.facts.prior_lines + 1):
        start = _day_of_part(story, number - 1, story.facts.prior_lines)
        yield _log(story, "PTHER", number, _line(story, number, start))


def _line(story: Story, number: int, start: date) -> dict[str, Any]:
    first, last = number == 1, number == story.facts.prior_lines
    options = _LATER_LINES[story.facts.diagnosis]
    regimen, agents = _FIRST_LINE[story.facts.diagnosis] if first else options[(number - 2) % len(options)]
    return {
        "line_no": number,
        "line_type": "induction" if first else "salvage",
        "regimen_name": regimen,
        "agents": sorted(agents),
        "line_start": PartialDate.of(start),
        "cycles": story.number(f"PTHER cycles {number}", 1, 4),
        "line_best_resp": "NR" if last else story.one_of(f"PTHER resp {number}", ("CR", "CRi", "PR")),
        "line_stop_reason": "progression_no_response" if last else "relapse",
    }


def _day_of_part(story: Story, part: int, parts: int) -> date:
    """The beginning of one of equal parts of the time from diagnosis to shortly before consent."""
    first = diagnosed_on(story).latest
    last = max(first, story.consented_on - timedelta(LAST_BEFORE_CONSENT_DAYS))
    return first + timedelta((last - first).days * part // max(parts, 1))


def prior_transplants(story: Story) -> Iterator[PageRow]:
    """PTX: allogeneic transplants, each followed by a relapse."""
    count = story.facts.n_prior_allo_hsct
    for number in range(1, count + 1):
        grafted = _day_of_part(story, number, count + 1)
        yield _log(story, "PTX", number, _transplant(story, number, grafted))


def _transplant(story: Story, number: int, grafted: date) -> dict[str, Any]:
    donor = (
        "haploidentical" if number == 1 else story.one_of("PTX donor", ("matched_sibling", "haploidentical"))
    )
    return {
        "ptx_no": number,
        "ptx_type": "allogeneic",
        "ptx_date": PartialDate.of(min(grafted, story.consented_on - timedelta(1))),
        "ptx_donor_type": donor,
        "ptx_source": "pbsc",
        "ptx_conditioning": story.one_of(f"PTX conditioning {number}", ("mac", "mac", "ric")),
        "ptx_status": story.one_of(f"PTX status {number}", ("CR1", "CR2")),
        "ptx_agvhd": story.one_of(f"PTX agvhd {number}", ("0", "I", "II")),
        "ptx_cgvhd": "none",
        "ptx_chimerism_scr": story.decimal(f"PTX chimerism {number}", "20.0", "90.0"),
    }


def prior_cellular_therapy(story: Story) -> Iterator[PageRow]:
    """PCAR: a CLL-1 CAR-T, where the timeline has one."""
    for number in range(1, story.facts.prior_cll1_cart + 1):
        infused = story.consented_on - timedelta(
            story.number(f"PCAR date {number}", *CAR_T_BEFORE_CONSENT_DAYS)
        )
        values = {
            "pcar_type": "car_t",
            "pcar_target": ["cll_1"],
            "pcar_source": "autologous",
            "pcar_date": PartialDate.of(infused),
            "pcar_dose": story.decimal(f"PCAR dose {number}", "0.50", "3.00"),
            "pcar_resp": "NR",
            "pcar_max_crs": story.one_of(f"PCAR crs {number}", ("1", "2")),
            "pcar_max_icans": "0",
        }
        yield _log(story, "PCAR", number, values)


def _log(story: Story, form: str, number: int, values: dict[str, Any]) -> PageRow:
    return PageRow(form=form, day=story.screened_on, visit="", row_key=str(number), values=values)
