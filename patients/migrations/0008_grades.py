"""Beside a grade it is kept which rule of which engine gave it, and from what."""

from django.db import migrations, models

from trial.trail.triggers import AppendOnly, LiftAppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0007_whole_casebook'),
    ]

    operations = [
        LiftAppendOnly(
            "HistoricalAcuteGVHD",
            "HistoricalChimerism",
            "HistoricalChronicGVHD",
            "HistoricalCytokineRelease",
            "HistoricalLaboratory",
            "HistoricalNeurotoxicity",
            "HistoricalResponseAssessment",
        ),
        migrations.AddField(
            model_name='acutegvhd',
            name='grades',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='chimerism',
            name='grades',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='chronicgvhd',
            name='grades',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='cytokinerelease',
            name='grades',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='historicalacutegvhd',
            name='grades',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='historicalchimerism',
            name='grades',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='historicalchronicgvhd',
            name='grades',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='historicalcytokinerelease',
            name='grades',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='historicallaboratory',
            name='grades',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='historicalneurotoxicity',
            name='grades',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='historicalresponseassessment',
            name='grades',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='laboratory',
            name='grades',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='neurotoxicity',
            name='grades',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='responseassessment',
            name='grades',
            field=models.JSONField(default=dict),
        ),
        AppendOnly(
            "HistoricalAcuteGVHD",
            "HistoricalChimerism",
            "HistoricalChronicGVHD",
            "HistoricalCytokineRelease",
            "HistoricalLaboratory",
            "HistoricalNeurotoxicity",
            "HistoricalResponseAssessment",
        ),
    ]
