"""What the page of a lock shows: the paragraph, the tables and the figures, every number with its link."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from analytics.desk.staleness import Standing
from analytics.endpoints.catalogue import catalogue
from analytics.locks.models import Lock
from analytics.locks.visible import sites_of_lock
from analytics.reports.adverse_events import EventTable, event_table
from analytics.reports.figures import incidence_figure, survival_figure
from analytics.reports.lock_figures import link_to
from analytics.reports.section_four import crossed_in
from analytics.reports.step_figure import StepFigure
from analytics.runs.models import Estimate, Run
from trial.people.access import can
from trial.people.models import Account
from trial.people.roles import Permission

MISSING = "–"


class Numbers:
    """The estimates of a run as links to what made them; in a template `numbers.enrolled_n`."""

    def __init__(self, lock: Lock, estimates: dict[str, Estimate]) -> None:
        self.lock, self.estimates = lock, estimates

    def __getitem__(self, id: str) -> SafeString:
        """The figure as printed, with % where it is one. Raises KeyError for one outside the catalogue."""
        entry = catalogue()[id]
        unit = " %" if entry.kind == "percent" else ""
        return self.link(id, f"{self.text(id)}{unit}" if self.text(id) != MISSING else MISSING)

    def text(self, id: str) -> str:
        estimate = self.estimates.get(id)
        return estimate.text if estimate and estimate.text else MISSING

    def link(self, id: str, text: str) -> SafeString:
        if id not in self.estimates:
            return format_html('<span class="num-none">{}</span>', text)
        url = reverse("trace", args=[self.lock.pk, id])
        return format_html('<a class="num" href="{}">{}</a>', url, text)

    def share(self, stem: str, *, brackets: str = "({} %)") -> SafeString:
        """`16 (84.2 %)` of STEM_n and STEM_pct."""
        text = f"{self.text(f'{stem}_n')} {brackets.format(self.text(f'{stem}_pct'))}"
        return self.link(f"{stem}_n", text)

    def spread(self, stem: str) -> SafeString:
        """`23.8–81.9` of STEM_min and STEM_max."""
        return self.link(f"{stem}_min", f"{self.text(f'{stem}_min')}–{self.text(f'{stem}_max')}")

    def interval(self, stem: str) -> SafeString:
        """`28.6–100.0 %` of STEM_lo and STEM_hi."""
        return self.link(f"{stem}_lo", f"{self.text(f'{stem}_lo')}–{self.text(f'{stem}_hi')} %")

    def of(self, id: str, set_id: str) -> SafeString:
        """`12 of 12`."""
        return self.link(id, _("%(n)s of %(all)s") % {"n": self.text(id), "all": self.text(set_id)})


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of a table; a heading has no cell."""

    label: str
    cell: SafeString | None = None
    indent: bool = False


@dataclass(frozen=True)
class ResultsScreen:
    """The page of a lock with a finished run."""

    lock: Lock
    run: Run
    standing: Standing
    numbers: Numbers
    paragraph: tuple[SafeString, ...]
    patients: tuple[TableRow, ...]
    safety: tuple[TableRow, ...]
    survival: StepFigure | None
    incidence: StepFigure | None
    events: EventTable | None
    crossed: tuple[str, ...]
    may_export: bool

    @property
    def patients_note(self) -> str:
        return _("n = %(n)s, n (%%) unless said") % {"n": self.numbers.text("enrolled_n")}

    @property
    def survival_caption(self) -> SafeString:
        return _sentence(
            _(
                "Kaplan-Meier; shaded: 95 % interval on the log scale, capped at 100 %; ticks: censored. "
                "Median OS {os} months, PFS {pfs} months."
            ),
            os=self.numbers["os_median"],
            pfs=self.numbers["pfs_median"],
        )

    @property
    def incidence_caption(self) -> SafeString:
        return _sentence(
            _(
                "Aalen-Johansen from transplantation; competing: death without acute GVHD. "
                "Three months are 91.3 days: {share}."
            ),
            share=self.numbers["agvhd_cif_3m"],
        )


