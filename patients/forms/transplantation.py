"""HSCT: the haploidentical transplantation, which defines H0.

The transplant physician enters it; saving it places the visits of the transplant clock. The study tests a
transplantation without conditioning and without GVHD prophylaxis, so both are asked for by name. A second
transplantation is a subsequent therapy.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.forms.anchors import graft_day, infusion_day
from patients.forms.donor import CAR_T_SOURCE, GRAFT_SOURCE
from patients.forms.drugs import Group
from patients.forms.graft_course import failure
from patients.forms.gvhd_assessments import OVERDUE, unassessed_after
from patients.forms.medicines_given import drug_of, is_of, is_systemic, may_be_given
from patients.forms.rows import row_with
from patients.grading.engraftment import FAILURE_BY_DAY
from patients.items.checks import Check, Deviation, Sight, hard, soft
from patients.items.codelists import NO, RESP, YES, Code, CodeList, choices, codes
from patients.items.conditions import Answers, when
from patients.items.item import Derivation
from patients.items.limits import after, at_least_one, at_most, between, must, numbered, other_than
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    DateTimeItem,
    DecimalItem,
    IntegerItem,
    MultiItem,
    ReferenceItem,
    TextItem,
)
from trial.protocol.study import site_today
from trial.protocol.visits import VISITS, Clock, visit_type

RESPONSE_HOLDS_DAYS = 14  # a remission assessment supports the transplantation for so long (X-HSCT-02)
REASON_BY_CAR_DAY = 60
T_CELL_DEPLETION = ("cd34_selection", "tcrab_depletion")
PROPHYLAXIS_BEFORE_DAYS, PROPHYLAXIS_AFTER_DAYS = 7, 28
WEIGHT_CHANGE_ASKED_ABOVE = Decimal("0.1")
_DONE = when("hsct_done", YES)
# The forms due at the visits of the transplant clock; a log form belongs to no visit.
_AT_VISITS_OF_A_GRAFT = tuple(
    sorted(
        {
            due.form
            for visit in VISITS
            if visit.clock is Clock.HSCT
            for due in visit.forms
            if not (due.log or due.if_needed) and due.form != "HSCT"
        }
    )
)


def _interval(answers: Answers) -> int | None:
    infused, grafted = infusion_day(answers), graft_day(answers)
    return (grafted - infused).days if infused and grafted else None


def _last_responses(moment: datetime | None, answers: Answers) -> list[Answers]:
    """The response assessments of the last day with any in the 14 days up to the graft; those of one day have
    no order."""
    day = local_day(moment)
    if day is None:
        return []
    recent = [
        row
        for row in answers.rows("RESP")
        if row["resp_dt"] and 0 <= (day - row["resp_dt"]).days <= RESPONSE_HOLDS_DAYS
    ]
    last = max((row["resp_dt"] for row in recent), default=None)
    return [row for row in recent if row["resp_dt"] == last]


def _gate_open(moment: datetime, answers: Answers) -> bool:
    return any(response["resp_gate"] for response in _last_responses(moment, answers))


def _as_assessed(status: str, answers: Answers) -> bool:
    responses = _last_responses(answers["hsct_start_dt"], answers)
    return not responses or any(
        status in (response["resp_protocol"], response["resp_strict"], response["resp_inv"])
        for response in responses
    )


def _roles(answers: Answers, donor_id: str) -> list[str]:
    donor = row_with(answers, "DONOR", "donor_id", donor_id)
    return (donor["donor_role"] or []) if donor else []


def _is_graft_donor(donor_id: str, answers: Answers) -> bool:
    return GRAFT_SOURCE in _roles(answers, donor_id)


def _is_product_donor(donor_id: str, answers: Answers) -> bool:
    return CAR_T_SOURCE in _roles(answers, donor_id)


def _within_ten_percent(weight: Decimal, answers: Answers) -> bool:
    before = answers["INF.inf_weight"]
    return before is None or abs(weight - before) * 10 <= before


def _has_transplant_data(answers: Answers) -> Sight:
    """The first record at a visit of the transplant clock."""
    if answers["hsct_done"] is not False:
        return False
    rows = (row for form in _AT_VISITS_OF_A_GRAFT for row in _at_transplant_visits(form, answers))
    return next(rows, False)


def _at_transplant_visits(form: str, answers: Answers) -> Iterator[Sight]:
    for row in answers.rows(form):
        if row.visit and visit_type(row.visit).clock is Clock.HSCT:
            yield {"form": form, "visit": row.visit}


def _reason_overdue(answers: Answers) -> Sight:
    infused = infusion_day(answers)
    if answers["hsct_done"] is not False or answers["hsct_not_reason"] is not None or infused is None:
        return False
    return (site_today() - infused).days > REASON_BY_CAR_DAY and not answers.is_explained("hsct_not_reason")


def _first_assessment_overdue(answers: Answers) -> Sight:
    """Said here where no assessment up to the graft is there at which to say it."""
    grafted = graft_day(answers)
    days = [row["ag_dt"] for row in answers.rows("AGVHD") if row["ag_dt"]]
    if grafted is None or any(day <= grafted for day in days):
        return False
    return unassessed_after(grafted, answers)


# --- conditioning and prophylaxis ------------------------------------------------------------------------
def _not_as_the_study_tests(answers: Answers) -> Sight:
    """Conditioning, prophylaxis, or a graft without its T cells; in words. What is kept of a graft that was
    not given says nothing."""
    if answers["hsct_done"] is False:
        return False
    found = [
        words
        for words, is_so in (
            (_("conditioning was given"), answers["cond_none"] is False),
            (_("GVHD prophylaxis was given"), answers["gvhdp_none"] is False),
            (_("T cells were removed from the graft"), answers["graft_manip"] in T_CELL_DEPLETION),
        )
        if is_so
    ]
    return bool(found) and {"what": format_lazy(", ".join(["{}"] * len(found)), *found)}


def _conditioning(answers: Answers, grafted: date) -> Iterable[Answers]:
    """Agents of conditioning between the infusion and the graft."""
    infused = infusion_day(answers)
    for row in answers.rows("CM"):
        if infused and is_of(row, Group.CONDITIONING) and may_be_given(row, infused, grafted):
            yield row


def _prophylaxis(answers: Answers, grafted: date) -> Iterable[Answers]:
    """Agents of prophylaxis about the graft, but for those that treat GVHD. Cyclophosphamide is one after the
    graft; before it, it may still be lymphodepletion."""
    last = grafted + timedelta(PROPHYLAXIS_AFTER_DAYS)
    for row in answers.rows("CM"):
        if is_of(row, Group.PROPHYLAXIS) and is_systemic(row) and row["cm_ind"] != "gvhd_treatment":
            drug = drug_of(row)
            after = drug is not None and drug.name == "cyclophosphamide"
            if may_be_given(row, grafted - timedelta(0 if after else PROPHYLAXIS_BEFORE_DAYS), last):
                yield row


def _contradicting(
    item: str, agents: Callable[[Answers, date], Iterable[Answers]]
) -> Callable[[Answers], Sight]:
    """The agents in concomitant medication, where the item says that none was given."""

    def sees(answers: Answers) -> Sight:
        grafted = graft_day(answers)
        if grafted is None or answers[item] is not True:
            return False
        names = sorted({row["cm_name"] for row in agents(answers, grafted)})
        return bool(names) and {"drugs": ", ".join(names)}

    return sees


def _none_in_medication(item: str, agents: Callable[[Answers, date], Iterable[Answers]]) -> Check:
    message = _("%(drugs)s in concomitant medication contradicts this answer.")
    sees = _contradicting(item, agents)
    return soft("X-HSCT-05", item, message, sees, "hsct_start_dt", "INF.inf_start_dt", "CM")


# --- the course after the graft --------------------------------------------------------------------------
def _weight_changed(answers: Answers) -> Sight:
    """Since the last day of lymphodepletion: by the vital signs of the day, or by the weight of the graft."""
    doses = [row for row in answers.rows("LD") if row["ld_date"] and row["ld_weight"]]
    grafted = graft_day(answers)
    if grafted is None or not doses:
        return False
    before: Decimal = max(doses, key=lambda row: row["ld_date"])["ld_weight"]
    measured = [row["vs_weight"] for row in answers.rows("VS") if local_day(row["vs_dt"]) == grafted]
    weights = [weight for weight in (*measured, answers["graft_weight"]) if weight is not None]
    far = [weight for weight in weights if abs(weight - before) > WEIGHT_CHANGE_ASKED_ABOVE * before]
    return bool(far) and {"before": before, "now": far[0]}


def _graft_failed(answers: Answers) -> Sight:
    """After day 30, alive and without relapse: the counts have not come up."""
    grafted, today = graft_day(answers), site_today()
    if grafted is None or answers["DTH.dth_dt"] is not None:
        return False
    day = (today - grafted).days
    return day > FAILURE_BY_DAY and failure(answers, grafted, today).value == YES and {"day": day}


def _without_first_month_chimerism(answers: Answers) -> Sight:
    """No sample in the window of the visit at one month, which has closed on somebody alive and on study."""
    grafted, visit = graft_day(answers), visit_type("HM1")
    if grafted is None or visit.target_day is None:
        return False
    target = grafted + timedelta(days=visit.target_day)
    first, last = target - timedelta(days=visit.before), target + timedelta(days=visit.after)
    ended = [day for day in (answers["DTH.dth_dt"], answers["EOS.eos_dt"]) if day]
    if site_today() <= last or any(day <= last for day in ended):
        return False
    taken = (row["chim_dt"] for row in answers.rows("CHIM"))
    return not any(day and first <= day <= last for day in taken) and {"first": first, "last": last}


_CHECKS = (
    soft(
        "X-AG-08", "hsct_done", OVERDUE, _first_assessment_overdue, "AGVHD.ag_dt", "DTH.dth_dt", "EOS.eos_dt"
    ),
    hard(
        "X-HSCT-08",
        "hsct_done",
        _("Transplant marked not done but transplant data exist: %(form)s at %(visit)s."),
        _has_transplant_data,
        *_AT_VISITS_OF_A_GRAFT,
    ),
    hard(
        "X-HSCT-09",
        "hsct_not_reason",
        _("Reason for no transplant is required."),
        _reason_overdue,
        "hsct_done",
        "INF.inf_start_dt",
    ),
    _none_in_medication("cond_none", _conditioning),
    _none_in_medication("gvhdp_none", _prophylaxis),
    soft(
        "X-HSCT-11",
        "graft_weight",
        _("Weight changed from %(before)s kg at lymphodepletion to %(now)s kg: check the graft dose weight."),
        _weight_changed,
        "hsct_start_dt",
        "LD",
        "VS",
    ),
    soft(
        "X-ENG-03",
        "hsct_start_dt",
        _("To the medical monitor: no engraftment by day 30, now day %(day)s: primary graft failure."),
        _graft_failed,
        "LAB",
        "TRF",
        "RLP",
        "DTH.dth_dt",
        "INF.inf_start_dt",
    ),
    soft(
        "X-CHM-04",
        "hsct_start_dt",
        _("Chimerism at 1 month is missing (secondary endpoint): no sample from %(first)s to %(last)s."),
        _without_first_month_chimerism,
        "CHIM.chim_dt",
        "DTH.dth_dt",
        "EOS.eos_dt",
    ),
)


def _numbered_range(low: str, high: str, check: str, message: Any) -> Any:
    return numbered(between(low, high), check, message)


class Transplantation(FormRow):
    """Whether and when the graft was given, its doses, and what was or was not given with it."""

    form = FormDeclaration(
        code="HSCT",
        title=_("Haploidentical transplantation"),
        enters=_("transplant physician"),
        signs=_("investigator"),
        sdtm="PR, EX, BE, SUPPPR",
        dated_by="hsct_start_dt",
        recalls=("DX.dx_type", "INF.inf_dose_kg", "DONOR.donor_rel"),
        checks=_CHECKS,
        sections=(
            Section(_("Transplantation"), "hsct_done"),
            Section(_("Graft"), "hsct_source"),
            Section(_("Conditioning and prophylaxis"), "cond_none"),
        ),
        deviations=(
            Deviation(
                id="X-HSCT-04",
                item="cond_none",
                category="conditioning_prophylaxis",
                weight="important",
                message=_("The study tests no conditioning and no prophylaxis: %(what)s."),
                sees=_not_as_the_study_tests,
                looks_at=("gvhdp_none", "graft_manip", "hsct_start_dt"),
            ),
        ),
    )

    hsct_done = BooleanItem(_("Transplantation performed"), cdisc="DS")
    hsct_not_reason = ChoiceItem(
        _("Reason not done"),
        choices(
            "hsct_not_reason",
            _("no CR/CRi"),
            _("death"),
            _("infection/organ failure"),
            _("donor unavailable"),
            _("graft failure of product"),
            _("patient choice"),
            _("autologous recovery"),
            _("other"),
        ),
        req="C",
        when=when("hsct_done", NO),
        cdisc="DS",
    )
    hsct_start_dt = DateTimeItem(
        _("Graft infusion start (H0)"),
        req="C",
        when=_DONE,
        hard=(
            after("INF.inf_start_dt"),
            numbered(
                must(
                    _("transplantation consent signed"),
                    lambda value, answers: bool(answers["ELIG.icf_hsct_signed"]),
                    "ELIG.icf_hsct_signed",
                ),
                "X-HSCT-01",
                _("Separate transplantation consent is missing."),
            ),
            numbered(
                must(_("response gate open within 14 d before"), _gate_open, "RESP.resp_gate"),
                "X-HSCT-02",
                _("No remission assessment supports transplantation."),
            ),
        ),
        cdisc="PR.PRSTDTC; ADSL.TR02SDTM",
    )
    hsct_interval = IntegerItem(
        _("CAR-T to HSCT"),
        when=_DONE,
        derived=Derivation(_("date(H0) - date(T0)"), _interval, ("hsct_start_dt", "INF.inf_start_dt")),
        hard=between("1", "365"),
        soft=_numbered_range(
            "10", "32", "X-HSCT-03", _("Interval of %(value)s is outside the published 10-32 d.")
        ),
        unit="d",
        cdisc="ADSL.CARTHSCT",
    )
    hsct_donor = ReferenceItem(
        _("Graft donor"),
        target="DONOR.donor_id",
        req="C",
        when=_DONE,
        hard=numbered(
            must(_("a donor chosen as graft source"), _is_graft_donor, "DONOR.donor_role"),
            "X-HSCT-06",
            _("Choose the donor on DONOR first."),
        ),
        soft=must(_("the donor of the CAR-T product"), _is_product_donor, "DONOR.donor_role"),
        cdisc="RELREC",
    )
    hsct_status = ChoiceItem(
        _("Disease state at H0"),
        RESP,
        req="C",
        when=_DONE,
        hard=must(_("as assessed within 14 d before"), _as_assessed, "RESP.resp_protocol", "hsct_start_dt"),
        soft=other_than(*(code.code for code in RESP.codes if code.code not in ("CR", "CRh", "CRi"))),
        cdisc="SUPPPR",
    )
    hsct_mrd = ChoiceItem(
        _("MRD at H0"),
        choices("hsct_mrd", _("negative"), _("positive"), _("indeterminate"), _("not done")),
        req="C",
        when=_DONE,
        soft=other_than("positive"),
        cdisc="SUPPPR",
    )

    hsct_source = MultiItem(
        _("Graft"),
        choices("hsct_source", _("G-CSF PBSC"), _("BM"), _("cord support"), _("other")),
        req="C",
        when=_DONE,
        hard=at_least_one(),
        cdisc="PR",
    )
    hsct_fresh = ChoiceItem(
        _("Fresh or frozen"),
        choices("hsct_fresh", _("fresh"), _("frozen")),
        req="C",
        when=_DONE,
        soft=other_than("frozen"),
        cdisc="PR",
    )
    graft_weight = DecimalItem(
        _("Recipient weight"),
        4,
        1,
        req="C",
        when=_DONE,
        hard=between("30", "180"),
        soft=must(_("within 10 % of the weight at infusion"), _within_ten_percent, "INF.inf_weight"),
        unit="kg",
        cdisc="VS",
    )
    graft_tnc = DecimalItem(
        _("TNC (or MNC) dose"),
        6,
        2,
        req="C",
        when=_DONE,
        hard=between("0.1", "60"),
        soft=between("4", "20"),
        unit="10^8/kg",
        cdisc="PR/BS",
    )
    graft_cd34 = DecimalItem(
        _("CD34+ dose"),
        6,
        2,
        req="C",
        when=_DONE,
        hard=between("0.1", "40"),
        soft=_numbered_range("2", "10", "X-HSCT-07", _("CD34 dose %(value)s is unusual.")),
        unit="10^6/kg",
        cdisc="PR/BS",
    )
    graft_cd3 = DecimalItem(
        _("CD3+ dose"),
        6,
        3,
        req="C",
        when=_DONE,
        hard=between("0.001", "20"),
        soft=at_most("5"),
        unit="10^8/kg",
        cdisc="PR/BS",
    )
    graft_days = IntegerItem(
        _("Infusion days"),
        req="C",
        when=_DONE,
        hard=between("1", "3"),
        soft=at_most("1"),
        unit="d",
        cdisc="PR",
    )
    graft_manip = ChoiceItem(
        _("Manipulation"),
        choices(
            "graft_manip",
            _("none"),
            _("plasma/RBC depletion"),
            _("CD34 selection"),
            _("TCRab depletion"),
            _("other"),
        ),
        req="C",
        when=_DONE,
        soft=other_than(*T_CELL_DEPLETION),
        cdisc="PR",
    )

    cond_none = BooleanItem(
        _("No conditioning given"), req="C", when=_DONE, soft=other_than(NO), cdisc="SUPPPR"
    )
    cond_agents = TextItem(
        _("Conditioning agents"), 120, req="C", when=_DONE & when("cond_none", NO), cdisc="CM"
    )
    gvhdp_none = BooleanItem(
        _("No GVHD prophylaxis given"), req="C", when=_DONE, soft=other_than(NO), cdisc="SUPPPR"
    )
    gvhdp_agents = MultiItem(
        _("Prophylaxis agents"),
        choices(
            "gvhdp_agents", "ATG", "PTCy", "CNI", "MMF", "MTX", _("ruxolitinib"), _("abatacept"), _("other")
        ),
        req="C",
        when=_DONE & when("gvhdp_none", NO),
        hard=at_least_one(),
        cdisc="CM",
    )
    gcsf_post = ChoiceItem(
        _("G-CSF after H0"),
        choices("gcsf_post", _("no"), _("day started")),
        req="C",
        when=_DONE,
        cdisc="CM",
    )
    hsct_reaction = ChoiceItem(
        _("Infusion reaction"),
        CodeList("hsct_reaction", (Code("none", _("none")), *codes("", "1", "2", "3", "4").codes)),
        req="C",
        when=_DONE,
        soft=other_than("3", "4"),
        cdisc="AE",
    )
    steroid_at_h0 = BooleanItem(
        _("Systemic steroid in last 7 d"), req="C", when=_DONE, soft=other_than(YES), cdisc="CM"
    )
