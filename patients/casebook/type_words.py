"""How the type of an item is called where people read it; data keep the name itself."""

from django.utils.translation import pgettext_lazy

from patients.items.problems import Text

WORDS: dict[str, Text] = {
    "int": pgettext_lazy("type of an item", "int"),
    "dec": pgettext_lazy("type of an item", "dec"),
    "bool": pgettext_lazy("type of an item", "bool"),
    "date": pgettext_lazy("type of an item", "date"),
    "pdate": pgettext_lazy("type of an item", "pdate"),
    "datetime": pgettext_lazy("type of an item", "datetime"),
    "time": pgettext_lazy("type of an item", "time"),
    "text": pgettext_lazy("type of an item", "text"),
    "coded text": pgettext_lazy("type of an item", "coded text"),
    "user": pgettext_lazy("type of an item", "user"),
    "choice": pgettext_lazy("type of an item", "choice"),
    "multi": pgettext_lazy("type of an item", "multi"),
    "ref": pgettext_lazy("type of an item", "ref"),
    "multi ref": pgettext_lazy("type of an item", "multi ref"),
    "grid": pgettext_lazy("type of an item", "grid"),
    "text grid": pgettext_lazy("type of an item", "text grid"),
}


def type_in_words(type_name: str) -> str:
    """The type in the active language, its size kept: `dec(5,2)`."""
    name, bracket, size = type_name.partition("(")
    return f"{WORDS[name]}{bracket}{size}"
