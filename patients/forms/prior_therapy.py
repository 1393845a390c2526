"""PTHER: lines of earlier therapy, one row each, entered by the coordinator at screening.

A line holds its consolidation, maintenance and intrathecal parts; lines are numbered from 1 without gaps.
"""

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Repeat
from patients.forms.rows import row_with, unique_on_form
from patients.items.checks import Sight, soft
from patients.items.codelists import RESP, Code, choices
from patients.items.conditions import Answers
from patients.items.limits import at_most, between, must, not_after, not_before, numbered
from patients.items.types import ChoiceItem, IntegerItem, MultiItem, PartialDateItem, TextItem

OVERLAP_AT_MOST_DAYS = 30  # of a line with the next
HEAVILY_TREATED_FROM_LINES = 3  # the group that the summary of the cohort counts


def _in_order(number: int, answers: Answers) -> bool:
    """The line before it exists, and overlaps with it by 30 days at most."""
    if number == 1:
        return True
    before = row_with(answers, "PTHER", "line_no", number - 1)
    if before is None:
        return False
    start, ended = answers["line_start"], before["line_end"]
    began = before["line_start"]
    in_time = start is None or began is None or start.latest >= began.earliest
    return in_time and (
        start is None or ended is None or (ended.earliest - start.latest).days <= OVERLAP_AT_MOST_DAYS
    )


def _another_group(answers: Answers) -> Sight:
    """Told once, at the last line."""
    lines = answers.rows("PTHER")
    before, now = answers["DX.lines_before_n"], len(lines)
    last = max((row["line_no"] for row in lines if row["line_no"] is not None), default=None)
    if before is None or last is None or answers["line_no"] != last:
        return False
    changed = (before >= HEAVILY_TREATED_FROM_LINES) != (now >= HEAVILY_TREATED_FROM_LINES)
    return changed and {"before": before, "now": now}


class PriorTherapy(FormRow):
    """One line of therapy before the trial: agents, dates, best response and why it ended."""

    form = FormDeclaration(
        code="PTHER",
        title=_("Prior therapy line"),
        enters=_("coordinator"),
        signs="-",
        sdtm="CM (CMCAT=PRIOR ANTICANCER), SUPPCM",
        repeat=Repeat.ROWS,
        dated_by="line_start",
        checks=(
            soft(
                "X-DX-08",
                "line_no",
                _("Line count changed the >=3-lines group: %(before)s before, %(now)s now."),
                _another_group,
                "DX.lines_before_n",
                "PTHER.line_no",
            ),
        ),
    )

    line_no = IntegerItem(
        _("Line number"),
        hard=(
            between("1", "20"),
            unique_on_form("PTHER", "line_no"),
            numbered(
                must(_("after the line before it"), _in_order, "PTHER.line_no", "PTHER.line_start"),
                "X-DX-07",
                _("Therapy lines must be numbered 1..n in order."),
            ),
        ),
        cdisc="CM.CMSPID",
    )
    line_type = ChoiceItem(
        _("Type"),
        choices(
            "line_type",
            _("induction"),
            _("consolidation"),
            _("re-induction"),
            _("salvage"),
            _("maintenance"),
            _("targeted"),
            _("immunotherapy"),
            _("radiotherapy"),
            _("intrathecal only"),
            _("other"),
        ),
        cdisc="CM.CMSCAT",
    )
    regimen_name = TextItem(_("Regimen"), 120, dictionary="WHODrug", cdisc="CM.CMTRT")
    agents = MultiItem(
        _("Agents"),
        choices(
            "agents",
            _("anthracycline"),
            _("cytarabine"),
            _("venetoclax"),
            Code("hma", _("HMA")),
            _("FLT3 inhibitor"),
            _("IDH inhibitor"),
            _("asparaginase"),
            _("nelarabine"),
            _("methotrexate"),
            _("vincristine"),
            _("steroid"),
            _("cladribine/fludarabine"),
            _("gemtuzumab"),
            _("daratumumab"),
            _("other"),
        ),
        cdisc="CM.CMDECOD",
    )
    line_start = PartialDateItem(
        _("Start"), hard=(not_before("DX.dx_date"), not_after("LD.ld_date")), cdisc="CM.CMSTDTC"
    )
    line_end = PartialDateItem(_("End"), req="O", hard=not_before("line_start"), cdisc="CM.CMENDTC")
    cycles = IntegerItem(
        _("Courses given"), req="O", hard=between("0", "30"), soft=at_most("12"), cdisc="SUPPCM"
    )
    line_best_resp = ChoiceItem(_("Best response"), RESP, cdisc="RS.BESTRESP (C94536)")
    line_stop_reason = ChoiceItem(
        _("Reason ended"),
        choices(
            "line_stop_reason",
            _("completed"),
            _("progression/no response"),
            _("relapse"),
            _("toxicity"),
            _("transplant"),
            _("patient choice"),
            _("other"),
        ),
        cdisc="SUPPCM",
    )
