"""Age by the calendar, from a birth date that may lack its day or month."""

from datetime import date

from patients.items.partial_date import PartialDate

ADULT_YEARS = 18


def birthday_of(born: PartialDate) -> date:
    """The day that a partial birth date counts as: an unknown month as June, an unknown day as the 15th
    (specification of item `age_consent`)."""
    return date(born.year, born.month or 6, born.day or 15)


def completed_years(born: PartialDate, on: date) -> int:
    """Birthdays had by the calendar: on 1 March, if born on 29 February."""
    birthday = birthday_of(born)
    return on.year - birthday.year - ((on.month, on.day) < (birthday.month, birthday.day))


def is_adult(born: PartialDate, on: date) -> bool:
    return completed_years(born, on) >= ADULT_YEARS
