"""The endpoints of section 4.4 of the specification, in its order: origin, outcomes, and what ends the rest.

The outcomes of an endpoint stand in the order that decides on one day. The sensitivity runs that the
specification names are endpoints of their own: PFSS, PFSMRD and AGV14R.
"""

from django.utils.translation import gettext_lazy as _

from analytics.datasets.ends import engraftment, gvhd, infection, survival
from analytics.datasets.ends.ending import Origin, Parameter, competing
from analytics.datasets.story import Day, Story


# --- origins ----------------------------------------------------------------------------------------------
def _responded(story: Story) -> Day:
    """The first remission of a subject of SAF; one that is dated after death is none."""
    found = story.remission if story.infused_in_set else None
    return None if found and story.died and found.value > story.died.value else found


def _infused_and_low(story: Story) -> Day:
    return story.infused_in_set if engraftment.first_low(story) else None


T0 = Origin("T0", "SAF", lambda story: story.infused_in_set)
H0 = Origin("H0", "HSCTSET", lambda story: story.grafted_in_set)
ENROLMENT = Origin("ENROLMENT", "ENR", lambda story: story.enrolled)
REMISSION = Origin("REMISSION", _("SAF with CR, CRh or CRi"), _responded)
T0_LOW = Origin("T0", _("SAF with neutrophils at or below 0.5 after T0"), _infused_and_low)

# --- endpoints --------------------------------------------------------------------------------------------
_DEATH, _RELAPSE = survival.DEATH, survival.RELAPSE
_DIED = competing(_DEATH)
_PROGRESSED, _RELAPSED_AFTER_GRAFT = competing(_RELAPSE), competing(survival.RELAPSE_AFTER_GRAFT)
_DIED_WITHOUT_RELAPSE = competing(_DEATH, "DEATH WITHOUT RELAPSE")
_DIED_WITHOUT_ACUTE = competing(_DEATH, "DEATH WITHOUT ACUTE GVHD")
_SECOND_GRAFT, _GRAFT = competing(survival.SECOND_TRANSPLANTATION), competing(survival.TRANSPLANTATION)
_ALIVE, _FREE = survival.LAST_KNOWN_ALIVE, survival.LAST_ASSESSMENT

