"""RESP: response assessment, entered by the coordinator at visits and events, signed by the investigator.

Components are entered; the strict response (ELN, NCCN, Lugano) and the response by the protocol's policy are
derived from them side by side, beside the investigator's own.
"""

from collections.abc import Collection
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, GradedRow, Section
from patients.forms.anchors import graft_day, infusion_day
from patients.grading.response import (
    REMISSIONS,
    ResponseInput,
    lugano_class,
    mrd_class,
    mrd_eln,
    protocol_response,
    strict_response,
    transplant_gate,
)
from patients.grading.result import Graded
from patients.items.checks import Sight, hard, soft
from patients.items.codelists import CNS, NO, RESP, YES, Code, CodeList, choices, codes
from patients.items.conditions import Answers, Condition, judged, when, when_at_least, when_filled
from patients.items.item import Derivation
from patients.items.limits import (
    NOT_IN_FUTURE,
    Limit,
    above,
    at_least,
    at_least_characters,
    at_most,
    between,
    must,
    numbered,
    other_than,
)
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    DateItem,
    DecimalItem,
    IntegerItem,
    MultiItem,
    TextItem,
)
from trial.protocol.configuration import setting, setting_as

BLOOD_SAMPLES_APART = timedelta(days=7)
COUNT_NEAR_DAYS = 3
TRANSFUSION_FREE_DAYS = 7
RELAPSE_RECORDED_DAYS = 14
MARROW_EXPECTED_AT = ("C28", "HM1", "HM3")
PET_EXPECTED_AT = ("C28", "HM3")
_EXTRAMEDULLARY = CodeList(
    "emd_resp",
    (
        Code("none_ever", _("none ever")),
        Code("resolved", _("resolved")),
        Code("reduced", _("reduced >=50%")),
        Code("stable", _("stable")),
        Code("progressive", _("progressive")),
        Code("new", _("new")),
    ),
)
_MADE_FROM = (
    "bm_done",
    "bm_adequate",
    "bm_blast",
    "bm_cellularity",
    "pb_blast",
    "emd_resp",
    "cns_resp",
    "mrd_done",
    "mrd_value",
    "pet_done",
    "deauville",
    "pet_change",
    "resp_dt",
    "resp_anc",
    "resp_plt",
    "DX.dx_type",
    "DX.bm_blast_scr_pct",
    "RESP",
)


def _earlier(answers: Answers) -> list[Answers]:
    """The assessments before this one, by date."""
    day = answers["resp_dt"]
    return [row for row in answers.rows("RESP") if day and row["resp_dt"] and row["resp_dt"] < day]


def _blood_blasts_persist(answers: Answers) -> bool:
    """Blasts in this blood and in one at least a week before."""
    return bool(answers["pb_blast"]) and any(
        row["pb_blast"] and answers["resp_dt"] - row["resp_dt"] >= BLOOD_SAMPLES_APART
        for row in _earlier(answers)
    )


def _nearest_count(
    answers: Answers, test: str, step: str, transfused: Collection[date] = ()
) -> Decimal | None:
    """The result of a count (10^9/L) nearest to the assessment, at most 3 days away; the earlier on a tie.

    A count on one of the 7 days after a transfusion, or on its day, is left out.
    """
    day = answers["resp_dt"]
    found = [
        (abs((sampled - day).days), row["lab_dt"], row["lab_si"])
        for row in answers.rows_where("LAB", "lab_test", test)
        if row["lab_si"] is not None
        and day
        and (sampled := local_day(row["lab_dt"]))
        and not any(0 <= (sampled - given).days <= TRANSFUSION_FREE_DAYS for given in transfused)
    ]
    near = min((one for one in found if one[0] <= COUNT_NEAR_DAYS), default=None)
    return None if near is None else near[2].quantize(Decimal(step), ROUND_HALF_UP)


def _platelets(answers: Answers) -> int | None:
    """Those that no platelet transfusion has raised."""
    given = (row["trf_dt"] for row in answers.rows("TRF") if row["trf_type"] == "platelets")
    count = _nearest_count(answers, "PLAT", "1", [day for day in given if day])
    return None if count is None else int(count)


def _if_done(answers: Answers, done: str, item: str) -> Any:
    """The answer, unless the examination that it comes from was not done: what is then kept says nothing."""
    return None if answers[done] is False else answers[item]