def results_screen(lock: Lock, run: Run, reader: Account, standing: Standing) -> ResultsScreen:
    """The page from the numbers of the run alone; who reads it decides which pages it links to."""
    estimates = {estimate.figure: estimate for estimate in run.estimates.all()}
    numbers = Numbers(lock, estimates)
    texts = {id: estimate.text for id, estimate in estimates.items()}
    curves: dict[str, Any] | None = run.shown.get("curves")
    events: dict[str, Any] | None = run.shown.get("adverse_events")
    return ResultsScreen(
        lock=lock,
        run=run,
        standing=standing,
        numbers=numbers,
        paragraph=paragraph(numbers),
        patients=_patients(numbers),
        safety=_safety(numbers),
        survival=survival_figure(curves, texts, link_to(lock, "survival")) if curves else None,
        incidence=incidence_figure(curves, texts, link_to(lock, "incidence")) if curves else None,
        events=event_table(events, reader) if events else None,
        crossed=crossed_in(run.shown),
        may_export=all(can(reader, Permission.EXPORT, site=site) for site in sites_of_lock(lock)),
    )


def _sentence(words: str, **numbers: SafeString) -> SafeString:
    return format_html(words, **numbers)


def paragraph(n: Numbers) -> tuple[SafeString, ...]:
    """The Results paragraph of the abstract, sentence by sentence, written from the numbers. What the
    published one had no occasion to say is added where it occurred."""
    return (*_published(n), *_further(n))


def _further(n: Numbers) -> list[SafeString]:
    """The worst grades, relapses with CD7 and other deaths, each only if there are any."""
    occasions = (
        ("crs_g4_n", n.share("crs_g4"), _("CRS of grade 4 occurred in {share}.")),
        ("agvhd_g4_n", n.share("agvhd_g4"), _("Acute GVHD of grade IV occurred in {share}.")),
        ("relapse_cd7pos_n", n["relapse_cd7pos_n"], _("{share} had a CD7-positive relapse.")),
        ("deaths_other", n["deaths_other"], _("{share} died of another cause.")),
    )
    return [
        _sentence(words, share=share) for id, share, words in occasions if n.text(id) not in (MISSING, "0")
    ]


def _published(n: Numbers) -> tuple[SafeString, ...]:
    """The sentences of the published interim analysis."""
    return (
        _sentence(
            _("By the cut-off, {enrolled} patients were enrolled and {infused} had received CD7 CAR-T cells; "
              "{followed} had completed at least three months of follow-up."),
            enrolled=n["enrolled_n"], infused=n["saf_n"], followed=n.share("fu_ge_3m"),
        ),
        _sentence(
            _("Median age was {age} years (range {range}) and {male} were male; {aml} had AML, {tlbl} T-LBL "
              "and {tall} T-ALL."),
            age=n["age_median"], range=n.spread("age"), male=n.share("male"), aml=n.share("dx_aml"),
            tlbl=n.share("dx_tlbl"), tall=n.share("dx_tall"),
        ),
        _sentence(
            _("{lines} had had three or more lines of therapy, {allo} a previous allogeneic transplant, of "
              "these {two} two, and {cll1} a CLL-1 CAR-T."),
            lines=n.share("prior_lines_ge3"), allo=n.share("prior_allo"), two=n["prior_allo_two_n"],
            cll1=n["prior_cll1_n"],
        ),
        _sentence(
            _("Products came from a new haploidentical donor in {haplo} and from the previous transplant "
              "donor in {prior}; donors were offspring in {offspring}, parents in {parent} and siblings in "
              "{sibling}."),
            haplo=n.share("src_new_haplo"), prior=n.share("src_prior_donor"),
            offspring=n.share("donor_offspring"), parent=n.share("donor_parent"),
            sibling=n.share("donor_sibling"),
        ),
        _sentence(
            _("CRS was of grade 1–2 in {mild} and of grade 3 in {severe}; cytopenia of grade 3–4 occurred in "
              "{cytopenia}."),
            mild=n.share("crs_g12"), severe=n.share("crs_g3"), cytopenia=n.share("cytopenia_g34"),
        ),
        _sentence(
            _("{cri} reached MRD-negative CRi, and {hsct} went on to a haploidentical transplantation, "
              "{month} of them within the first month, after a median of {interval} days (range {range})."),
            cri=n["cri_n"], hsct=n["hsct_n"], month=n["hsct_within_month_n"],
            interval=n["hsct_interval_median"], range=n.spread("hsct_interval"),
        ),
        _sentence(
            _("Acute GVHD was of grade I–II in {mild} and of grade III in {severe}; it resolved in "
              "{resolved}, and its cumulative incidence at three months was {incidence}."),
            mild=n.share("agvhd_g12"), severe=n.share("agvhd_g3"), resolved=n["agvhd_resolved_n"],
            incidence=n["agvhd_cif_3m"],
        ),
        _sentence(
            _("At one month {full} of {evaluable} evaluable patients ({percent}) had full donor chimerism; "
              "chronic GVHD occurred in {chronic} of {followed}."),
            full=n["chimerism_full_n"], evaluable=n["chimerism_evaluable"], percent=n["chimerism_full_pct"],
            chronic=n["cgvhd_n"], followed=n["cgvhd_evaluable"],
        ),
        _sentence(
            _("At a median follow-up of {median} months (range {range}), {alive} patients were alive and "
              "{free} free of disease; {relapse} had a CD7-negative relapse after a median of {time} months "
              "(range {times}), and {deaths} died, {infection} of infection and {of_relapse} of relapse."),
            median=n["fu_median"], range=n.spread("fu"), alive=n["alive_n"], free=n["disease_free_n"],
            relapse=n.share("relapse"), time=n["relapse_median"], times=n.spread("relapse"),
            deaths=n["deaths_n"], infection=n["deaths_infection"], of_relapse=n["deaths_relapse"],
        ),
        _sentence(
            _("Twelve-month OS was {os} (95 % CI {os_ci}) and PFS {pfs} (95 % CI {pfs_ci}); median OS was "
              "{os_median} months and median PFS {pfs_median} months."),
            os=n["os_12m"], os_ci=n.interval("os_12m"), pfs=n["pfs_12m"], pfs_ci=n.interval("pfs_12m"),
            os_median=n["os_median"], pfs_median=n["pfs_median"],
        ),
    )  # fmt: skip


