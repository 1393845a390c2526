"""The period in which a day lies (section 4.1): LD from the first dose of lymphodepletion to T0 - 1, CART
from T0 to min(H0 - 1, T0 + 90), HSCT from H0 to H0 + 100. The form of adverse events derives the same of its
own dates."""

from datetime import date

from analytics.datasets.story import Story

CAR_T_DAYS, GRAFT_DAYS = 90, 100


def period_of(story: Story, day: date | None) -> str | None:
    """The code of the period; None for a day of none."""
    if day is None:
        return None
    if story.grafted is not None and day >= story.grafted.value:
        return "hsct" if (day - story.grafted.value).days <= GRAFT_DAYS else None
    if story.infused is not None and day >= story.infused.value:
        return "cart" if (day - story.infused.value).days <= CAR_T_DAYS else None
    return "ld" if story.first_dose is not None and day >= story.first_dose.value else None
