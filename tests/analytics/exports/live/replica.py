"""A registry of somebody's own, kept as whoever reads `/api/v1/sync` would keep it: what each change says is
put where it says, and nothing else is asked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

Place = tuple[str, ...]
Told = dict[str, Any]


@dataclass
class Replica:
    """Values by place and item; void rows; states of pages. `after` is where it stands, `seen` names the acts
    in the order in which they came."""

    values: dict[Place, str] = field(default_factory=dict)
    void: set[Place] = field(default_factory=set)
    states: dict[Place, str] = field(default_factory=dict)
    after: int | str = 0
    seen: list[int | str] = field(default_factory=list)

    def follow(self, ask: Callable[[str], Told]) -> bool:
        """Take in one page of changes; whether there are more at once."""
        answer = ask(f"sync?after={self.after}&limit=5")
        entries = answer["entries"]
        if answer["sealed"] is not None:
            assert all(self.after < one["seq"] <= answer["sealed"] for one in entries)
        self.seen += dict.fromkeys(one["seq"] for one in entries)
        for entry in entries:
            self._take(entry)
        self.after = answer["after"]
        return answer["next"] is not None

    def _take(self, entry: Told) -> None:
        place = tuple(entry[name] for name in ("subject", "form", "visit", "row"))
        if entry["kind"] == "value":
            self.values[*place, entry["item"]] = entry["value"] or f"[{entry['missing']}]"
        elif entry["kind"] == "row":
            (self.void.add if entry["value"] == "Y" else self.void.discard)(place)
        elif entry["kind"] == "page":
            self.states[place[:3]] = entry["value"]

    @property
    def standing(self) -> dict[Place, str]:
        """The values of rows that stand; an item that was emptied has none."""
        kept = self.values.items()
        return {place: value for place, value in kept if value != "[None]" and place[:4] not in self.void}


def of_lists(items: Iterable[Told], pages: Iterable[Told]) -> tuple[dict[Place, str], dict[Place, str]]:
    """The same from the lists of the registry: values, and the states of pages that somebody has saved."""
    values = {
        tuple(one[name] for name in ("subject", "form", "visit", "row", "item")): one["value"]
        or f"[{one['missing']}]"
        for one in items
    }
    return values, {
        (one["subject"], one["form"], one["visit"]): one["state"] for one in pages if one["state"] != "empty"
    }
