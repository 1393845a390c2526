"""DM: demographics, entered by the coordinator at screening.

The birth date identifies a person: it is kept in the encrypted identity of the subject, and this form's row
holds a keyed hash of it.
"""

import gettext
from datetime import date
from decimal import ROUND_DOWN, Decimal

import pycountry
from django.utils.functional import lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.forms.age import ADULT_YEARS, birthday_of, is_adult
from patients.items.codelists import ABO, POSNEG, RACE, SEX_AT_SITES, YES, Code, CodeList, choices
from patients.items.conditions import Answers, when
from patients.items.item import Derivation
from patients.items.limits import Compare, Fixed, Today, at_most, below, between, must, numbered, other_than
from patients.items.partial_date import PartialDate
from patients.items.types import ChoiceItem, DecimalItem, IntegerItem, PartialDateItem
from trial.protocol.study import SITE_ZONE

DAYS_PER_YEAR = Decimal("365.25")


def _country_name(name: str) -> str:
    """The country's name in the active language (ISO 3166-1 catalogue)."""
    if (get_language() or "").startswith("zh"):
        return gettext.translation("iso3166-1", pycountry.LOCALES_DIR, ["zh_CN"], fallback=True).gettext(name)
    return name


COUNTRIES = CodeList(
    "ISO-3166 alpha-3",
    tuple(Code(country.alpha_3, lazy(_country_name, str)(country.name)) for country in pycountry.countries),
)


def age_in_years(born: PartialDate, on: date) -> Decimal:
    """Age rounded down to a tenth of a year of 365.25 days. It may be 17.9 on the 18th birthday: whether
    somebody is an adult is for the calendar to say (`is_adult`)."""
    days = (on - birthday_of(born)).days
    return (Decimal(days) / DAYS_PER_YEAR).quantize(Decimal("0.1"), ROUND_DOWN)


def _age_at_consent(answers: Answers) -> Decimal | None:
    born, consent = answers["birth_date"], answers["ELIG.icf_main_dt"]
    if born is None or consent is None:
        return None
    return age_in_years(born, consent.astimezone(SITE_ZONE).date())


def _adult_at_consent(age: Decimal, answers: Answers) -> bool:
    born, consent = answers["birth_date"], answers["ELIG.icf_main_dt"]
    if born is None or consent is None:
        return age >= ADULT_YEARS
    return is_adult(born, consent.astimezone(SITE_ZONE).date())


class Demographics(FormRow):
    """Sex, age, ethnic group, blood group, viral serology and comorbidity of the subject."""

    form = FormDeclaration(
        code="DM",
        title=_("Demographics"),
        enters=_("coordinator"),
        signs="-",
        sdtm="DM, SC, SUPPDM",
        before_consent=True,
        sections=(
            Section(_("Person"), "sex"),
            Section(_("Blood group and serology"), "abo_rh"),
            Section(_("Fertility and comorbidity"), "fertile"),
        ),
    )

    sex = ChoiceItem(_("Sex at birth"), SEX_AT_SITES, cdisc="DM.SEX")
    birth_date = PartialDateItem(
        _("Date of birth"),
        identity=True,
        hint=_("encrypted; exports carry the age alone"),
        hard=(Compare(">=", Fixed(date(1920, 1, 1))), Compare("<=", Today(years=-ADULT_YEARS))),
        cdisc="DM.BRTHDTC",
    )
    age_consent = DecimalItem(
        _("Age at consent"),
        4,
        1,
        derived=Derivation(
            _("floor to 0.1 of (icf_main_dt - birth_date) / 365.25; missing month: June, missing day: 15"),
            _age_at_consent,
            ("birth_date", "ELIG.icf_main_dt"),
        ),
        hard=must(_(">= 18 by the calendar"), _adult_at_consent, "birth_date", "ELIG.icf_main_dt"),
        soft=numbered(
            at_most("75"),
            "X-ELIG-07",
            _(
                "Age %(value)s is above the registry limit of 75: confirm waiver "
                "(published cohort reached 81.9 y)."
            ),
        ),
        unit="years",
        cdisc="DM.AGE, AGEU=YEARS (C66781)",
    )
    ethnic_han = ChoiceItem(
        _("Ethnic group"),
        choices("ethnic_han", _("Han"), _("other Chinese ethnic group"), _("other"), _("unknown")),
        cdisc="SUPPDM (DM.ETHNIC C66790 = NOT REPORTED)",
    )
    race = ChoiceItem(_("Race"), RACE, cdisc="DM.RACE")
    country = ChoiceItem(
        _("Country"),
        COUNTRIES,
        soft=must(_("CHN"), lambda value, answers: value == "CHN"),
        cdisc="DM.COUNTRY",
    )

    abo_rh = ChoiceItem(_("Recipient ABO/Rh before CAR-T"), ABO, cdisc="LB.ABO (C125939), RH (C92948)")
    cmv_igg = ChoiceItem(_("Recipient CMV IgG"), POSNEG, cdisc="MB.CMV / IS")
    ebv_igg = ChoiceItem(_("Recipient EBV IgG"), POSNEG, cdisc="MB.EBV (C184675)")
    hbsag = ChoiceItem(_("HBsAg"), POSNEG, soft=other_than("positive"), cdisc="MB")
    hbcab = ChoiceItem(_("Anti-HBc"), POSNEG, soft=other_than("positive"), cdisc="MB")
    hbv_dna = DecimalItem(
        _("HBV DNA"),
        13,
        0,
        req="C",
        when=when("hbsag", "positive") | when("hbcab", "positive"),
        hint=_("0 if below the limit of detection"),
        hard=between("0", "1000000000000"),
        soft=at_most("20"),
        unit="IU/mL",
        cdisc="MB",
    )

    fertile = ChoiceItem(
        _("Childbearing potential / fertile"),
        CodeList(
            "fertile",
            (
                Code(YES, _("Yes")),
                Code("N_surgical", _("No: surgical")),
                Code("N_postmenopausal", _("No: postmenopausal")),
                Code("N_treatment", _("No: after treatment")),
            ),
        ),
        cdisc="RP",
    )
    hctci = IntegerItem(_("HCT-CI score"), hard=between("0", "26"), soft=below("5"), cdisc="RS/QS (HCT-CI)")