def _assessment(answers: Answers, reading: str) -> ResponseInput | None:
    """What the engine is given; None until the diagnosis is recorded."""
    if answers["DX.dx_type"] is None:
        return None
    return ResponseInput(
        disease=answers["DX.dx_type"],
        marrow_done=answers["bm_done"],
        marrow_adequate=answers["bm_adequate"],
        marrow_blast=answers["bm_blast"],
        cellularity=answers["bm_cellularity"],
        baseline_blast=answers["DX.bm_blast_scr_pct"],
        blood_blast=answers["pb_blast"],
        blood_blasts_persist=_blood_blasts_persist(answers),
        extramedullary=answers["emd_resp"],
        cns=answers["cns_resp"],
        anc=answers["resp_anc"],
        platelets=answers["resp_plt"],
        mrd=_if_done(answers, "mrd_done", "mrd_value"),
        deauville=_if_done(answers, "pet_done", "deauville"),
        pet_change=_if_done(answers, "pet_done", "pet_change"),
        earlier_remission=any(row[reading] in REMISSIONS for row in _earlier(answers)),
    )


def _strict(answers: Answers) -> Graded | None:
    given = _assessment(answers, "resp_strict")
    return strict_response(given) if given else None


def _by_policy(answers: Answers) -> Graded | None:
    """The protocol's policy, unless the configuration says that the strict reading is the protocol's."""
    if setting("response_policy") == "strict":
        return _strict(answers)
    given = _assessment(answers, "resp_protocol")
    return protocol_response(given) if given else None


def _mrd(answers: Answers) -> Graded:
    threshold = setting_as(Decimal, "mrd_threshold_pct")
    return mrd_class(answers["mrd_value"], answers["mrd_lod"], threshold)


def _gate(answers: Answers) -> bool | None:
    grade = transplant_gate(
        answers["resp_protocol"],
        assessed_on=answers["resp_dt"],
        infused_on=infusion_day(answers),
        transplanted_on=graft_day(answers),
    )
    return None if grade.value is None else grade.value == YES


def _differs(answers: Answers) -> bool:
    protocol, investigator = answers["resp_protocol"], answers["resp_inv"]
    return bool(protocol and investigator and protocol != investigator)


def _in_remission_before(answers: Answers) -> bool:
    return any(row["resp_protocol"] in REMISSIONS for row in _earlier(answers))


def _no_blasts_in_remission(share: Decimal, answers: Answers) -> bool:
    return share == 0 or not _in_remission_before(answers)


def _leukaemia_free_as_remission(answers: Answers) -> Sight:
    return (answers["resp_strict"], answers["resp_protocol"]) == ("MLFS", "CRi")


def _expected_at(*visits: str) -> Any:
    return lambda value, answers: bool(value) or answers.visit not in visits


def _relapse_missing(answers: Answers) -> Sight:
    """A relapse is recorded within 14 days, or since the last remission: later assessments of the same
    relapse ask for no form of their own."""
    day = answers["resp_dt"]
    if day is None or "RELAPSE" not in (answers["resp_protocol"], answers["resp_strict"]):
        return False
    remissions = [row["resp_dt"] for row in _earlier(answers) if row["resp_protocol"] in REMISSIONS]
    since = max(remissions, default=day)
    recorded = [row["rlp_dt"] for row in answers.rows("RLP") if row["rlp_dt"]]
    near = any(abs((day - relapsed).days) <= RELAPSE_RECORDED_DAYS for relapsed in recorded)
    return not near and not any(since < relapsed <= day for relapsed in recorded)


def _disagreement(message: Any) -> Limit:
    return numbered(
        must(_("as the protocol response"), lambda value, answers: not _differs(answers), "resp_protocol"),
        "X-RSP-03",
        message,
    )


_MARROW = when("bm_done", YES)
_MRD = when("mrd_done", YES)
_PET: Condition = when("DX.dx_type", "t_lbl") | when("DX.emd_present", YES)


