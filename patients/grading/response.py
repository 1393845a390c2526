"""Response of acute leukaemia and lymphoblastic lymphoma: strict and by the protocol's policy, side by side.

Strict: ELN 2022 for AML (Döhner et al., Blood 2022;140:1345), NCCN for T-ALL and for the marrow of T-LBL,
Lugano 2014 for the nodes of T-LBL (Cheson et al., J Clin Oncol 2014;32:3059). MPAL and other CD7-positive
leukaemia are read by ELN (from memory: the trial team has not said). Protocol: CR and CRh as in ELN, else CRi
whenever blasts are below 5 % and no extramedullary disease is there, whatever the counts and the adequacy of
the marrow; after CD7 CAR-T cells pancytopenia is universal, and strict reading calls most of these MLFS.

What is not recorded is not assumed. A better class must be shown by recorded values, so unknown counts leave
the best class that needs none; disease outside the marrow must be recorded to count, since the form asks for
it on every page. Auer rods do not decide: ELN 2022, unlike 2017, does not name them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from patients.grading.result import Graded

VERSION_ELN = "ELN 2022/1"
VERSION_ALL = "NCCN ALL/1"
VERSION_LUGANO = "Lugano 2014/1"
VERSION_PROTOCOL = "protocol 1"
VERSION_MRD = "MRD 1"

# ELN 2022, table of response criteria.
MARROW_BLAST_REMISSION_BELOW_PCT = Decimal("5")
MARROW_BLAST_PARTIAL_UP_TO_PCT = Decimal("25")
PARTIAL_BASELINE_SHARE_UP_TO = Decimal("0.5")
ANC_CR_10E9_PER_L = Decimal("1.0")
ANC_CRH_10E9_PER_L = Decimal("0.5")
PLATELETS_CR_10E9_PER_L = Decimal("100")
PLATELETS_CRH_10E9_PER_L = Decimal("50")
CELLULARITY_ADEQUATE_FROM_PCT = Decimal("10")
# Response criteria of ALL: a known MRD from here up is no remission.
MRD_ALL_REMISSION_BELOW_PCT = Decimal("1")
# The protocol's threshold, 1e-4; and that of the ELN MRD recommendations 2021 for flow cytometry in AML
# (Heuser et al., Blood 2021;138:2753; from memory).
MRD_THRESHOLD_PCT = Decimal("0.01")
MRD_ELN_THRESHOLD_PCT = Decimal("0.1")

REMISSIONS = ("CR", "CRh", "CRi")
GATE_OPENING = (*REMISSIONS, "MLFS")
BEST_TO_WORST = ("CR", "CRh", "CRi", "MLFS", "PR", "SD", "NR", "PD", "RELAPSE")
LUGANO_RESPONSE = {"CMR": "CR", "PMR": "PR", "NMR": "SD", "PMD": "PD"}
NO_EXTRAMEDULLARY_DISEASE = ("none_ever", "resolved")
GROWING_EXTRAMEDULLARY_DISEASE = ("progressive", "new")


class Disease(StrEnum):
    """The diagnosis, by its code or by its name: `t_lbl`, `T-LBL`."""

    AML = "aml"
    T_ALL = "t_all"
    T_LBL = "t_lbl"
    MPAL = "mpal_t_myeloid"
    OTHER = "other_cd7plus"

    @classmethod
    def _missing_(cls, value: object) -> "Disease | None":
        name = str(value).lower().replace("-", "_")
        return next((disease for disease in cls if name in (disease.value, disease.name.lower())), None)


LYMPHOBLASTIC = (Disease.T_ALL, Disease.T_LBL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseInput:
    """One assessment; None is not recorded. Shares are in %, counts in 10^9/L."""

    disease: Disease | str
    marrow_done: bool | None = None
    marrow_adequate: str | None = None  # yes, no_haemodilute, no_dry_tap, no_aplastic
    marrow_blast: Decimal | None = None
    cellularity: Decimal | int | None = None
    baseline_blast: Decimal | None = None  # of the marrow before lymphodepletion
    blood_blast: Decimal | None = None
    blood_blasts_persist: bool = False  # in this sample and in one at least a week away from it
    extramedullary: str | None = None  # none_ever, resolved, reduced, stable, progressive, new
    cns: str | None = None  # CNS1, CNS2, CNS3, not_assessed
    anc: Decimal | None = None
    platelets: Decimal | int | None = None
    mrd: Decimal | None = None  # of CD45-positive cells
    deauville: str | None = None  # 1 to 5, X
    pet_change: str | None = None  # reduced, unchanged, increased, new_lesion
    earlier_remission: bool = False  # CR, CRh or CRi at an earlier assessment in the same reading

    def __post_init__(self) -> None:
        """An unknown diagnosis raises: read as any other it would be graded by the wrong rules."""
        object.__setattr__(self, "disease", Disease(self.disease))


_FINDINGS = (
    "marrow_done",
    "marrow_adequate",
    "marrow_blast",
    "cellularity",
    "blood_blast",
    "extramedullary",
    "cns",
    "anc",
    "platelets",
    "mrd",
    "deauville",
    "pet_change",
)


# ---- the two readings --------------------------------------------------------------------------------------


def strict_response(given: ResponseInput) -> Graded:
    """ELN 2022 or NCCN; NE without an adequate marrow; for T-LBL the worse of node and marrow.

    One recovered lineage makes a CRi in AML, none an MLFS. ALL has neither CRh nor MLFS: its CRi asks for no
    counts. None where nothing at all is recorded.
    """
    marrow = _strict_marrow(given)
    return _overall_response(given, marrow, marrow.version)


def protocol_response(given: ResponseInput) -> Graded:
    """The protocol's policy, the same for every diagnosis; for T-LBL the worse of node and marrow.

    "Blasts below 5 %" holds for the blood as well. NE without a marrow, unless disease elsewhere shows that
    there is no response. None where nothing at all is recorded.
    """
    return _overall_response(given, _protocol_marrow(given), VERSION_PROTOCOL)


def _overall_response(given: ResponseInput, marrow: Graded, version: str) -> Graded:
    if all(getattr(given, finding) is None for finding in _FINDINGS):
        return Graded(None, "RSP-EMPTY", version)
    if given.earlier_remission and (evidence := _relapse_evidence(given)):
        name, rule_id = evidence
        return Graded("RELAPSE", rule_id, version, ("earlier_remission", name))
    return overall(_node_class(given), marrow)


def overall(node: Graded, marrow: Graded) -> Graded:
    """T-LBL: the worse of node and marrow, CMR counting as CR, PMR as PR, NMR as SD, PMD as PD.

    Without a class of the nodes the marrow alone decides. An unknown marrow can only make a response worse:
    it takes away a CR and leaves the rest.
    """
    if node.value is None:
        return marrow
    nodal = Graded(LUGANO_RESPONSE[node.value], f"RSP-LBL-{node.value}", node.version, node.inputs)
    if marrow.value not in BEST_TO_WORST:
        return marrow if nodal.value == "CR" else nodal
    return max(marrow, nodal, key=_rank)


def _rank(graded: Graded) -> int:
    return BEST_TO_WORST.index(graded.value or "")


# ---- the marrow, strictly ----------------------------------------------------------------------------------


def _strict_marrow(given: ResponseInput) -> Graded:
    lymphoblastic = given.disease in LYMPHOBLASTIC
    version = VERSION_ALL if lymphoblastic else VERSION_ELN
    blasts = _marrow_blast(given)
    if blasts is None:
        return _graded(given, "NE", version, "marrow_done", why="NO-MARROW")
    if _inadequate(given):
        return _graded(given, "NE", version, "marrow_adequate", "cellularity", why="INADEQUATE")
    if place := _disease_elsewhere(given) or _blasts_elsewhere(given):
        return _not_in_remission(given, version, place)
    if blasts >= MARROW_BLAST_REMISSION_BELOW_PCT:
        recovered = _recovered_above(given) if lymphoblastic else _recovered(given)
        return _without_remission(given, version, recovered=recovered)
    return _all_remission(given) if lymphoblastic else _eln_remission(given)


def _eln_remission(given: ResponseInput) -> Graded:
    """CR, CRh, CRi with one recovered lineage, MLFS with none or with counts unknown."""
    code = _recovered_class(given)
    if code is None:
        neutrophils = _from(given.anc, ANC_CR_10E9_PER_L)
        code = "CRi" if neutrophils or _from(given.platelets, PLATELETS_CR_10E9_PER_L) else "MLFS"
    return _graded(given, code, VERSION_ELN, "marrow_blast", "anc", "platelets")


def _all_remission(given: ResponseInput) -> Graded:
    """CR asks for counts above, not at, their limits; with a known MRD of 1 % or more it is a failure."""
    if _from(given.mrd, MRD_ALL_REMISSION_BELOW_PCT):
        return _graded(given, "NR", VERSION_ALL, "marrow_blast", "mrd", why="MRD")
    code = "CR" if _recovered_above(given) else "CRi"
    return _graded(given, code, VERSION_ALL, "marrow_blast", "anc", "platelets", "mrd")


# ---- the marrow, by the protocol ---------------------------------------------------------------------------


def _protocol_marrow(given: ResponseInput) -> Graded:
    blasts = _marrow_blast(given)
    if place := _disease_elsewhere(given) or _protocol_bar(given):
        return _not_in_remission(given, VERSION_PROTOCOL, place)
    if blasts is None:
        return _graded(given, "NE", VERSION_PROTOCOL, "marrow_done", why="NO-MARROW")
    if blasts >= MARROW_BLAST_REMISSION_BELOW_PCT:
        recovered = _recovered(given) and not _blasts_elsewhere(given)
        return _without_remission(given, VERSION_PROTOCOL, recovered=recovered)
    code = None if _blasts_elsewhere(given) else _recovered_class(given)
    return _graded(given, code or "CRi", VERSION_PROTOCOL, "marrow_blast", "blood_blast", "anc", "platelets")


def _protocol_bar(given: ResponseInput) -> str | None:
    """Blasts outside the marrow that even the protocol does not call a remission."""
    if _from(given.blood_blast, MARROW_BLAST_REMISSION_BELOW_PCT):
        return "blood_blast"
    return "cns" if given.cns == "CNS2" else None


# ---- evidence ----------------------------------------------------------------------------------------------


def _marrow_blast(given: ResponseInput) -> Decimal | None:
    return None if given.marrow_done is False else given.marrow_blast


def _inadequate(given: ResponseInput) -> bool:
    """As entered; where adequacy is not, a cellularity below 10 % is an aplastic marrow."""
    if given.marrow_adequate is not None:
        return given.marrow_adequate != "yes"
    return given.cellularity is not None and given.cellularity < CELLULARITY_ADEQUATE_FROM_PCT


def _disease_elsewhere(given: ResponseInput) -> str | None:
    """Where disease outside the marrow is recorded: an extramedullary site, or CNS3.

    What is left of the nodes of T-LBL is judged by PET-CT where it was done: a residual mass may be a CMR.
    """
    status = given.extramedullary
    residual = status not in (None, *NO_EXTRAMEDULLARY_DISEASE, *GROWING_EXTRAMEDULLARY_DISEASE)
    judged_by_pet = residual and _node_class(given).value is not None
    if status not in (None, *NO_EXTRAMEDULLARY_DISEASE) and not judged_by_pet:
        return "extramedullary"
    return "cns" if given.cns == "CNS3" else None


def _blasts_elsewhere(given: ResponseInput) -> str | None:
    """Where blasts outside the marrow bar a remission, without making a relapse by themselves.

    NCCN: a CNS remission is CNS1, a CNS relapse a new CNS3 (from memory).
    """
    if given.blood_blast is not None and given.blood_blast > 0:
        return "blood_blast"
    return "cns" if given.cns == "CNS2" else None


def _relapse_evidence(given: ResponseInput) -> tuple[str, str] | None:
    """ELN 2022, after CR, CRh or CRi: marrow blasts from 5 % up (diluted or not), disease outside the marrow,
    or blasts in the blood in two samples a week apart (the two samples from memory); PMD of T-LBL."""
    if _from(_marrow_blast(given), MARROW_BLAST_REMISSION_BELOW_PCT):
        return "marrow_blast", "RSP-RELAPSE-MARROW"
    if place := _disease_elsewhere(given):
        return place, "RSP-RELAPSE-EXTRAMEDULLARY"
    if given.blood_blasts_persist:
        return "blood_blasts_persist", "RSP-RELAPSE-BLOOD"
    if _node_class(given).value == "PMD":
        return "pet_change", "RSP-RELAPSE-NODE"
    return None


def _not_in_remission(given: ResponseInput, version: str, place: str) -> Graded:
    """No response; after a remission, blasts seen once are neither remission nor yet a relapse."""
    if given.earlier_remission:
        return _graded(given, "NE", version, "earlier_remission", place, why="UNCONFIRMED")
    return _graded(given, "NR", version, place, why="ELSEWHERE")


def _without_remission(given: ResponseInput, version: str, *, recovered: bool) -> Graded:
    """Blasts from 5 % up: PR up to 25 %, after at least halving, with the blood of a CR; else NR."""
    blasts, baseline = given.marrow_blast, given.baseline_blast
    halved = (
        blasts is not None
        and baseline is not None
        and blasts <= MARROW_BLAST_PARTIAL_UP_TO_PCT
        and blasts <= baseline * PARTIAL_BASELINE_SHARE_UP_TO
    )
    code = "PR" if halved and recovered else "NR"
    return _graded(given, code, version, "marrow_blast", "baseline_blast", "anc", "platelets")


def _recovered_class(given: ResponseInput) -> str | None:
    """CR or CRh by the counts of ELN."""
    if _recovered(given):
        return "CR"
    half = _from(given.anc, ANC_CRH_10E9_PER_L) and _from(given.platelets, PLATELETS_CRH_10E9_PER_L)
    return "CRh" if half else None


def _recovered(given: ResponseInput) -> bool:
    """Both lineages at the counts of a CR of AML; unknown is not recovered."""
    return _from(given.anc, ANC_CR_10E9_PER_L) and _from(given.platelets, PLATELETS_CR_10E9_PER_L)


def _recovered_above(given: ResponseInput) -> bool:
    """Both lineages above them: the counts of a CR of ALL."""
    at_limit = given.anc == ANC_CR_10E9_PER_L or given.platelets == PLATELETS_CR_10E9_PER_L
    return _recovered(given) and not at_limit


def _from(value: Decimal | int | None, limit: Decimal) -> bool:
    return value is not None and value >= limit


def _graded(given: ResponseInput, code: str, version: str, *names: str, why: str = "") -> Graded:
    known = tuple(name for name in names if getattr(given, name) is not None)
    return Graded(code, f"RSP-{code}-{why}" if why else f"RSP-{code}", version, known)


# ---- nodes, MRD --------------------------------------------------------------------------------------------


def _node_class(given: ResponseInput) -> Graded:
    if given.disease != Disease.T_LBL:
        return Graded(None, "LUG-EMPTY", VERSION_LUGANO)
    return lugano_class(given.deauville, given.pet_change)


def lugano_class(deauville: str | None, pet_change: str | None) -> Graded:
    """Lugano 2014: Deauville 1 to 3 CMR; 4 or 5 by the uptake: less PMR, equal NMR, more or new PMD.

    X alone says that what is new is not lymphoma, and nothing of the lymphoma: no class.
    """
    if deauville in ("1", "2", "3"):
        return Graded("CMR", "LUG-CMR", VERSION_LUGANO, ("deauville",))
    changes = {"reduced": "PMR", "unchanged": "NMR", "increased": "PMD", "new_lesion": "PMD"}
    code = changes.get(pet_change or "") if deauville in ("4", "5") else None
    if code is None:
        return Graded(None, "LUG-X" if deauville == "X" else "LUG-EMPTY", VERSION_LUGANO)
    return Graded(code, f"LUG-{code}", VERSION_LUGANO, ("deauville", "pet_change"))


def mrd_class(
    value_pct: Decimal | None, lod_pct: Decimal | None, threshold_pct: Decimal = MRD_THRESHOLD_PCT
) -> Graded:
    """Positive from the threshold up; negative below it if the limit of detection reaches it.

    Below it with a coarser or unknown limit the result says nothing: indeterminate.
    """
    if value_pct is None:
        return Graded(None, "MRD-EMPTY", VERSION_MRD)
    if value_pct >= threshold_pct:
        return Graded("positive", "MRD-POSITIVE", VERSION_MRD, ("value_pct",))
    if lod_pct is None:
        return Graded("indeterminate", "MRD-INDETERMINATE", VERSION_MRD, ("value_pct",))
    code = "negative" if lod_pct <= threshold_pct else "indeterminate"
    return Graded(code, f"MRD-{code.upper()}", VERSION_MRD, ("value_pct", "lod_pct"))


def mrd_eln(value_pct: Decimal | None) -> Graded:
    """AML: below, or at or above, the 0.1 % of the ELN MRD recommendations 2021 (from memory)."""
    if value_pct is None:
        return Graded(None, "MRD-ELN-EMPTY", VERSION_MRD)
    code = "at_above" if value_pct >= MRD_ELN_THRESHOLD_PCT else "below"
    return Graded(code, f"MRD-ELN-{code.upper().replace('_', '-')}", VERSION_MRD, ("value_pct",))


# ---- over time ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assessed:
    """A response and the day of its assessment."""

    on: date
    response: str | None


def best_response(assessed: Iterable[Assessed], relapsed_on: date | None = None) -> Graded:
    """The best before relapse: CR > CRh > CRi > MLFS > PR > SD > NR, then PD; NE where nothing else is.

    What is dated on or after the relapse form's date, or a response of RELAPSE, no longer counts.
    """
    history = list(assessed)
    ends = [one.on for one in history if one.response == "RELAPSE"] + ([relapsed_on] if relapsed_on else [])
    before = [one.response for one in history if not ends or one.on < min(ends)]
    code = next((code for code in (*BEST_TO_WORST, "NE") if code in before), None)
    return Graded(code, "RSP-BEST" if code else "RSP-EMPTY", VERSION_PROTOCOL, ("response",) if code else ())


def transplant_gate(
    response: str | None,
    *,
    assessed_on: date | None,
    infused_on: date | None,
    transplanted_on: date | None = None,
    bars: tuple[str, ...] = (),
) -> Graded:
    """Y where the protocol response is CR, CRh, CRi or MLFS and nothing bars the transplant, else N.

    Derived on assessments after the day of infusion, up to and including that of the transplant; None on any
    other. `bars` names what stands against it: they are the inputs that decide.
    """
    if not _between_infusion_and_transplant(assessed_on, infused_on, transplanted_on):
        return Graded(None, "RSP-GATE-OUTSIDE", VERSION_PROTOCOL)
    if bars:
        return Graded("N", "RSP-GATE-BARRED", VERSION_PROTOCOL, bars)
    opens = response in GATE_OPENING
    rule_id = "RSP-GATE-OPEN" if opens else "RSP-GATE-RESPONSE"
    return Graded("Y" if opens else "N", rule_id, VERSION_PROTOCOL, ("response",))


def _between_infusion_and_transplant(
    assessed_on: date | None, infused_on: date | None, transplanted_on: date | None
) -> bool:
    if assessed_on is None or infused_on is None or assessed_on <= infused_on:
        return False
    return transplanted_on is None or assessed_on <= transplanted_on
