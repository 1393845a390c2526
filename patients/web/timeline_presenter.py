"""The course of a subject on its two clocks as a picture, and the same facts as a list of words.

What is drawn is what the pages say: onset, end and grade are the items that the engines derived.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from patients.casebook.answers import Casebook, Record, local_day
from patients.casebook.form import form_model
from patients.casebook.page import Page, Visit
from patients.grading.response import REMISSIONS
from patients.web.clocks import days_on_clocks, full_day, short_day
from patients.web.matrix_presenter import is_of_series
from patients.web.timeline_layout import (
    GAP,
    LEFT,
    TOP,
    WIDTH,
    Drawn,
    Scale,
    Shown,
    Tick,
    middle_of,
    rows_of,
    spans,
    text_width,
    ticks,
)
from patients.web.visit_days import VisitDays, days_of_visits

FORMS = frozenset({"LD", "INF", "HSCT", "CRS", "ICANS", "RESP", "AGVHD", "CGVHD", "RLP", "FU", "DTH"})
"""The forms of which the rows are drawn; blood counts are read apart (`grave_counts`)."""

DAYS_OF_ONE_EPISODE = 7  # grades that are no further apart are drawn as one bar
GRADES_OF_GVHD = ("0", "I", "II", "III", "IV")
SHARE_AHEAD = 8  # of the time so far, one part of so many is drawn after today


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened: how it is drawn, and in words without its day."""

    shown: Shown
    words: str
    in_course: bool = True


@dataclass(frozen=True, slots=True)
class VisitMark:
    """A visit in the lane of visits: held, missed, or the window of one to come."""

    kind: str
    x: int
    end: int = 0
    label: str = ""

    @property
    def left(self) -> int:
        return self.x - 2

    @property
    def middle(self) -> int:
        return (self.x + self.end) // 2

    @property
    def inner(self) -> int:
        """Where the bracket that opens the window ends."""
        return self.x + 5

    @property
    def inner_end(self) -> int:
        return self.end - 5


@dataclass(frozen=True, slots=True)
class Axis:
    """One clock along the picture."""

    name: str
    label: str
    ticks: list[Tick]


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane of the picture: its name, its lower edge, what stands in it."""

    label: str
    label_y: int
    edge: int
    drawn: list[Drawn] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything that the template of the picture draws, and its list."""

    title: str
    lanes: list[Lane]
    visits: list[VisitMark]
    visits_y: int
    car: Axis
    hsct: Axis | None
    today_x: int | None
    today_label: str
    today_flips: bool
    past_to: int
    words: list[str]

    @property
    def bottom(self) -> int:
        return self.lanes[-1].edge + 14

    @property
    def height(self) -> int:
        return self.bottom + 23

    @property
    def depth(self) -> int:
        """From the upper to the lower axis."""
        return self.bottom - TOP

    @property
    def past_width(self) -> int:
        return self.past_to - LEFT

    @property
    def hsct_label_y(self) -> int:
        return self.bottom + 13

    @property
    def hsct_tick_y(self) -> int:
        return self.bottom + 17

    @property
    def visits_top(self) -> int:
        return self.visits_y - 7

    @property
    def visits_bar(self) -> int:
        return self.visits_y - 5

    @property
    def visits_baseline(self) -> int:
        return self.visits_y + 4

    @property
    def today_label_x(self) -> int:
        return (self.today_x or 0) + (-GAP if self.today_flips else GAP)


def timeline_of(
    subject: Any, casebook: Casebook, counts: Iterable[tuple[date, int]], pages: Sequence[Page], today: date
) -> Timeline | None:
    """The timeline of a subject (as `subjects_for` finds it); None until it is infused. `counts`: the days
    on which a blood count was graded 3 or 4, each with the grade."""
    t0 = local_day(subject.t0)
    if t0 is None:
        return None
    happened = [*_treatment(subject, casebook), *_course(casebook, counts, t0)]
    visits = days_of_visits(pages)
    ends = subject.died or today
    scale = _scale(happened, visits, ends, is_over=subject.died is not None)
    return _Picture(subject, scale, happened, visits, today).drawn()


