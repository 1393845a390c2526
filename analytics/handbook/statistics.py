"""What the statistician's chapter says of sets, endpoints and figures: made of their declarations, so that it
cannot say anything else than what is computed."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from analytics.datasets.analysis_sets import SETS
from analytics.datasets.ends.ending import COMPETING, EVENT, Parameter
from analytics.datasets.parameters import PARAMETERS
from analytics.endpoints.catalogue import Entry, catalogue


def statistics_chapter() -> str:
    """Markdown, in the language in use."""
    ends = (_("Endpoint"), _("What"), _("From"), _("Events"), _("Competing"), _("Else censored at"))
    figures = (_("Figure"), _("Kind"), _("Set"), _("Definition"), _("Published"))
    return "\n\n".join(
        (
            _part(_("Analysis sets"), (_("Set"), _("Who is in it"), _("Variable")), _sets()),
            _part(_("Time to event"), ends, map(_parameter, PARAMETERS)),
            _part(_("Every figure"), figures, map(_figure, catalogue().values())),
        )
    )


def _sets() -> Iterable[Sequence[str]]:
    return ((one.name, str(one.words), f"`ADSL.{one.flag}`") for one in SETS)


def _parameter(one: Parameter) -> Sequence[str]:
    censored = one.otherwise.why
    if one.cut_short_by:
        censored = f"{censored}; {one.cut_short_by.why}"
    if one.last_day is not None:
        latest = _("day %(day)s at the latest") % {"day": one.last_day}
        censored = f"{censored}; {latest}"
    origin = f"{one.origin.name} ({one.origin.set})"
    return (
        f"`{one.code}`", str(one.label), origin,
        ", ".join(one.words(EVENT)), ", ".join(one.words(COMPETING)), censored,
    )  # fmt: skip


def _figure(one: Entry) -> Sequence[str]:
    return f"`{one.id}`", one.kind, one.set, one.definition, one.published_text


def _part(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (heads, ("---",) * len(heads), *rows)
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
    return f"## {title}\n\n{table}"
