"""Every version of a row of the casebook goes into the ledger of the trail."""

from django.db import migrations

from trial.trail.beginning import begin_ledger
from trial.trail.ledger_triggers import Ledgered


class Migration(migrations.Migration):
    dependencies = [("patients", "0008_grades"), ("trial", "0005_ledger")]

    operations = [
        Ledgered(
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
            "Identity",
            "Infection",
            "Infusion",
            "Laboratory",
            "Lymphodepletion",
            "Manufacturing",
            "Neurotoxicity",
            "Page",
            "PriorCellularTherapy",
            "PriorTherapy",
            "PriorTransplant",
            "ProductRelease",
            "ProtocolDeviation",
            "Query",
            "Relapse",
            "ResponseAssessment",
            "SeriousEventReport",
            "Subject",
            "SubsequentTherapy",
            "Transfusion",
            "Transplantation",
            "Visit",
            "VitalSigns",
        ),
        migrations.RunPython(begin_ledger, migrations.RunPython.noop),
    ]
