"""ELIG: screening, consent and eligibility.

The investigator enters it at screening; the principal investigator's signature on it opens enrolment. Until
the main consent is recorded, nothing but this form and the demographics can be saved.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.items.codelists import NO, NYNA, YES, Code, CodeList, choices
from patients.items.conditions import Answers, judged, when
from patients.items.item import Derivation
from patients.items.limits import (
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
from patients.items.partial_date import PartialDate
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
from trial.protocol.configuration import consent_version_in_force
from trial.protocol.models import ConsentVersion
from trial.protocol.study import SITE_ZONE

ADULT_YEARS = 18
# I8: least values, and most times the upper limit of normal without and with leukaemia in the liver (defaults
# of a sister trial, NCT06633328, that await the trial team's confirmation).
LEAST = {"lvef_pct": 50, "spo2_ra_pct": 92, "crcl_ml_min": 60}
MOST_TIMES_ULN = {
    "BILI": (Decimal("1.5"), Decimal(3)),
    "ALT": (Decimal(3), Decimal(5)),
    "AST": (Decimal(3), Decimal(5)),
}
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

    @property
    def labels(self) -> dict[str, Text]:
        """Read anew each time: a version may be approved while the application runs."""
        return {version: version for version in ConsentVersion.objects.values_list("version", flat=True)}


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


def _version_in_force(version: str, answers: Answers) -> bool:
    signed = answers["icf_main_dt"]
    return signed is None or consent_version_in_force(version, signed.astimezone(SITE_ZONE).date())


def _newest_in_force(version: str, answers: Answers) -> bool:
    return not ConsentVersion.objects.filter(version=version, superseded_on__isnull=False).exists()


def birthday_of(born: PartialDate) -> date:
    """The day that a partial birth date counts as: an unknown month as June, an unknown day as the 15th
    (specification of item `age_consent`)."""
    return date(born.year, born.month or 6, born.day or 15)


def is_adult(born: PartialDate, on: date) -> bool:
    """Whether somebody has had the 18th birthday by the calendar: on 1 March, if born on 29 February."""
    birthday = birthday_of(born)
    return (on.year - ADULT_YEARS, on.month, on.day) >= (birthday.year, birthday.month, birthday.day)


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
        doses = [row["ld_date"] for row in answers.rows("LD") if row["ld_date"]]
        day = value.astimezone(SITE_ZONE).date() if hasattr(value, "astimezone") else value
        return not doses or (min(doses) - day).days <= at_most

    return must(
        format_lazy(_("at most {days} d before the first lymphodepletion dose"), days=at_most),
        kept,
        "LD.ld_date",
    )


def _agrees_with_age(answer: str, answers: Answers) -> bool:
    adult = _adult_at_consent(answers)
    return adult is None or (answer == YES) == adult


def _agrees_with_diagnosis(answer: str, answers: Answers) -> bool:
    diagnosis = answers["DX.dx_type"]
    return (
        diagnosis is None
        or answer != YES
        or diagnosis in ("aml", "t_all", "t_lbl")
        or bool(answers["waiver"])
    )


def _agrees_with_cd7(answer: str, answers: Answers) -> bool:
    share, least = answers["DX.cd7_pct"], Configured("cd7_min").value(answers)
    return share is None or least is None or answer != YES or share >= least


def _cd7_not_low(answer: str, answers: Answers) -> bool:
    share = answers["DX.cd7_pct"]
    return share is None or share >= 50


def _organs_fit(answer: str, answers: Answers) -> bool:
    """Of what is known: heart, lung and kidney on this page, liver in the screening laboratory."""
    weak = any((value := answers[name]) is not None and value < least for name, least in LEAST.items())
    return answer != YES or not (weak or _liver_fails(answers))


def _liver_fails(answers: Answers) -> bool:
    column = 1 if "liver" in (answers["DX.emd_sites"] or ()) else 0
    return any(
        row["lab_value"] > MOST_TIMES_ULN[row["lab_test"]][column] * row["lab_uln"]
        for row in answers.rows("LAB")
        if row.visit == "SCR"
        and row["lab_test"] in MOST_TIMES_ULN
        and None not in (row["lab_value"], row["lab_uln"])
    )


def _signed_by_investigator(day: date, answers: Answers) -> bool:
    signed = answers["signed_in_source_on"]
    return bool(answers["signed_in_source_by"]) and signed is not None and signed <= day


def _fertile(answer: str, answers: Answers) -> bool:
    return answer != "NA" or answers["DM.fertile"] != YES


def _eligible_or_open(value: Any, answers: Answers) -> bool:
    return answers["ELIG.eligible"] is not False


ELIGIBLE = numbered(
    must(_("the subject is eligible"), _eligible_or_open, "ELIG.eligible"),
    "X-ELIG-05",
    _("Subject is not eligible; treatment forms stay closed unless a waiver is approved."),
)
"""Of every date of treatment."""


class Eligibility(FormRow):
    """Consent, inclusion and exclusion criteria, and the registration of one subject."""

    form = FormDeclaration(
        code="ELIG",
        title=_("Screening, consent and eligibility"),
        enters="investigator",
        signs="PI signature blocks enrolment",
        sdtm="DS, IE, SUPPIE",
        dated_by="icf_main_dt",
        before_consent=True,
        sections=(
            Section(_("Consent"), "icf_main_signed"),
            Section(_("Screening"), "screen_no"),
            Section(_("Inclusion criteria"), "inc01_consent"),
            Section(_("Exclusion criteria"), "exc01_gvhd"),
            Section(_("Organ function"), "lvef_pct"),
            Section(_("Decision"), "waiver"),
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
        hard=numbered(
            must(_("in force on the day of consent"), _version_in_force, "icf_main_dt"),
            "X-ELIG-03",
            _("Consent version %(value)s was not in force on the day of consent."),
        ),
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

    screen_no = TextItem(
        _("Screening number"),
        10,
        derived=Derivation("S- and the subject's number", lambda answers: f"S-{answers.subject}", ()),
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
        soft=must(
            _("age within the configured limit"),
            lambda value, answers: Compare("<=", Configured("age_max")).kept(
                answers["DM.age_consent"] or 0, answers
            ),
            "DM.age_consent",
        ),
        cdisc="IE INCL02",
    )
    inc03_dx = ChoiceItem(
        _("I3 CD7+ AML, T-ALL or T-LBL by WHO/NCCN criteria"),
        NYNA,
        hard=numbered(
            must(_("as the diagnosis says"), _agrees_with_diagnosis, "DX.dx_type"),
            "X-ELIG-09",
            _("Diagnosis outside AML/T-ALL/T-LBL needs a waiver."),
        ),
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
        soft=numbered(
            must(
                _("within the limits of the protocol"),
                _organs_fit,
                "LAB.lab_value",
                "lvef_pct",
                "spo2_ra_pct",
            ),
            "X-ELIG-08",
            _("Organ function item answered Yes but a value is outside the limits."),
        ),
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
            "((140-age)*kg*(0.85 if F))/(72*SCr mg/dL)",
            lambda answers: None,  # creatinine and weight come with the laboratory and vital-signs forms
            ("LAB", "VS", "DM.age_consent", "DM.sex"),
        ),
        waits_for="VS",
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
        when=judged("any criterion failed", _criterion_failed, *INCLUSION, *EXCLUSION),
        cdisc="SUPPIE",
    )
    waiver_ref = TextItem(_("Exemption reference"), 40, req="C", when=when("waiver", YES), cdisc="SUPPIE")
    eligible = BooleanItem(
        _("Eligible (derived)"),
        derived=Derivation(
            "all inc*=Y/NA, all exc*=N/NA, or approved waiver",
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
                must(_("signed by the investigator"), _signed_by_investigator, "signed_in_source_on"),
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
