"""What was asked to be hidden; the versions of forms let a hiding through."""

import django.db.models.deletion
import patients.casebook.identity
from django.db import migrations, models

from trial.trail.triggers import LetHide


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0011_review_marks'),
        ('trial', '0008_hiding'),
    ]

    operations = [
        migrations.CreateModel(
            name='Redaction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', patients.casebook.identity.SealedField(blank=True)),
                ('digest', models.CharField(max_length=64)),
                ('reason', models.CharField(max_length=200)),
                ('state', models.CharField(choices=[('asked', 'asked for'), ('done', 'hidden'), ('refused', 'refused')], default='asked', max_length=10)),
                ('requested_by', models.CharField(max_length=150)),
                ('requested_at', models.DateTimeField()),
                ('decided_by', models.CharField(blank=True, max_length=150)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redactions', to='patients.subject')),
            ],
            options={
                'ordering': ('-id',),
                'constraints': [models.CheckConstraint(condition=models.Q(('decided_by', models.F('requested_by')), _negated=True), name='redaction_takes_two_people'), models.CheckConstraint(condition=models.Q(('state', 'asked'), ('text', ''), _connector='OR'), name='a_decided_redaction_keeps_no_text')],
            },
        ),
        LetHide(
            "HistoricalAcuteGVHD",
            "HistoricalAdverseEvent",
            "HistoricalChimerism",
            "HistoricalChronicGVHD",
            "HistoricalConcomitantMedication",
            "HistoricalCytokineRelease",
            "HistoricalDeath",
            "HistoricalDemographics",
            "HistoricalDiseaseHistory",
            "HistoricalDonor",
            "HistoricalDoseLimitingToxicity",
            "HistoricalEligibility",
            "HistoricalEndOfStudy",
            "HistoricalEngraftment",
            "HistoricalExpansion",
            "HistoricalFollowUp",
            "HistoricalHyperinflammation",
            "HistoricalInfection",
            "HistoricalInfusion",
            "HistoricalLaboratory",
            "HistoricalLymphodepletion",
            "HistoricalManufacturing",
            "HistoricalNeurotoxicity",
            "HistoricalPriorCellularTherapy",
            "HistoricalPriorTherapy",
            "HistoricalPriorTransplant",
            "HistoricalProductRelease",
            "HistoricalProtocolDeviation",
            "HistoricalRelapse",
            "HistoricalResponseAssessment",
            "HistoricalSeriousEventReport",
            "HistoricalSubsequentTherapy",
            "HistoricalTransfusion",
            "HistoricalTransplantation",
            "HistoricalVitalSigns",
        ),
    ]
