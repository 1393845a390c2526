"""Holding computed figures against the published ones."""

from collections.abc import Mapping
from dataclasses import dataclass

from analytics.endpoints.catalogue import catalogue


@dataclass(frozen=True, slots=True)
class Comparison:
    """A published figure and the computed one as printed; a figure that was not computed does not agree."""

    id: str
    published: str
    computed: str | None

    @property
    def agrees(self) -> bool:
        return self.computed == self.published


def compare(computed: Mapping[str, str]) -> list[Comparison]:
    """Every published figure beside the computed one (figure id → text)."""
    return [
        Comparison(entry.id, entry.published_text, computed.get(entry.id))
        for entry in catalogue().values()
        if entry.published_value is not None
    ]