# --- what happened -----------------------------------------------------------------------------------------
def _treatment(subject: Any, casebook: Casebook) -> Iterator[Happening]:
    given = [record for record in casebook.records("LD") if record.values["ld_date"]]
    if given:
        days = [record.values["ld_date"] for record in given]
        drug = form_model("LD").item("ld_drug")
        names = ", ".join(dict.fromkeys(drug.shown(record.values["ld_drug"]) for record in given))
        words = _("lymphodepletion (%(drugs)s)") % {"drugs": names.lower()}
        yield Happening(Shown(min(days), max(days), _("Lymphodepletion")), words, in_course=False)
    for name, label, words, shape, at in (
        ("car", _("T0 CAR-T"), _("CAR-T infusion, T0"), "diamond", local_day(subject.t0)),
        ("hsct", _("H0 graft"), _("haploidentical graft, H0"), "disc", local_day(subject.h0)),
    ):
        if at is not None:
            yield Happening(Shown(at, at, label, name, shape), words, in_course=False)


def _course(casebook: Casebook, counts: Iterable[tuple[date, int]], t0: date) -> Iterator[Happening]:
    yield from _crs(casebook)
    yield from _icans(casebook)
    yield from _cytopenia(counts, t0)
    yield from _remission(casebook, t0)
    yield from _acute_gvhd(casebook)
    yield from _chronic_gvhd(casebook)
    yield from _relapses(casebook)
    yield from _last_contact_or_death(casebook)


def _crs(casebook: Casebook) -> Iterator[Happening]:
    for rows in _grouped(casebook.records("CRS"), "crs_episode"):
        ill = [row for row in rows if row.values["crs_grade"] and row.values["crs_date"]]
        if ill:
            grade = max(row.values["crs_grade"] for row in ill)
            days = [row.values["crs_date"] for row in ill]
            said = _("CRS, maximum grade %(grade)s") % {"grade": grade}
            yield Happening(Shown(min(days), max(days), f"CRS G{grade}", "bar-warn"), said)


def _icans(casebook: Casebook) -> Iterator[Happening]:
    graded = [
        (local_day(row.values["ice_dt"]), row.values["icans_grade"])
        for row in casebook.records("ICANS")
        if row.values["icans_grade"] and row.values["ice_dt"]
    ]
    for first, last, grade in _episodes(graded):
        said = _("ICANS, maximum grade %(grade)s") % {"grade": grade}
        yield Happening(Shown(first, last, f"ICANS G{grade}", "bar-warn"), said)


def _cytopenia(counts: Iterable[tuple[date, int]], t0: date) -> Iterator[Happening]:
    for first, last, grade in _episodes([each for each in counts if each[0] >= t0]):
        said = _("cytopenia of grade 3 or more, maximum grade %(grade)s") % {"grade": grade}
        yield Happening(Shown(first, last, _("Cytopenia G%(grade)s") % {"grade": grade}), said)


def _remission(casebook: Casebook, t0: date) -> Iterator[Happening]:
    """The first remission after the infusion, as the protocol reads it."""
    for row in casebook.records("RESP"):
        day, response = row.values["resp_dt"], row.values["resp_protocol"]
        if day and day > t0 and response in REMISSIONS:
            negative = row.values["mrd_status"] == "negative"
            said = _("MRD-negative %(response)s") if negative else _("first remission: %(response)s")
            yield Happening(Shown(day, day, response, "done", "dot"), said % {"response": response})
            return


def _acute_gvhd(casebook: Casebook) -> Iterator[Happening]:
    for rows in _grouped(casebook.records("AGVHD"), "ag_onset_dt"):
        graded = [row for row in rows if row.values["ag_grade"]]
        if graded:
            grade = GRADES_OF_GVHD[max(row.values["ag_grade"] for row in graded)]
            onset = rows[0].values["ag_onset_dt"]
            resolved = [row.values["ag_resolved_dt"] for row in rows if row.values["ag_resolved_dt"]]
            seen = [row.values["ag_dt"] for row in graded if row.values["ag_dt"]]
            said = _("acute GVHD, maximum grade %(grade)s") % {"grade": grade}
            label = _("aGVHD %(grade)s") % {"grade": grade}
            yield Happening(Shown(onset, max([onset, *(resolved or seen)]), label, "bar-warn"), said)


def _chronic_gvhd(casebook: Casebook) -> Iterator[Happening]:
    rows = [row for row in casebook.records("CGVHD") if row.values["cg_present"] and row.values["cg_dt"]]
    if rows:
        item = form_model("CGVHD").item("cg_global")
        order = list(item.codes.labels)  # type: ignore[attr-defined]
        worst = max((row.values["cg_global"] or "none" for row in rows), key=order.index)
        days = [row.values["cg_dt"] for row in rows]
        severity = item.shown(worst) if worst != "none" else ""
        said = _("chronic GVHD, %(severity)s") % {"severity": severity} if severity else _("chronic GVHD")
        label = _("cGVHD %(severity)s") % {"severity": severity}
        yield Happening(Shown(min(days), max(days), label.strip(), "bar-warn"), said)


