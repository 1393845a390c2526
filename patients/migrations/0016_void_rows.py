"""A row of a form may be void: entered by mistake, kept, and seen by nothing else (DI-09)."""

import django.db.models.manager
from django.db import migrations, models

from patients.casebook.migrating import Together
from trial.trail.ledger_triggers import Ledgered, LiftLedgered
from trial.trail.triggers import AppendOnly, LiftAppendOnly

FORMS = (
    "AcuteGVHD",
    "AdverseEvent",
    "Chimerism",
    "ChronicGVHD",
    "ConcomitantMedication",
    "CytokineRelease",
    "Death",
    "Demographics",
    "DiseaseHistory",
    "Donor",
    "DoseLimitingToxicity",
    "Eligibility",
    "EndOfStudy",
    "Engraftment",
    "Expansion",
    "FollowUp",
    "Hyperinflammation",
    "Infection",
    "Infusion",
    "Laboratory",
    "Lymphodepletion",
    "Manufacturing",
    "Neurotoxicity",
    "PriorCellularTherapy",
    "PriorTherapy",
    "PriorTransplant",
    "ProductRelease",
    "ProtocolDeviation",
    "Relapse",
    "ResponseAssessment",
    "SeriousEventReport",
    "SubsequentTherapy",
    "Transfusion",
    "Transplantation",
    "VitalSigns",
)
VERSIONS = tuple(f"Historical{form}" for form in FORMS)


def _void_at_version(model):
    field = models.PositiveIntegerField(blank=True, default=None, null=True)
    return migrations.AddField(model_name=model.lower(), name="void_at_version", field=field)


def _managers(model):
    names = ("objects", "every")
    return migrations.AlterModelManagers(
        name=model.lower(), managers=[(name, django.db.models.manager.Manager()) for name in names]
    )


def _base_manager(model):
    return migrations.AlterModelOptions(name=model.lower(), options={"base_manager_name": "every"})


class Migration(migrations.Migration):
    dependencies = [("patients", "0015_hidden_again"), ("trial", "0012_kind_in_period_indexes")]

    operations = [
        LiftAppendOnly(*VERSIONS),
        LiftLedgered(*FORMS),
        Together(
            *map(_base_manager, FORMS),
            *map(_managers, FORMS),
            *map(_void_at_version, (*FORMS, *VERSIONS)),
        ),
        AppendOnly(*VERSIONS),
        Ledgered(*FORMS),
    ]
