"""What of a data cut somebody asks for, in the words of the addresses that give the same at once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from analytics.exports.bundle import ALL, MEDIA_TYPE, Watch, name_of, wanted_formats, write_bundle
from analytics.exports.files import copied, file_of, workbook_of
from analytics.exports.formats.registry import FORMATS
from analytics.exports.jobs.models import Export, What
from analytics.exports.kept_tables import tables_of_lock
from analytics.exports.made_file import MadeFile
from analytics.exports.odm.files import KINDS, SNAPSHOT, TRANSACTIONAL, odm_file
from analytics.exports.tables import Standard
from analytics.locks.models import Lock
from trial.people.tokens import Dates

OPTIONS: Mapping[str, tuple[str, ...]] = {
    What.ARCHIVE: ("formats",),
    What.TABLE: ("name", "suffix"),
    What.WORKBOOK: ("standard",),
    What.ODM: ("kind",),
}
"""The options of each thing that can be asked for."""
DEFAULTS: Mapping[str, Any] = {"formats": ["csv"], "kind": SNAPSHOT}


class NotWished(ValueError):
    """What is asked for is nothing that there is; its text says why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for, with its options complete."""

    what: What
    options: dict[str, Any] = field(default_factory=dict)


def read_wish(told: Mapping[str, Any], lock: Lock, dates: str) -> Wish:
    """The wish that these members tell, for a lock and an asker who has dates so. Raises NotWished."""
    what = told.get("what", What.ARCHIVE)
    if not isinstance(what, str) or what not in OPTIONS:
        raise NotWished(_listed("what", OPTIONS))
    allowed = OPTIONS[what]
    if unknown := sorted(set(told) - {"lock", "what", *allowed}):
        raise NotWished(
            _("%(what)s takes no %(name)s.") % {"what": what, "name": ", ".join(map(str, unknown))}
        )
    options = {name: told.get(name, DEFAULTS.get(name, "")) for name in allowed}
    for name, value in options.items():
        _CHECKS[name](value, lock, dates)
    if what == What.ARCHIVE:
        options["formats"] = wanted_formats(options["formats"])
    return Wish(What(what), options)


def _check_formats(value: Any, lock: Lock, dates: str) -> None:
    if not isinstance(value, list) or not value or any(one not in ALL for one in value):
        raise NotWished(_listed("formats", ALL))


def _check_name(value: Any, lock: Lock, dates: str) -> None:
    if not isinstance(value, str) or value not in tables_of_lock(lock):
        raise NotWished(_("The cut has no table of this name."))


def _one_of(name: str, among: Iterable[str]) -> Callable[[Any, Lock, str], None]:
    known = tuple(among)

    def check(value: Any, lock: Lock, dates: str) -> None:
        if value not in known:
            raise NotWished(_listed(name, known))

    return check


def _check_kind(value: Any, lock: Lock, dates: str) -> None:
    _one_of("kind", KINDS)(value, lock, dates)
    if value == TRANSACTIONAL and dates != Dates.TRUE:
        raise NotWished(_("The moments of acts are given with dates as they are alone."))


_CHECKS: Mapping[str, Callable[[Any, Lock, str], None]] = {
    "formats": _check_formats,
    "name": _check_name,
    "suffix": _one_of("suffix", FORMATS),
    "standard": _one_of("standard", map(str, Standard)),
    "kind": _check_kind,
}


def _listed(name: str, known: Iterable[str]) -> str:
    return _("%(where)s must be %(wanted)s.") % {"where": name, "wanted": ", ".join(known)}


def write_wished(export: Export, path: Path, watch: Watch) -> MadeFile:
    """Write what is asked for to this place. Raises what the making of such a file raises, and what `watch`
    raises."""
    lock, to, options = export.lock, export.to, export.options
    if export.what == What.ARCHIVE:
        wanted = options["formats"]
        rows = write_bundle(lock, wanted, to, path, watch)
        return MadeFile(path, name_of(lock, wanted, to), MEDIA_TYPE, "", rows)
    if export.what == What.TABLE:
        made = file_of(lock, options["name"], options["suffix"], to)
    elif export.what == What.WORKBOOK:
        made = workbook_of(lock, options["standard"], to)
    else:
        made = odm_file(lock, options["kind"], to)
    return copied(made, path)