def _relapses(casebook: Casebook) -> Iterator[Happening]:
    for row in casebook.records("RLP"):
        if day := row.values["rlp_dt"]:
            kind = form_model("RLP").item("rlp_type").shown(row.values["rlp_type"]) or _("relapse")
            yield Happening(Shown(day, day, kind, "bad", "triangle"), kind)


def _last_contact_or_death(casebook: Casebook) -> Iterator[Happening]:
    for row in casebook.records("DTH"):
        if day := row.values["dth_dt"]:
            cause = form_model("DTH").item("dth_primary").shown(row.values["dth_primary"])
            said = _("died of %(cause)s") % {"cause": cause} if cause else _("died")
            yield Happening(Shown(day, day, _("died"), "bad", "cross"), said)
            return
    alive = [row.values["fu_dt"] for row in casebook.records("FU") if row.values["fu_status"] == "ALIVE"]
    if known := [day for day in alive if day]:
        day = max(known)
        yield Happening(Shown(day, day, _("last contact"), "contact", "dot"), _("last contact, alive"))


def _grouped(records: Iterable[Record], item: str) -> list[list[Record]]:
    """The records that have an answer to an item, by it."""
    found: dict[Any, list[Record]] = defaultdict(list)
    for record in records:
        if record.values[item] is not None:
            found[record.values[item]].append(record)
    return list(found.values())


def _episodes(graded: Iterable[tuple[date | None, int]]) -> list[tuple[date, date, int]]:
    """First day, last day and highest grade of each stretch of graded days."""
    known = [(day, grade) for day, grade in graded if day is not None]
    return [
        (first, last, max(grade for day, grade in known if first <= day <= last))
        for first, last in spans((day for day, _grade in known), apart=DAYS_OF_ONE_EPISODE)
    ]