PARAMETERS = (
    Parameter("OS", _("Overall survival"), T0, (_DEATH,), _ALIVE),
    Parameter("OSENR", _("Overall survival from enrolment"), ENROLMENT, (_DEATH,), _ALIVE),
    Parameter("OSHSCT", _("Overall survival from transplantation"), H0, (_DEATH,), _ALIVE),
    Parameter("PFS", _("Progression-free survival"), T0, (_RELAPSE, _DEATH), _FREE),
    Parameter(
        "PFSS",
        _("Progression-free survival, censored at therapy for another reason than relapse"),
        T0,
        (_RELAPSE, _DEATH),
        _FREE,
        cut_short_by=survival.OTHER_THERAPY,
    ),
    Parameter(
        "PFSMRD",
        _("Progression-free survival, MRD relapse included"),
        T0,
        (_RELAPSE, survival.MRD_RELAPSE, _DEATH),
        _FREE,
    ),
    Parameter("DOR", _("Duration of response"), REMISSION, (_RELAPSE, _DEATH), _FREE),
    Parameter("EFS", _("Event-free survival"), T0, (_RELAPSE, _DEATH, survival.TREATMENT_FAILURE), _FREE),
    Parameter("CIR", _("Relapse or progression"), T0, (_RELAPSE, _DIED_WITHOUT_RELAPSE), _FREE),
    Parameter(
        "CIRH",
        _("Relapse or progression from transplantation"),
        H0,
        (survival.RELAPSE_BY_GRAFT, _DIED_WITHOUT_RELAPSE),
        _FREE,
    ),
    Parameter(
        "CD7NREL",
        _("CD7-negative relapse"),
        T0,
        (survival.CD7_NEGATIVE_RELAPSE, competing(survival.OTHER_RELAPSE), _DIED_WITHOUT_RELAPSE),
        _FREE,
    ),
    Parameter("NRM", _("Non-relapse death"), T0, (_PROGRESSED, survival.NON_RELAPSE_DEATH), _ALIVE),
    Parameter(
        "NRMH",
        _("Non-relapse death from transplantation"),
        H0,
        (competing(survival.RELAPSE_BY_GRAFT), survival.NON_RELAPSE_DEATH),
        _ALIVE,
    ),
    Parameter(
        "NEUTENG",
        _("Neutrophil engraftment"),
        H0,
        (engraftment.NEUTROPHILS, _DIED, _RELAPSED_AFTER_GRAFT, _SECOND_GRAFT),
        engraftment.LAST_NEUTROPHILS,
        last_day=engraftment.NEUTROPHIL_LAST_DAY,
    ),
    Parameter(
        "PLTENG",
        _("Platelet engraftment"),
        H0,
        (engraftment.PLATELETS, _DIED, _RELAPSED_AFTER_GRAFT, _SECOND_GRAFT),
        engraftment.LAST_PLATELETS,
        last_day=engraftment.PLATELET_LAST_DAY,
    ),
    *(
        Parameter(code, label, H0, (onset, _DIED_WITHOUT_ACUTE, _SECOND_GRAFT), _ALIVE)
        for code, label, onset in (
            ("AGV14", _("Acute GVHD grade I to IV"), gvhd.ACUTE_1),
            ("AGV24", _("Acute GVHD grade II to IV"), gvhd.ACUTE_2),
            ("AGV34", _("Acute GVHD grade III to IV"), gvhd.ACUTE_3),
        )
    ),
    Parameter(
        "AGV14R",
        _("Acute GVHD grade I to IV, relapse as competing event"),
        H0,
        (gvhd.ACUTE_1, _RELAPSED_AFTER_GRAFT, _DIED_WITHOUT_ACUTE, _SECOND_GRAFT),
        _ALIVE,
    ),
    Parameter(
        "AGPRE",
        _("Acute GVHD before transplantation"),
        T0,
        (gvhd.BEFORE_GRAFT, _GRAFT, _PROGRESSED, _DIED),
        gvhd.LAST_ACUTE_CHECK,
    ),
    *(
        Parameter(
            code,
            label,
            H0,
            (onset, _RELAPSED_AFTER_GRAFT, _DIED, _SECOND_GRAFT),
            gvhd.LAST_CHRONIC_CHECK,
        )
        for code, label, onset in (
            ("CGV", _("Chronic GVHD"), gvhd.CHRONIC),
            ("CGVMS", _("Chronic GVHD, moderate or severe"), gvhd.MODERATE_CHRONIC),
        )
    ),
    Parameter(
        "GRFS",
        _("GVHD-free, relapse-free survival"),
        H0,
        (survival.RELAPSE_BY_GRAFT, gvhd.SEVERE_ACUTE, gvhd.SYSTEMIC_CHRONIC, _DEATH),
        gvhd.LAST_FREE_OF_ALL,
    ),
    Parameter(
        "T2HSCT",
        _("Time to transplantation"),
        T0,
        (survival.TRANSPLANTATION, _PROGRESSED, _DIED, competing(survival.NO_TRANSPLANTATION)),
        _ALIVE,
    ),
    *(
        Parameter(code, label, T0, (outcome, _PROGRESSED, _DIED), infection.LAST_REVIEW)
        for code, label, outcome in (
            ("CMVR", _("CMV above the threshold of treatment"), infection.CMV_REACTIVATION),
            ("ANYINF", _("Infection of grade 3 or more"), infection.SEVERE_INFECTION),
        )
    ),
    Parameter(
        "ICAHTR",
        _("Neutrophil recovery after the infusion"),
        T0_LOW,
        (engraftment.RECOVERY, _PROGRESSED, _DIED, _GRAFT),
        engraftment.LAST_NEUTROPHILS,
    ),
    Parameter("FUREV", _("Follow-up, reversed"), T0, (survival.LOST_TO_DEATH,), survival.STILL_FOLLOWED),
)
