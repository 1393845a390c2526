"""What is written once in this app is refused any change by the database itself."""

from django.db import migrations

from trial.trail.triggers import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_casebook")]

    operations = [
        AppendOnly(
            "HistoricalDeath",
            "HistoricalDemographics",
            "HistoricalDiseaseHistory",
            "HistoricalEligibility",
            "HistoricalEndOfStudy",
            "HistoricalFollowUp",
            "HistoricalIdentity",
            "HistoricalInfusion",
            "HistoricalPage",
            "HistoricalRelapse",
            "HistoricalResponseAssessment",
            "HistoricalSubject",
            "HistoricalTransplantation",
            "HistoricalVisit",
        ),
    ]
