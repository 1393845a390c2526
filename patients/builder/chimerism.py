"""Chimerism: the sample of the first month as the timeline has it, and samples at later visits."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from patients.builder.story import PageRow, Story

FRACTIONS = ("whole", "cd3")
LATER_FROM_HSCT_DAY = 53  # far from the window of the first month, which is the timeline's alone
_HUNDRED = Decimal("100.00")


def chimerism(story: Story) -> Iterator[PageRow]:
    """CHIM: whole blood and CD3 on each day."""
    first, share = story.facts.chimerism_1m_date, story.facts.chimerism_1m_donor_pct
    if first is None or share is None:
        return
    donor = share.quantize(Decimal("0.01"))
    visit = story.visit_on("CHIM", first)
    yield from _sample(story, first, visit, donor)
    for day, later in _later(story, first, visit):
        yield from _sample(story, day, later, donor)


def _later(story: Story, first: date, taken: str | None) -> Iterator[tuple[date, str]]:
    grafted = story.facts.hsct_date
    if grafted is None:
        return
    for visit in story.visits_after_infusion("CHIM"):
        day = story.day_of_visit(visit)
        late = (day - grafted).days >= LATER_FROM_HSCT_DAY and day > first
        if late and visit.code != taken and day <= story.facts.last_contact_date:
            yield day, visit.code


def _sample(story: Story, day: date, visit: str | None, donor: Decimal) -> Iterator[PageRow]:
    for fraction in FRACTIONS:
        values = {
            "chim_dt": day,
            "chim_sample": "blood",
            "chim_lineage": fraction,
            "chim_method": "str_pcr",
            "chim_donor_pct": donor,
            "chim_host_pct": _HUNDRED - donor,
            "chim_lod": Decimal("0.500"),
        }
        if story.facts.n_prior_allo_hsct:
            values["chim_donor2_pct"] = Decimal("0.00")
        yield PageRow(form="CHIM", day=day, visit=visit, row_key=f"blood-{fraction}", values=values)
