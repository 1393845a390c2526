"""ELIG: screening, consent and eligibility.

The investigator enters it at screening; the principal investigator's signature on it opens enrolment. Until
the main consent is recorded, nothing but this form and the demographics can be saved.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import Casebook, Record, local_day
from patients.casebook.approval import SIGNATURE, Approval, approval_for
from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.casebook.shelf import ShelvedCasebook
from patients.forms.age import is_adult
from patients.forms.anchors import first_dose_day, left_on
from patients.forms.lab_results import results
from patients.forms.laboratory_catalogue import BY_CODE
from patients.forms.laboratory_ranges import in_si, times_upper_limit
from patients.forms.screening import SCREENING, weight_at_screening
from patients.items.checks import Deviation, Sight, hard, soft
from patients.items.codelists import NO, NYNA, YES, Code, CodeList, choices
from patients.items.conditions import Answers, judged, when, when_filled
from patients.items.item import Derivation
from patients.items.limits import (
    NOT_IN_FUTURE,
    NOT_LATER_THAN_NOW,
    Compare,
    Configured,
    Fixed,
    Limit,
    at_least,
    at_least_one,
    between,
    must,
    not_after,
    not_before,
    numbered,
    other_than,
)
from patients.items.problems import Text
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    DateItem,
    DateTimeItem,
    DecimalItem,
    IntegerItem,
    MultiItem,
    TextItem,
    UserItem,
)
from trial.protocol.configuration import (
    consent_version_in_force,
    consent_versions,
    is_superseded,
    newest_consent_version,
    setting,
)
from trial.protocol.study import SITE_ZONE, site_today

# I8: least values, and most times the upper limit of normal without and with leukaemia in the liver (defaults
# of a sister trial, NCT06633328, that await the trial team's confirmation).
LEAST = {"lvef_pct": 50, "spo2_ra_pct": 92, "crcl_ml_min": 60}
MOST_TIMES_ULN = {
    "BILI": (Decimal("1.5"), Decimal(3)),
    "ALT": (Decimal(3), Decimal(5)),
    "AST": (Decimal(3), Decimal(5)),
}
RECONSENT_WITHIN_DAYS = 30
HBV_ACTIVE_ABOVE_IU_PER_ML = 20
FEMALE_SHARE = Decimal("0.85")  # of the clearance of a man (Cockcroft and Gault)
CREATININE_UMOL_PER_MG_DL = Decimal("88.4")
REGISTERED_ON = date(2023, 4, 11)  # date of the registry entry NCT05827835

INCLUSION = (
    "inc01_consent",
    "inc02_age",
    "inc03_dx",
    "inc04_rr",
    "inc05_cd7",
    "inc06_ecog",
    "inc07_life",
    "inc08_organ",
    "inc09_donor",
    "inc10_contra",
)
EXCLUSION = (
    "exc01_gvhd",
    "exc02_infect",
    "exc03_virus",
    "exc04_cns",
    "exc05_cardiac",
    "exc06_malig",
    "exc07_preg",
    "exc08_dsa",
    "exc09_other",
)


class ConsentVersions(CodeList):
    """The versions of the main consent that the ethics committee has approved, as configured."""

    is_fixed = False

    @property
    def labels(self) -> dict[str, Text]:
        """Read anew each time: a version may be approved while the application runs."""
        return {one.version: one.version for one in consent_versions()}


def _criterion_failed(answers: Answers) -> bool:
    return any(answers[name] == NO for name in INCLUSION) or any(answers[name] == YES for name in EXCLUSION)


def _eligible(answers: Answers) -> bool | None:
    """All inclusion criteria Y or NA and all exclusion criteria N or NA, or an approved waiver; None until
    every criterion that is asked has its answer."""
    if answers["waiver"]:
        return True
    if _criterion_failed(answers):
        return False
    asked = [name for name in (*INCLUSION, *EXCLUSION) if name != "exc07_preg" or answers["DM.sex"] == "F"]
    return True if all(answers[name] for name in asked) else None


def _not_in_force(version_item: str, day_item: str) -> Callable[[Answers], Sight]:
    """A version of the consent that was not approved on the day on which it was signed."""

    def sees(answers: Answers) -> Sight:
        version, day = answers[version_item], local_day(answers[day_item])
        if version is None or day is None or consent_version_in_force(version, day):
            return False
        return {"version": version, "day": day}

    return sees


def _newest_in_force(version: str, answers: Answers) -> bool:
    return not is_superseded(version)


def _adult_at_consent(answers: Answers) -> bool | None:
    """None until birth and consent are known."""
    born, consent = answers["DM.birth_date"], answers["icf_main_dt"]
    if born is None or consent is None:
        return None
    return is_adult(born, consent.astimezone(SITE_ZONE).date())


def _adult_signs(signer: str, answers: Answers) -> bool:
    return signer != "legal_representative" or not _adult_at_consent(answers)


def _days_before_lymphodepletion(at_most: int, item: str) -> Limit:
    """No more than so many days before the first dose of lymphodepletion."""

    def kept(value: Any, answers: Answers) -> bool:
        first, day = first_dose_day(answers), local_day(value)
        return first is None or day is None or (first - day).days <= at_most

    return must(
        format_lazy(_("at most {days} d before the first lymphodepletion dose"), days=at_most),
        kept,
        "LD.ld_date",
    )


def _agrees_with_age(answer: str, answers: Answers) -> bool:
    adult = _adult_at_consent(answers)
    return adult is None or (answer == YES) == adult


def _agrees_with_cd7(answer: str, answers: Answers) -> bool:
    share, least = answers["DX.cd7_pct"], Configured("cd7_min").value(answers)
    return share is None or least is None or answer != YES or share >= least


def _cd7_not_low(answer: str, answers: Answers) -> bool:
    share = answers["DX.cd7_pct"]
    return share is None or share >= 50


def _clearance(answers: Answers) -> Decimal | None:
    """Cockcroft and Gault in mL/min, from the creatinine and the weight of the screening visit."""
    age, sex, weight = answers["DM.age_consent"], answers["DM.sex"], weight_at_screening(answers)
    measured = [row for row in results(answers, "CREAT") if row.visit == SCREENING]
    creatinine = in_si(measured[-1], "lab_value") if measured else None
    if age is None or sex is None or weight is None or not creatinine:
        return None
    share = FEMALE_SHARE if sex == "F" else Decimal(1)
    clearance: Decimal = (140 - age) * weight * share / (72 * creatinine / CREATININE_UMOL_PER_MG_DL)
    return clearance.quantize(Decimal("0.1"), ROUND_HALF_UP)


def _signed_by_investigator(day: date, answers: Answers) -> bool:
    """Signed here by the principal investigator, or on paper, on or before this day."""
    on_paper = answers["signed_in_source_on"]
    attested = bool(answers["signed_in_source_by"]) and on_paper is not None and on_paper <= day
    return attested or answers.was_approved(day)


def attested(record: Record, approvals: Sequence[Approval]) -> Record:
    """The record as a casebook directory and a data cut hold it: a signature made here stands in the items of
    one made on paper, so that an import, which can sign for nobody, makes an attested one of it."""
    standing = next((each for each in approvals if each.stands), None)
    if record.form != Eligibility.form.code or standing is None:
        return record
    if record.values["signed_in_source_by"] or record.values["signed_in_source_on"]:
        return record
    enrolled = record.values["enrol_dt"]
    approval = (approval_for(enrolled, approvals) if enrolled else None) or standing
    signed = {"signed_in_source_by": approval.by, "signed_in_source_on": approval.since}
    return replace(record, values=record.values | signed)


def recorded(casebook: Casebook, form: str) -> Sequence[Record]:
    """The rows of a form as a casebook directory and a data cut hold them."""
    return [attested(row, casebook.approvals(form, row.visit)) for row in casebook.records(form)]


def all_recorded(casebook: ShelvedCasebook) -> Iterator[Record]:
    """The rows of all forms, in no order, and each page that was saved with its header alone, last."""
    for row in casebook.rows:
        yield attested(row, casebook.approvals(row.form, row.visit))
    yield from casebook.pages_without_rows()


def is_signed(record: Record, approvals: Sequence[Approval]) -> bool:
    """Whether somebody signed the decision on eligibility, here or on paper."""
    return attested(record, approvals).values["signed_in_source_on"] is not None


def _fertile(answer: str, answers: Answers) -> bool:
    return answer != "NA" or answers["DM.fertile"] != YES


def _eligible_or_open(value: Any, answers: Answers) -> bool:
    return answers["ELIG.eligible"] is not False


def _waived(answers: Answers) -> Sight:
    return bool(answers["waiver"])


def _waived_on(answers: Answers) -> date | None:
    """The day of enrolment; until it is known, of the signature or of consent."""
    return answers["enrol_dt"] or answers["signed_in_source_on"] or answers.dated


ELIGIBLE = numbered(
    must(_("the subject is eligible"), _eligible_or_open, "ELIG.eligible"),
    "X-ELIG-05",
    _("Subject is not eligible; treatment forms stay closed unless a waiver is approved."),
)
"""Of every date of treatment."""


# --- checks of the page as a whole ----------------------------------------------------------------------
def _reconsent_due(answers: Answers) -> Sight:
    """A newer version has been in force for more than 30 days; who has died or left signs no more."""
    today, signed = site_today(), {answers["icf_main_version"], answers["reconsent_version"]}
    if answers["icf_main_version"] is None or left_on(answers) is not None:
        return False
    newest = newest_consent_version(today)
    if newest is None or newest.version in signed:
        return False
    overdue = (today - newest.in_force_from).days > RECONSENT_WITHIN_DAYS
    return overdue and {"version": newest.version}


def _above_configured_age(answers: Answers) -> Sight:
    age, most = answers["DM.age_consent"], setting("age_max")
    if age is None or most is None or age <= most:
        return False
    return {"age": age, "most": most}


def _organ_fails(answers: Answers) -> Sight:
    """Of what is known: heart, lung and kidney on this page, liver in the screening laboratory."""
    if answers["inc08_organ"] != YES:
        return False
    for name, least in LEAST.items():
        if answers[name] is not None and answers[name] < least:
            item = Eligibility.item(name)
            return {"test": item.declared.label, "value": item.readable(answers[name])}
    return next(_liver_fails(answers), False)


def _liver_fails(answers: Answers) -> Iterator[Sight]:
    infiltrated = answers["DX.emd_present"] is not False and "liver" in (answers["DX.emd_sites"] or ())
    column = 1 if infiltrated else 0
    for test, most in MOST_TIMES_ULN.items():
        for row in answers.rows_where("LAB", "lab_test", test):
            times = times_upper_limit(row) if row.visit == SCREENING else None
            if times is not None and times > most[column]:
                yield {"test": BY_CODE[test].name, "value": f"{row['lab_value']:f} {row['lab_unit']}"}


def _needs_waiver(answers: Answers) -> Sight:
    diagnosis = answers["DX.dx_type"]
    outside = diagnosis is not None and diagnosis not in ("aml", "t_all", "t_lbl")
    return outside and answers["inc03_dx"] == YES and not answers["waiver"]


def _pregnant(answers: Answers) -> Sight:
    return bool(answers["pregnancy_test"] == "positive" and answers["exc07_preg"] == NO)


def _virus_is_active(answers: Answers) -> Sight:
    """Of the viruses of E3 the casebook records hepatitis B alone."""
    load = answers["DM.hbv_dna"]
    if answers["exc03_virus"] != NO or load is None or load <= HBV_ACTIVE_ABOVE_IU_PER_ML:
        return False
    return {"load": load}


def _pregnancy_of_a_man(answers: Answers) -> Sight:
    return bool(answers["DM.sex"] == "M" and answers["exc07_preg"] == YES)


_NOT_IN_FORCE = _("Consent version %(version)s was not in force on %(day)s.")
_CHECKS = (
    hard(
        "X-ELIG-03",
        "icf_main_version",
        _NOT_IN_FORCE,
        _not_in_force("icf_main_version", "icf_main_dt"),
        "icf_main_dt",
    ),
    hard(
        "X-ELIG-03",
        "reconsent_version",
        _NOT_IN_FORCE,
        _not_in_force("reconsent_version", "reconsent_dt"),
        "reconsent_dt",
    ),
    soft(
        "X-ELIG-04",
        "icf_main_version",
        _("New consent version %(version)s: re-consent due."),
        _reconsent_due,
        "reconsent_version",
        "DTH.dth_dt",
        "EOS.eos_dt",
    ),
    soft(
        "X-ELIG-07",
        "inc02_age",
        _("Age %(age)s is above the configured limit of %(most)s: confirm waiver."),
        _above_configured_age,
        "DM.age_consent",
    ),
    soft(
        "X-ELIG-08",
        "inc08_organ",
        _("Organ function item answered Yes but %(test)s = %(value)s."),
        _organ_fails,
        *LEAST,
        "LAB.lab_value",
        "DX.emd_present",
        "DX.emd_sites",
    ),
    hard(
        "X-ELIG-09",
        "inc03_dx",
        _("Diagnosis outside AML/T-ALL/T-LBL needs a waiver."),
        _needs_waiver,
        "DX.dx_type",
        "waiver",
    ),
    hard(
        "X-ELIG-10",
        "exc07_preg",
        _("Positive pregnancy test contradicts exclusion E7."),
        _pregnant,
        "pregnancy_test",
    ),
    hard(
        "X-ELIG-11",
        "exc03_virus",
        _("Active viral infection recorded (HBV DNA %(load)s IU/mL); E3 must be Yes."),
        _virus_is_active,
        "DM.hbv_dna",
    ),
    hard(
        "X-ELIG-15",
        "exc07_preg",
        _("Pregnancy item not applicable for male subject."),
        _pregnancy_of_a_man,
        "DM.sex",
    ),
)


class Eligibility(FormRow):
    """Consent, inclusion and exclusion criteria, and the registration of one subject."""

    form = FormDeclaration(
        code="ELIG",
        title=_("Screening, consent and eligibility"),
        enters=_("investigator"),
        signs=_("PI signature blocks enrolment"),
        sdtm="DS, IE, SUPPIE",
        dated_by="icf_main_dt",
        before_consent=True,
        approved=True,
        checks=_CHECKS,
        sections=(
            Section(_("Consent"), "icf_main_signed"),
            Section(_("Screening"), "screen_no"),
            Section(_("Inclusion criteria"), "inc01_consent"),
            Section(_("Exclusion criteria"), "exc01_gvhd"),
            Section(_("Organ function"), "lvef_pct"),
            Section(_("Decision"), "waiver"),
        ),
        deviations=(
            Deviation(
                id="X-ELIG-06",
                item="waiver",
                category="eligibility",
                weight="important",
                message=_("The subject was enrolled by an exemption, although a criterion was not met."),
                sees=_waived,
                looks_at=("enrol_dt", "signed_in_source_on"),
                happened=_waived_on,
            ),
        ),
    )

    icf_main_signed = BooleanItem(
        _("Main informed consent signed"), cdisc="DS.DSDECOD=INFORMED CONSENT OBTAINED (C16735)"
    )
    icf_main_dt = DateTimeItem(
        _("Main consent date and time"),
        req="C",
        when=when("icf_main_signed", YES),
        hard=(NOT_LATER_THAN_NOW, Compare(">=", Configured("study_start"))),
        soft=(_days_before_lymphodepletion(28, "icf_main_dt"), Compare(">=", Fixed(REGISTERED_ON))),
        cdisc="DS.DSSTDTC; DM.RFICDTC",
    )
    icf_main_version = ChoiceItem(
        _("Consent version no."),
        ConsentVersions("icf_main_version", ()),
        req="C",
        when=when("icf_main_signed", YES),
        soft=must(_("not superseded"), _newest_in_force),
        cdisc="DS / SUPPDS",
    )
    icf_language = ChoiceItem(
        _("Language of consent"),
        CodeList(
            "icf_language", (Code("zh", _("Chinese")), Code("en", _("English")), Code("other", _("other")))
        ),
        req="C",
        when=when("icf_main_signed", YES),
        cdisc="SUPPDS",
    )
    icf_signer = ChoiceItem(
        _("Signed by"),
        choices("icf_signer", _("subject"), _("legal representative"), _("subject with impartial witness")),
        req="C",
        when=when("icf_main_signed", YES),
        soft=must(_("the subject, when 18 or older"), _adult_signs, "DM.birth_date", "icf_main_dt"),
        cdisc="SUPPDS",
    )
    icf_hsct_signed = BooleanItem(
        _("Separate consent for transplantation without conditioning/prophylaxis"),
        cdisc="DS.DSDECOD=INFORMED CONSENT OBTAINED FOR PROTOCOL-SPECIFIED ACTIVITY (C202444)",
    )
    icf_hsct_dt = DateItem(
        _("Date of transplantation consent"),
        req="C",
        when=when("icf_hsct_signed", YES),
        hard=not_after("HSCT.hsct_start_dt"),
        cdisc="DS.DSSTDTC",
    )
    icf_genetic_signed = ChoiceItem(
        _("Consent to genetic/biobank use"),
        CodeList(
            "icf_genetic_signed",
            (
                Code(YES, _("Yes"), "C49488"),
                Code(NO, _("No"), "C49487"),
                Code("declined", _("declined"), "C202445"),
            ),
        ),
        cdisc="DS",
    )
    icf_ltfu_signed = BooleanItem(
        _("Consent to long-term follow-up (15 y gene-therapy)"), soft=other_than(NO), cdisc="DS"
    )

    reconsent_version = ChoiceItem(
        _("Re-consent: version no."),
        ConsentVersions("reconsent_version", ()),
        req="O",
        when=when("icf_main_signed", YES),
        hint=_("the newest version that the subject has signed since"),
        cdisc="SUPPDS",
    )
    reconsent_dt = DateItem(
        _("Re-consent: date"),
        req="C",
        when=when_filled("reconsent_version"),
        hard=(NOT_IN_FUTURE, not_before("icf_main_dt")),
        cdisc="SUPPDS",
    )

    screen_no = TextItem(
        _("Screening number"),
        10,
        derived=Derivation(_("S- and the subject's number"), lambda answers: f"S-{answers.subject}", ()),
        cdisc="DM.SUBJID history",
    )
    rescreen = BooleanItem(_("Is this a re-screening"), cdisc="SUPPDM")
    prior_screen_no = TextItem(
        _("Earlier screening number"),
        10,
        req="C",
        when=when("rescreen", YES),
        hard=must(
            _("another screening number"), lambda value, answers: value != answers["screen_no"], "screen_no"
        ),
        cdisc="SUPPDM",
    )

    inc01_consent = ChoiceItem(_("I1 Written dated consent given"), NYNA, cdisc="IE.IETESTCD=INCL01")
    inc02_age = ChoiceItem(
        _("I2 Age at consent 18 or more"),
        NYNA,
        hard=must(_("as the birth date says"), _agrees_with_age, "DM.birth_date", "icf_main_dt"),
        cdisc="IE INCL02",
    )
    inc03_dx = ChoiceItem(
        _("I3 CD7+ AML, T-ALL or T-LBL by WHO/NCCN criteria"),
        NYNA,
        cdisc="IE INCL03",
    )
    inc04_rr = ChoiceItem(_("I4 Relapsed or refractory"), NYNA, cdisc="IE INCL04")
    rr_basis = MultiItem(
        _("Basis of R/R status"),
        choices(
            "rr_basis",
            _("no CR after standard induction"),
            _("first CR lasting <=12 months"),
            _("no CR after salvage"),
            _(">=2 relapses"),
            _("relapse after allo-HSCT"),
            _("persistent MRD after 2+ lines"),
            _("progressive extramedullary disease"),
        ),
        req="C",
        when=when("inc04_rr", YES),
        hard=at_least_one(),
        cdisc="SUPPIE",
    )
    inc05_cd7 = ChoiceItem(
        _("I5 Blasts CD7 positive (flow or IHC) at screening"),
        NYNA,
        hard=must(_("CD7-positive blasts as configured (cd7_min)"), _agrees_with_cd7, "DX.cd7_pct"),
        soft=must(_("CD7-positive blasts of 50 % or more"), _cd7_not_low, "DX.cd7_pct"),
        cdisc="IE INCL05",
    )
    inc06_ecog = ChoiceItem(
        _("I6 ECOG 0-2"),
        NYNA,
        hard=must(
            _("as the vital signs say"),
            lambda value, answers: (
                answers["VS.ecog"] is None or (value == YES) == (answers["VS.ecog"] <= "2")
            ),
            "VS.ecog",
        ),
        cdisc="IE INCL06",
    )
    inc07_life = ChoiceItem(_("I7 Expected survival over 12 weeks"), NYNA, cdisc="IE INCL07")
    inc08_organ = ChoiceItem(
        _("I8 Organ function within protocol limits"),
        NYNA,
        cdisc="IE INCL08",
    )
    inc09_donor = ChoiceItem(
        _("I9 Suitable prior-transplant or haploidentical related donor available"), NYNA, cdisc="IE INCL09"
    )
    inc10_contra = ChoiceItem(
        _("I10 Contraception agreed"),
        NYNA,
        hard=must(_("NA only if not fertile"), _fertile, "DM.fertile"),
        cdisc="IE INCL10",
    )

    exc01_gvhd = ChoiceItem(_("E1 Active GVHD needing systemic therapy"), NYNA, cdisc="IE EXCL01")
    exc02_infect = ChoiceItem(_("E2 Uncontrolled active infection"), NYNA, cdisc="IE EXCL02")
    exc03_virus = ChoiceItem(
        _("E3 Active HBV (HBV DNA positive), HCV RNA, HIV, syphilis"), NYNA, cdisc="IE EXCL03"
    )
    exc04_cns = ChoiceItem(
        _("E4 Symptomatic/uncontrolled CNS disease or seizure disorder"), NYNA, cdisc="IE EXCL04"
    )
    exc05_cardiac = ChoiceItem(
        _("E5 NYHA III-IV, MI<6 mo, uncontrolled arrhythmia, QTc>500 ms"), NYNA, cdisc="IE EXCL05"
    )
    exc06_malig = ChoiceItem(_("E6 Other active malignancy"), NYNA, cdisc="IE EXCL06")
    exc07_preg = ChoiceItem(
        _("E7 Pregnant or breast-feeding"), NYNA, when=when("DM.sex", "F"), cdisc="IE EXCL07"
    )
    exc08_dsa = ChoiceItem(
        _("E8 Strong DSA against the chosen donor without desensitisation (MFI above the configured limit)"),
        NYNA,
        soft=must(
            _("MFI outside 1000-5000"),
            lambda value, answers: (
                not any(
                    1000 <= row["dsa_max_mfi"] <= 5000 for row in answers.rows("DONOR") if row["dsa_max_mfi"]
                )
            ),
            "DONOR.dsa_max_mfi",
        ),
        cdisc="IE EXCL08",
    )
    exc09_other = ChoiceItem(_("E9 Any other condition unsafe in investigator view"), NYNA, cdisc="IE EXCL09")

    lvef_pct = DecimalItem(
        _("LVEF by echo/MUGA"),
        4,
        1,
        hard=between("10", "85"),
        soft=at_least("50"),
        unit="%",
        cdisc="CV.CVTESTCD=LVEF",
    )
    spo2_ra_pct = IntegerItem(
        _("SpO2 on room air"),
        hard=between("50", "100"),
        soft=at_least("92"),
        unit="%",
        cdisc="VS.OXYSAT (C60832)",
    )
    crcl_ml_min = DecimalItem(
        _("Creatinine clearance (Cockcroft-Gault)"),
        5,
        1,
        derived=Derivation(
            _("((140-age)*kg*(0.85 if F))/(72*SCr mg/dL)"),
            _clearance,
            ("LAB", "VS", "DM.age_consent", "DM.sex"),
        ),
        hard=between("5", "300"),
        soft=at_least("60"),
        unit="mL/min",
        cdisc="LB.CREATCLR (C25747)",
    )
    pregnancy_test = ChoiceItem(
        _("Serum/urine pregnancy test"),
        choices("pregnancy_test", _("negative"), _("positive"), _("not applicable")),
        when=when("DM.sex", "F"),
        hard=other_than("positive"),
        cdisc="LB.HCG (C64851)",
    )

    waiver = BooleanItem(
        _("Eligibility exemption granted by sponsor/ethics"),
        when=judged(_("any criterion failed"), _criterion_failed, *INCLUSION, *EXCLUSION),
        cdisc="SUPPIE",
    )
    waiver_ref = TextItem(_("Exemption reference"), 40, req="C", when=when("waiver", YES), cdisc="SUPPIE")
    eligible = BooleanItem(
        _("Eligible (derived)"),
        derived=Derivation(
            _("all inc*=Y/NA, all exc*=N/NA, or approved waiver"),
            _eligible,
            (*INCLUSION, *EXCLUSION, "waiver", "DM.sex"),
        ),
        cdisc="DS.DSDECOD=ELIGIBILITY CRITERIA MET (C132447)/NOT MET (C164344)",
    )
    signed_in_source_by = UserItem(
        _("Eligibility signed in the source by"),
        req="O",
        hint=_("for a signature made on paper: the member who signed"),
        cdisc="SUPPIE",
    )
    signed_in_source_on = DateItem(
        _("Eligibility signed in the source on"),
        req="O",
        hard=not_before("icf_main_dt"),
        cdisc="SUPPIE",
    )
    enrol_dt = DateItem(
        _("Enrolment (registration) date"),
        req="C",
        when=when("eligible", YES),
        hard=(
            not_before("icf_main_dt"),
            numbered(
                must(
                    _("signed by the investigator"),
                    _signed_by_investigator,
                    "signed_in_source_by",
                    "signed_in_source_on",
                    f"ELIG.{SIGNATURE}",
                ),
                "X-ELIG-12",
                _("Investigator must sign eligibility before enrolment."),
            ),
        ),
        cdisc="DS.DSDECOD=ENTERED INTO TRIAL (C161417)",
    )
    screen_fail_reason = ChoiceItem(
        _("Screen-failure reason"),
        choices(
            "screen_fail_reason",
            _("criteria not met"),
            _("withdrew"),
            _("died"),
            _("product/donor unavailable"),
            _("progression"),
            _("other"),
        ),
        req="C",
        when=when("eligible", NO),
        cdisc="DS.DSDECOD=SCREEN FAILURE (C49628)",
    )