# --- the picture -------------------------------------------------------------------------------------------
def _scale(happened: list[Happening], visits: list[VisitDays], ends: date, *, is_over: bool) -> Scale:
    """From the first thing known to today and a little further, so that the windows to come next are seen; to
    the death of who died."""
    days = [each.shown.start for each in happened] + [each.held for each in visits if each.held]
    first = min(days)
    ahead = timedelta(days=max(7, (ends - first).days // SHARE_AHEAD))
    last = max([ends + ahead, *(each.shown.end for each in happened)])
    coming = () if is_over else _coming(visits, ends, last + 3 * ahead)
    return Scale(first, max([last, *(each.closes for each in coming if each.closes)]))


def _coming(visits: Iterable[VisitDays], after: date, up_to: date) -> list[Visit]:
    """The visits whose window is open or opens later, and closes in time to be drawn."""
    return [
        each.visit
        for each in visits
        if each.held is None
        and each.is_waited_for
        and not is_of_series(each.visit)
        and each.visit.opens is not None
        and each.visit.closes is not None
        and after <= each.visit.closes <= up_to
    ]


class _Picture:
    """One picture being drawn."""

    def __init__(
        self,
        subject: Any,
        scale: Scale,
        happened: list[Happening],
        visits: list[VisitDays],
        today: date,
    ) -> None:
        self.subject, self.scale, self.happened, self.visits = subject, scale, happened, visits
        self.today = today
        self.t0, self.h0 = local_day(subject.t0), local_day(subject.h0)
        self.shows_today = scale.first <= today <= scale.last

    def drawn(self) -> Timeline:
        lanes = self._lanes()
        visits_row = sum(_height(lane) for lane in lanes)
        return Timeline(
            title=_("Timeline of %(code)s on both clocks; the same facts follow as a list.")
            % {"code": self.subject.code},
            lanes=[
                *self._placed(lanes),
                Lane(_("Visits"), middle_of(visits_row) + 4, middle_of(visits_row) + 13),
            ],
            visits=self._visit_marks(),
            visits_y=middle_of(visits_row),
            car=self._axis("car", _("CAR-T day"), self.t0),
            hsct=self._axis("hsct", _("HSCT day"), self.h0) if self.h0 else None,
            today_x=self.scale.x(self.today) if self.shows_today else None,
            today_label=self._today_label,
            today_flips=self._today_flips,
            past_to=self.scale.x(self.today),
            words=[self._in_words(each) for each in self._in_order()],
        )

    def _axis(self, name: str, label: str, origin: date | None) -> Axis:
        return Axis(name, label, ticks(self.scale, origin) if origin else [])

    # --- lanes -------------------------------------------------------------------------------------------
    def _lanes(self) -> list[tuple[str, list[Drawn]]]:
        treatment = [each.shown for each in self.happened if not each.in_course]
        course = [each.shown for each in self.happened if each.in_course]
        return [
            (
                _("Treatment"),
                rows_of(treatment, self.scale, taken=self._taken_by_today(), lines=self._upright),
            ),
            (_("Course"), rows_of(course, self.scale, lines=self._upright)),
        ]

    def _placed(self, lanes: list[tuple[str, list[Drawn]]]) -> list[Lane]:
        found, above = [], 0
        for label, drawn in lanes:
            rows = _height((label, drawn))
            moved = [
                Drawn(each.shown, each.x, each.width, each.row + above, each.label_x, each.label_anchor)
                for each in drawn
            ]
            found.append(Lane(label, middle_of(above) + 4, middle_of(above + rows - 1) + 13, moved))
            above += rows
        return found

    @property
    def _upright(self) -> list[int]:
        """Where day 0 of each clock and today are drawn from axis to axis."""
        days = (self.t0, self.h0, self.today if self.shows_today else None)
        return [self.scale.x(day) for day in days if day is not None]

    # --- today -------------------------------------------------------------------------------------------
    @property
    def _today_label(self) -> str:
        return _("today, %(day)s") % {"day": short_day(self.today)} if self.shows_today else ""

    @property
    def _today_flips(self) -> bool:
        return self.scale.x(self.today) + GAP + text_width(self._today_label) > WIDTH

    def _taken_by_today(self) -> list[tuple[int, int]]:
        if not self.shows_today:
            return []
        x, width = self.scale.x(self.today), text_width(self._today_label) + GAP
        return [(x - width, x) if self._today_flips else (x, x + width)]

    # --- visits ------------------------------------------------------------------------------------------
    def _visit_marks(self) -> list[VisitMark]:
        marks = []
        for each in self.visits:
            closes = each.visit.closes
            if each.held is not None:
                marks.append(VisitMark("done", self.scale.x(each.held)))
            elif each.is_waited_for and closes is not None and closes < self.today:
                marks.append(VisitMark("late", self.scale.x(each.visit.target or closes)))
        if self.shows_today:
            marks += self._windows()
        return marks

    def _windows(self) -> Iterator[VisitMark]:
        end = 0
        for visit in sorted(_coming(self.visits, self.today, self.scale.last), key=_opening):
            left, right = self.scale.x(_opening(visit)), self.scale.x(visit.closes or self.scale.last)
            if left >= end:
                fits = right - left >= text_width(visit.code) + 2 * GAP
                yield VisitMark("win", left, max(right, left + GAP), visit.code if fits else "")
                end = right

    # --- words -------------------------------------------------------------------------------------------
    def _in_order(self) -> list[Happening]:
        return sorted(self.happened, key=lambda each: (each.shown.start, each.shown.end))

    def _in_words(self, happening: Happening) -> str:
        """`10 Jun 2025 to 12 Jun 2025: CRS, maximum grade 2, CAR-T D+3 to D+5`."""
        first, last = happening.shown.start, happening.shown.end
        starts = days_on_clocks(first, self.subject.t0, self.subject.h0)
        if first == last:
            clocks = [f"{each.label} {each.day}" for each in starts]
            days = full_day(first)
        else:
            ends = days_on_clocks(last, self.subject.t0, self.subject.h0)
            clocks = [
                _("%(clock)s %(first)s to %(last)s")
                % {"clock": start.label, "first": start.day, "last": end.day}
                for start, end in zip(starts, ends, strict=True)
            ]
            days = _("%(first)s to %(last)s") % {"first": full_day(first), "last": full_day(last)}
        return ", ".join([f"{days}: {happening.words}", *clocks])


def _height(lane: tuple[str, list[Drawn]]) -> int:
    """How many rows a lane takes."""
    return max((each.row for each in lane[1]), default=0) + 1


def _opening(visit: Visit) -> date:
    return visit.opens or date.max
