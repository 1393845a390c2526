"""What decides a number beside the casebook: the configuration and the laboratories with their ranges.

A run keeps it as text, so that whoever computes or explains its numbers later sees the same again.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from trial.protocol.configuration import SETTINGS, configuration_in_force, configured_as
from trial.protocol.laboratories import laboratories_as, laboratories_in_force

LABORATORIES = "laboratories"
"""Its key among those of the settings."""


def in_force() -> dict[str, str]:
    """All of it as texts by key."""
    return {**configuration_in_force(), LABORATORIES: laboratories_in_force()}


@contextmanager
def as_in_force(texts: Mapping[str, str]) -> Iterator[None]:
    """Within this block it is as these texts say; what was kept before there were laboratories has none, and
    before a setting was declared its default. What else a run keeps beside them is no setting."""
    settings = {key: text for key, text in texts.items() if key in SETTINGS}
    with configured_as(settings), laboratories_as(texts.get(LABORATORIES, "[]")):
        yield
