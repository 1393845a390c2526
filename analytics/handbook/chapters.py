"""The chapters of the handbook: where each lies in `docs/`, and for whom it is written."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.handbook.statistics import statistics_chapter

DOCS = Path(__file__).parent.parent.parent / "docs"
PICTURES = DOCS / "screenshots"
CHINESE = "zh"


@dataclass(frozen=True, slots=True)
class Chapter:
    """One page. `path` is that of its Markdown below `docs/`, in English; a Chinese one may lie beside it
    (`monitor.zh.md`). `more` adds what is made of the declarations."""

    name: str
    title: Promise | str
    path: Path
    more: Callable[[], str] | None = None

    def languages(self) -> list[str]:
        return ["en", CHINESE] if self._in_chinese.exists() else ["en"]

    def text(self, language: str) -> str:
        """Its Markdown, in Chinese where it is asked for and there."""
        path = self._in_chinese if language.startswith(CHINESE) and self._in_chinese.exists() else self.path
        text = path.read_text(encoding="utf-8")
        return f"{text}\n{self.more()}" if self.more else text

    @property
    def _in_chinese(self) -> Path:
        return self.path.with_suffix(f".{CHINESE}.md")


@dataclass(frozen=True, slots=True)
class Part:
    """Chapters for the same readers."""

    title: Promise
    chapters: tuple[Chapter, ...]


def _chapter(name: str, title: Promise, path: str = "", more: Callable[[], str] | None = None) -> Chapter:
    return Chapter(name, title, DOCS / (path or f"handbook/{name}.md"), more)


@cache
def parts() -> tuple[Part, ...]:
    """The handbook in its order."""
    return (
        Part(
            _("For people of the trial"),
            (
                _chapter("coordinator", _("Site coordinator")),
                _chapter("investigator", _("Investigator")),
                _chapter("monitor", _("Monitor")),
                _chapter("data-manager", _("Data manager")),
                _chapter("statistician", _("Statistician"), more=statistics_chapter),
            ),
        ),
        Part(
            _("For programs and servers"),
            (
                _chapter("api", _("Programs: REST, exports, imports")),
                _chapter("exports", _("Formats of exports"), "exports.md"),
                _chapter("administrator", _("Administrator"), "administration.md"),
                _chapter("scaling", _("One site, a hundred, ten thousand"), "scaling.md"),
                _chapter("threats", _("Threats and what stands against them"), "threat-model.md"),
                _chapter("performance", _("Performance"), "performance.md"),
            ),
        ),
        Part(
            _("For developers"),
            (
                _chapter("architecture", _("Architecture"), "architecture.md"),
                _chapter("adding-a-form", _("How to add a form")),
                _chapter("page-states", _("States of a page"), "page-states.md"),
                _chapter("snapshot", _("The snapshot"), "snapshot.md"),
            ),
        ),
    )


@cache
def decisions() -> tuple[Chapter, ...]:
    """Each choice that a newcomer would question, with its title as it stands in its file."""
    found = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    return tuple(Chapter(f"decision-{path.stem[:4]}", _title(path), path) for path in found)


def chapter(name: str) -> Chapter | None:
    """The chapter of this name, if there is one."""
    everything = (*(one for part in parts() for one in part.chapters), *decisions())
    return next((one for one in everything if one.name == name), None)


def picture(name: str) -> Path | None:
    """A picture that chapters show, if there is one of this name."""
    found = PICTURES / f"{Path(name).stem}.png"
    return found if found.exists() else None


def _title(path: Path) -> str:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.lstrip("# ")
