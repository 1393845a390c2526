"""What oversight does when a page is saved. The save calls these acts in this order; their tables come with
the edit checks (queries) and with oversight (verification, signature), and until then nothing follows."""

from collections.abc import Iterable

from patients.casebook.page import Page
from patients.items.problems import Finding
from trial.trail.record import Change


def follow_queries(page: Page, findings: Iterable[Finding]) -> list[Change]:
    """Open a query for each new finding, close those whose finding has gone."""
    return []


def drop_signatures(page: Page, changes: Iterable[Change]) -> list[Change]:
    """A signature falls when a value that it stands for changes."""
    return []


def drop_verifications(page: Page, changes: Iterable[Change]) -> list[Change]:
    """A verified item that changes returns to the monitor's list."""
    return []