class ResponseAssessment(GradedRow):
    """Marrow, blood, extramedullary sites, MRD and PET-CT on one day, and the responses derived from them."""

    form = FormDeclaration(
        code="RESP",
        title=_("Response assessment"),
        enters=_("coordinator"),
        signs=_("investigator signs"),
        sdtm="RS, LB, MI, TU/TR, CP, GF",
        dated_by="resp_dt",
        sections=(
            Section(_("Marrow and blood"), "resp_dt"),
            Section(_("Outside the marrow"), "emd_resp"),
            Section(_("Counts"), "resp_anc"),
            Section("MRD", "mrd_done"),
            Section("PET-CT", "pet_done"),
            Section(_("Response"), "resp_strict"),
        ),
        checks=(
            hard(
                "X-RSP-04",
                "resp_protocol",
                _("Relapse: open the relapse form."),
                _relapse_missing,
                "resp_dt",
                "resp_strict",
                "RESP.resp_dt",
                "RESP.resp_protocol",
                "RLP.rlp_dt",
            ),
            soft(
                "X-RSP-05",
                "resp_strict",
                _("Strict ELN class is MLFS: both lineages unrecovered (expected in this design)."),
                _leukaemia_free_as_remission,
                "resp_protocol",
            ),
        ),
    )

    resp_dt = DateItem(_("Assessment date"), hard=NOT_IN_FUTURE, cdisc="RS.RSDTC")
    bm_done = BooleanItem(
        _("Marrow examined"),
        soft=numbered(
            must(_("expected at C28, HM1 and HM3"), _expected_at(*MARROW_EXPECTED_AT)),
            "X-RSP-01",
            _("Marrow expected at this visit."),
        ),
        cdisc="RS",
    )
    bm_adequate = ChoiceItem(
        _("Marrow adequate (spicules, >=200 cells or cellularity >=10%)"),
        CodeList(
            "bm_adequate",
            (
                Code("yes", _("yes")),
                Code("no_haemodilute", _("no: haemodilute")),
                Code("no_dry_tap", _("no: dry tap")),
                Code("no_aplastic", _("no: aplastic")),
            ),
        ),
        req="C",
        when=_MARROW,
        soft=other_than("no_haemodilute", "no_dry_tap", "no_aplastic"),
        cdisc="MI",
    )
    bm_blast = DecimalItem(
        _("Marrow blasts"), 4, 1, req="C", when=_MARROW, hard=between("0", "100"), unit="%", cdisc="LB/MI"
    )
    bm_cellularity = IntegerItem(
        _("Cellularity"),
        req="O",
        when=_MARROW,
        hard=between("0", "100"),
        soft=at_least("10"),
        unit="%",
        cdisc="MI",
    )
    pb_blast = DecimalItem(
        _("Blood blasts"),
        4,
        1,
        hard=between("0", "100"),
        soft=must(_("0 in remission"), _no_blasts_in_remission, "RESP.resp_protocol"),
        unit="%",
        cdisc="LB.BLASTLE",
    )
    auer = BooleanItem(_("Auer rods"), req="C", when=when("DX.dx_type", "aml"), cdisc="MI")

    emd_resp = ChoiceItem(
        _("Extramedullary status"), _EXTRAMEDULLARY, soft=other_than("new"), cdisc="RS.EMDRESP"
    )
    cns_resp = ChoiceItem(_("CNS status"), CNS, cdisc="RS.CNSSTAT")

    resp_anc = DecimalItem(
        _("ANC at assessment (nearest, +/-3 d)"),
        5,
        2,
        derived=Derivation(
            _("nearest neutrophils within 3 d, from LAB"),
            lambda answers: _nearest_count(answers, "NEUT", "0.01"),
            ("LAB", "resp_dt"),
        ),
        waits_for="LAB",
        hard=between("0", "100"),
        unit="10^9/L",
        cdisc="LB.NEUT",
    )
    resp_plt = IntegerItem(
        _("Platelets (untransfused 7 d)"),
        derived=Derivation(
            _("nearest platelets within 3 d without transfusion in 7 d, from LAB and TRF"),
            _platelets,
            ("LAB", "TRF", "resp_dt"),
        ),
        waits_for="LAB",
        hard=between("0", "2000"),
        unit="10^9/L",
        cdisc="LB.PLAT",
    )

    mrd_done = BooleanItem(_("MRD tested"), when=_MARROW, cdisc="RS")
    mrd_method = MultiItem(
        _("Method"),
        choices("mrd_method", _("multiparameter flow"), "RT-qPCR", "NGS", "dPCR"),
        req="C",
        when=_MRD,
        cdisc="RS.RSMETHOD",
    )
    mrd_sample = BooleanItem(_("First-pull aspirate"), req="O", when=_MRD, soft=other_than(NO), cdisc="RS")
    mrd_value = DecimalItem(
        _("MRD level"),
        9,
        6,
        req="C",
        when=_MRD,
        hint=_("share of CD45+ nucleated cells"),
        hard=between("0", "100"),
        unit="%",
        cdisc="RS/CP",
    )
    mrd_lod = DecimalItem(
        _("Limit of detection"),
        9,
        6,
        req="C",
        when=_MRD,
        hard=above("0"),
        soft=at_most("0.01"),
        unit="%",
        cdisc="RS",
    )
    mrd_events = IntegerItem(
        _("Cells acquired"),
        req="O",
        when=when("mrd_method", "multiparameter_flow"),
        hard=between("10000", "100000000"),
        soft=at_least("500000"),
        cdisc="CP",
    )
    mrd_status = ChoiceItem(
        _("MRD class"),
        choices("mrd_status", _("negative"), _("positive"), _("indeterminate")),
        when=_MRD,
        derived=Derivation(
            _("negative (<0.01% and LOD<=0.01%); positive (>=0.01%); indeterminate (LOD>0.01%)"),
            _mrd,
            ("mrd_value", "mrd_lod"),
        ),
        cdisc="RS.MRDIND (C172578)",
    )
    mrd_eln = ChoiceItem(
        _("ELN flag at 0.1%"),
        CodeList("mrd_eln", (Code("below", _("below")), Code("at_above", _("at or above")))),
        when=when("DX.dx_type", "aml") & _MRD,
        derived=Derivation(
            _("below or at/above 0.1 %"), lambda answers: mrd_eln(answers["mrd_value"]), ("mrd_value",)
        ),
        cdisc="RS.MRDRESP (C124433)",
    )
    mol_marker = TextItem(_("Molecular marker followed"), 40, req="O", genetic=True, cdisc="GF")
    mol_result = DecimalItem(
        _("Marker result"),
        12,
        6,
        req="O",
        when=when_filled("mol_marker"),
        hard=at_least("0"),
        unit="ratio",
        genetic=True,
        cdisc="GF",
    )

    pet_done = BooleanItem(
        _("PET-CT done"),
        req="C",
        when=_PET,
        soft=numbered(
            must(
                _("expected at C28 and HM3 in T-LBL"),
                lambda value, answers: (
                    answers["DX.dx_type"] != "t_lbl" or _expected_at(*PET_EXPECTED_AT)(value, answers)
                ),
                "DX.dx_type",
            ),
            "X-RSP-06",
            _("PET-CT expected."),
        ),
        cdisc="TU",
    )
    deauville = ChoiceItem(
        _("Deauville score"),
        codes("deauville", "1", "2", "3", "4", "5", "X"),
        req="C",
        when=when("pet_done", YES),
        soft=other_than("4", "5"),
        cdisc="RS",
    )
    pet_change = ChoiceItem(
        _("Uptake versus baseline"),
        choices("pet_change", _("reduced"), _("unchanged"), _("increased"), _("new lesion")),
        req="C",
        when=when("deauville", "4", "5"),
        cdisc="RS",
    )
    lugano = ChoiceItem(
        _("Lugano class"),
        CodeList(
            "lugano", (Code("CMR", "CMR"), Code("PMR", "PMR"), Code("NMR", "NMR (SD)"), Code("PMD", "PMD"))
        ),
        when=when("pet_done", YES),
        derived=Derivation(
            _("Deauville 1-3 CMR; 4-5 by uptake: less PMR, equal NMR, more or new PMD"),
            lambda answers: lugano_class(answers["deauville"], answers["pet_change"]),
            ("deauville", "pet_change"),
        ),
        cdisc="RS.OVRLRESP; RSCAT=LUGANO CLASSIFICATION (C126025)",
    )

    resp_strict = ChoiceItem(
        _("Strict response"),
        RESP,
        derived=Derivation(_("engine of section 3.7, strict reading"), _strict, _MADE_FROM),
        cdisc="RS.OVRLRESP; RSCAT=ELN DOHNER AML 2022 (C209662) or sponsor ALL",
    )
    resp_protocol = ChoiceItem(
        _("Protocol response"),
        RESP,
        derived=Derivation(_("engine of section 3.7, configured response policy"), _by_policy, _MADE_FROM),
        cdisc="RS.OVRLRESP; RSCAT=PROTOCOL",
    )
    resp_inv = ChoiceItem(
        _("Investigator response"),
        RESP,
        soft=_disagreement(_("Investigator response differs: give a reason.")),
        cdisc="RS (RSEVAL=INVESTIGATOR)",
    )
    resp_reason = TextItem(
        _("Reason for difference"),
        200,
        req="C",
        when=judged(_("resp_inv differs from resp_protocol"), _differs, "resp_inv", "resp_protocol"),
        hard=at_least_characters(10),
        cdisc="SUPPRS",
    )
    cd7_relapse_resp = ChoiceItem(
        _("CD7 on residual/relapsed blasts"),
        CodeList(
            "cd7_relapse_resp",
            (
                Code("positive", _("positive")),
                Code("negative", _("negative")),
                Code("partial_dim", _("partial/dim")),
                Code("no_blasts", _("no blasts")),
            ),
        ),
        when=when_at_least("bm_blast", "5") | when("mrd_status", "positive"),
        cdisc="CP",
    )
    resp_gate = BooleanItem(
        _("HSCT gate open"),
        derived=Derivation(
            _("T0 < date <= H0 and protocol response CR, CRh, CRi or MLFS, and no bar"),
            _gate,
            ("resp_dt", "resp_protocol", "INF.inf_start_dt", "HSCT.hsct_start_dt"),
        ),
        cdisc="DS",
    )