def _patients(n: Numbers) -> tuple[TableRow, ...]:
    def row(label: str, stem: str) -> TableRow:
        return TableRow(label, n.share(stem, brackets="({})"), indent=True)

    age = n.link("age_median", f"{n.text('age_median')} ({n.text('age_min')}–{n.text('age_max')})")
    return (
        TableRow(_("Age at enrolment, years: median (range)"), age),
        TableRow(_("Male"), n.share("male", brackets="({})")),
        TableRow(_("Disease")),
        row("AML", "dx_aml"),
        row("T-LBL", "dx_tlbl"),
        row("T-ALL", "dx_tall"),
        TableRow(_("Prior therapy")),
        row(_("Three or more lines"), "prior_lines_ge3"),
        row(_("Previous allogeneic transplant"), "prior_allo"),
        TableRow(_("Of these, two transplants"), n["prior_allo_two_n"], indent=True),
        TableRow(_("Previous CLL-1 CAR-T"), n["prior_cll1_n"], indent=True),
        TableRow(_("Source of the product")),
        row(_("New haploidentical donor"), "src_new_haplo"),
        row(_("Previous transplant donor"), "src_prior_donor"),
        TableRow(_("Donor")),
        row(_("Offspring"), "donor_offspring"),
        row(_("Parent"), "donor_parent"),
        row(_("Sibling"), "donor_sibling"),
    )


def _safety(n: Numbers) -> tuple[TableRow, ...]:
    def row(label: str, stem: str) -> TableRow:
        return TableRow(label, n.share(stem, brackets="({})"))

    return (
        row(_("CRS grade 1–2"), "crs_g12"),
        row(_("CRS grade 3"), "crs_g3"),
        row(_("CRS grade 4"), "crs_g4"),
        row(_("Cytopenia grade 3–4"), "cytopenia_g34"),
        row(_("aGVHD grade I–II"), "agvhd_g12"),
        row(_("aGVHD grade III"), "agvhd_g3"),
        row(_("aGVHD grade IV"), "agvhd_g4"),
        TableRow(_("aGVHD resolved"), n.of("agvhd_resolved_n", "agvhd_any_n")),
        TableRow(_("Chronic GVHD, evaluable"), n.of("cgvhd_n", "cgvhd_evaluable")),
        TableRow(_("Full donor chimerism, evaluable"), n.of("chimerism_full_n", "chimerism_evaluable")),
        row(_("Relapse, CD7-negative"), "relapse"),
        row(_("Relapse of any type"), "relapse_any"),
        TableRow(_("Death from infection"), n["deaths_infection"]),
        TableRow(_("Death from relapse"), n["deaths_relapse"]),
        TableRow(_("Death from another cause"), n["deaths_other"]),
    )
