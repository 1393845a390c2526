"""What a list is narrowed to, read from the address and written back into it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from django.utils.http import urlencode

from patients.web.trail_filters import LONGEST


@dataclass(frozen=True, slots=True)
class AddressFilters:
    """The filters of a list by the names that the address has for them; an empty one lets all through."""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self:
        """As they stand in an address."""
        texts = {each.name: given.get(each.name, "").replace("\0", "").strip() for each in fields(cls)}
        return cls(**{name: text[:LONGEST] for name, text in texts.items()})

    @property
    def named(self) -> dict[str, str]:
        """Those in use, for the address."""
        texts = {each.name: str(getattr(self, each.name)) for each in fields(self)}
        return {name: text for name, text in texts.items() if text}

    @property
    def is_filtered(self) -> bool:
        return any(name != "order" for name in self.named)

    def address(self, **more: str | int) -> str:
        """The part of the address behind the question mark, with some of them replaced."""
        return urlencode({name: value for name, value in {**self.named, **more}.items() if value != ""})

    @property
    def on_record(self) -> str:
        """The same for the trail, without the words that were searched for: they may be what is to be hidden
        from it."""
        return self.address(**({"words": "…"} if self.named.get("words") else {}))
