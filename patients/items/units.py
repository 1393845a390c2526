"""How a unit that is a word is called where people read it; data keep the unit as it is declared."""

from django.utils.translation import pgettext_lazy

from patients.items.problems import Text

WORDS: dict[str, Text] = {
    "years": pgettext_lazy("unit", "years"),
    "a": pgettext_lazy("unit", "a"),
    "d": pgettext_lazy("unit", "d"),
    "h": pgettext_lazy("unit", "h"),
    "/day": pgettext_lazy("unit", "/day"),
    "/min": pgettext_lazy("unit", "/min"),
    "mL/day": pgettext_lazy("unit", "mL/day"),
    "C": pgettext_lazy("unit", "C"),
    "doses": pgettext_lazy("unit", "doses"),
    "points": pgettext_lazy("unit", "points"),
    "ratio": pgettext_lazy("unit", "ratio"),
    # xgettext:no-python-format
    "% of T": pgettext_lazy("unit", "% of T"),
    "% pred": pgettext_lazy("unit", "% pred"),
    "IU/mL or copies/mL": pgettext_lazy("unit", "IU/mL or copies/mL"),
}


def unit_in_words(unit: str) -> str:
    """The unit in the active language; one that is no word reads the same in all."""
    return str(WORDS.get(unit, unit))
