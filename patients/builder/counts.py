"""Blood counts of an invented patient: they fall with lymphodepletion and recover after the graft.

No lineage is ever graded above the timeline's cytopenia, and the day of its onset shows it.
"""

from datetime import date, timedelta
from decimal import Decimal

from patients.builder.story import Story

STEP_DAYS = 4  # a lineage recovers one grade in so many days
RECOVERY_AFTER_GRAFT_DAYS = (10, 16)
RECOVERY_WITHOUT_GRAFT_DAYS = (18, 28)
BEFORE_ONSET_AT_MOST = 2  # so that grade 3 or 4 is reached on the day of onset and not before
LINEAGES = ("NEUT", "PLAT", "HGB", "LYM")
# Value ranges in SI units by CTCAE 5.0 grade, well inside each band.
_BANDS: dict[str, dict[int, tuple[str, str]]] = {
    "NEUT": {
        0: ("1.90", "4.50"),
        1: ("1.52", "1.75"),
        2: ("1.02", "1.45"),
        3: ("0.52", "0.95"),
        4: ("0.00", "0.40"),
    },
    "PLAT": {0: ("130", "240"), 1: ("80", "120"), 2: ("52", "73"), 3: ("27", "48"), 4: ("6", "23")},
    "HGB": {0: ("132", "148"), 1: ("102", "112"), 2: ("82", "98"), 3: ("66", "78")},
    "LYM": {
        0: ("1.15", "2.20"),
        1: ("0.82", "1.05"),
        2: ("0.52", "0.78"),
        3: ("0.22", "0.48"),
        4: ("0.02", "0.18"),
    },
}
_DEEPEST = {"NEUT": 4, "PLAT": 4, "HGB": 3, "LYM": 4}


def counts_on(story: Story, day: date) -> tuple[Decimal, Decimal]:
    """Neutrophils and platelets of a day, as its sample shows them."""
    return count(story, "NEUT", day), count(story, "PLAT", day)


def grade_on(story: Story, lineage: str, day: date) -> int:
    """The grade of a lineage: rising to the timeline's on the day of onset, then down every few days."""
    peak, onset = story.facts.cytopenia_max_grade or 0, story.facts.cytopenia_onset_date
    depleted, infused = story.facts.ld_start_date, story.facts.cart_infusion_date
    if onset is None or infused is None or depleted is None or day <= depleted:
        return 0
    if day < onset:
        grade = min(peak - 1, BEFORE_ONSET_AT_MOST)
    else:
        grade = peak - max(0, (day - _recovers_on(story, onset)).days // STEP_DAYS)
    shallower = 0 if lineage == "NEUT" else story.number(f"LAB depth {lineage}", 0, 1)
    return max(0, min(grade - shallower, _DEEPEST[lineage]))


def _recovers_on(story: Story, onset: date) -> date:
    """After the graft, else some weeks after the infusion; never before the infusion is a day old."""
    infused, grafted = story.facts.cart_infusion_date, story.facts.hsct_date
    assert infused is not None
    if grafted:
        return max(onset, infused, grafted) + timedelta(
            story.number("LAB recovery", *RECOVERY_AFTER_GRAFT_DAYS)
        )
    return max(onset, infused) + timedelta(story.number("LAB recovery", *RECOVERY_WITHOUT_GRAFT_DAYS))


def count(story: Story, lineage: str, day: date) -> Decimal:
    grade = grade_on(story, lineage, day)
    return story.steady(f"LAB {lineage}", grade, day, *_BANDS[lineage][grade])
