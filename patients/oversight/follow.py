"""What oversight does when a page is saved, beside its queries. The tables of these acts (signature and
verification) come with oversight, and until then nothing follows."""

from collections.abc import Iterable

from patients.casebook.page import Page
from trial.trail.record import Change


def drop_signatures(page: Page, changes: Iterable[Change]) -> list[Change]:
    """A signature falls when a value that it stands for changes."""
    return []


def drop_verifications(page: Page, changes: Iterable[Change]) -> list[Change]:
    """A verified item that changes returns to the monitor's list."""
    return []
