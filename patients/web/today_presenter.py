"""The first screen of a day: what waits for the person, by the work that he or she does here.

Every number is a link to its rows; a list shows the first few and says how many there are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.entry.drafts import KeptDraft, On
from patients.oversight.recruitment import Recruitment
from patients.oversight.review import COUNTED_UP_TO
from patients.oversight.safety_clocks import RunningClock
from patients.oversight.safety_glance import Grave
from patients.oversight.safety_words import step_in_words, time_left
from patients.web.clocks import moment, short_day
from patients.web.states import mark
from patients.web.trail_filters import REVIEW
from patients.web.work_presenter import WorkLine, WorkList, page_in_words


@dataclass(frozen=True, slots=True)
class SiteProgress:
    """Recruitment of a site, and of all sites together where there are several."""

    site: str
    screened: int
    enrolled: int
    lately: int
    first: date | None


@dataclass
class TodayScreen:
    """Everything that the template of the first screen says."""

    day: date
    greeting: str
    lists: list[WorkList]
    soon: list[WorkLine]
    progress: list[SiteProgress]
    planned: int | None
    grave: list[WorkLine]
    clocks: list[WorkLine]
    drafts: list[WorkLine] = field(default_factory=list)
    reviews: list[WorkLine] = field(default_factory=list)
    doubles: list[WorkLine] = field(default_factory=list)
    doubles_count: int = 0

    @property
    def left(self) -> list[WorkList]:
        """The lists that are about pages and visits; the others stand beside them."""
        return [each for each in self.lists if each.name in ("window", "overdue")]

    @property
    def right(self) -> list[WorkList]:
        return [each for each in self.lists if each not in self.left]

    @property
    def enrolled(self) -> int:
        return sum(each.enrolled for each in self.progress)


# --- safety and recruitment ------------------------------------------------------------------------------
def grave_lines(found: Iterable[Grave]) -> list[WorkLine]:
    """Grades of 3 and more, each with its page."""
    return [
        WorkLine(
            mark("query" if each.grade > 3 else "overdue"),
            each.page.get_absolute_url(),
            f"{each.page.subject.code} · {each.what}",
            "",
            short_day(each.day),
        )
        for each in found
    ]


def clock_lines(found: Iterable[RunningClock], now: datetime) -> list[WorkLine]:
    """The reports that have not gone out, each with the hours left."""
    return [_clock(each, now) for each in found]


def _clock(running: RunningClock, now: datetime) -> WorkLine:
    due = _("due %(at)s") % {"at": moment(running.until)}
    title = f"{running.page.subject.code} · {step_in_words(running)}"
    kind = "bad" if running.until < now else "warn"
    url = running.page.get_absolute_url()
    return WorkLine(mark("overdue"), url, title, due, time_left(running, now), kind)


def draft_lines(kept: Iterable[KeptDraft]) -> list[WorkLine]:
    """The pages on which the person has typed something that is not saved."""
    return [
        WorkLine(
            mark("progress"),
            _address(draft),
            page_in_words(draft.page),
            _("kept as a draft, not saved; last typed %(at)s") % {"at": moment(draft.saved_at)},
            "",
        )
        for draft in kept
    ]


_SCREENS: dict[str, str] = {On.PAGE: "page", On.PASTE: "paste", On.JUDGE: "judge"}


def _address(draft: KeptDraft) -> str:
    return reverse(_SCREENS[draft.screen], args=[draft.page_id])


def review_lines(waiting: Mapping[str, int]) -> list[WorkLine]:
    """The sites at which acts wait for the person's review."""
    return [
        WorkLine(
            mark("progress"),
            f"{reverse('trail-of-sites')}?{urlencode({'site': site, 'since': REVIEW})}",
            site,
            _("changes since your last review"),
            f"{count}+" if count >= COUNTED_UP_TO else str(count),
        )
        for site, count in waiting.items()
        if count
    ]


def progress_of(sites: Iterable[Recruitment]) -> list[SiteProgress]:
    return [
        SiteProgress(each.site.code, each.screened, each.enrolled, each.lately, each.first) for each in sites
    ]


def greeting(lists: Iterable[WorkList], closing: int, doubles: int = 0) -> str:
    """One sentence on the day: what is most pressing. `closing`: the visits whose window closes today;
    `doubles`: the subjects that may have been entered twice."""
    if closing:
        text = ngettext(
            "%(count)s visit window closes today.", "%(count)s visit windows close today.", closing
        )
        return text % {"count": closing}
    if not doubles and not any(each.count for each in lists):
        return _("Nothing waits for you.")
    return ""
