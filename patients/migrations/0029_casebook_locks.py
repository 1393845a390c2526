"""Locks of casebooks and their unlockings, written once; what is locked is held by triggers."""

import django.db.models.deletion
from django.db import migrations, models

from patients.oversight.lock_triggers import HeldByLock
from trial.trail.triggers import AppendOnly

LOCKS = ("LockRequest", "LockDecision", "CasebookLock", "Unlocking", "Relocking")
HELD = (
    "Subject", "Identity", "Visit", "Page",
    "Eligibility", "Demographics", "DiseaseHistory", "PriorTherapy", "PriorTransplant", "PriorCellularTherapy",
    "Donor", "Manufacturing", "ProductRelease", "Lymphodepletion", "Infusion", "VitalSigns", "Laboratory",
    "CytokineRelease", "Neurotoxicity", "Hyperinflammation", "ResponseAssessment", "Expansion",
    "Transplantation", "Engraftment", "Transfusion", "Chimerism", "AcuteGVHD", "ChronicGVHD", "Infection",
    "AdverseEvent", "DoseLimitingToxicity", "SeriousEventReport", "ConcomitantMedication", "Relapse",
    "SubsequentTherapy", "FollowUp", "Death", "EndOfStudy", "ProtocolDeviation",
)  # fmt: skip

class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0028_monitoring_visits'),
        ('trial', '0013_safety_contacts'),
    ]

    operations = [
        migrations.CreateModel(
            name='LockDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('approved', models.BooleanField()),
                ('gate', models.JSONField(default=dict)),
                ('asked_by', models.CharField(max_length=150)),
                ('decided_by', models.CharField(max_length=150)),
                ('printed_name', models.CharField(max_length=200)),
                ('at', models.DateTimeField()),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.trailevent', to_field='act')),
            ],
        ),
        migrations.CreateModel(
            name='CasebookLock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('states', models.JSONField(default=dict)),
                ('at', models.DateTimeField()),
                ('subject', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='lock', to='patients.subject')),
                ('decision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='locks', to='patients.lockdecision')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LockRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('lock', 'lock'), ('unlock', 'unlock')], max_length=8)),
                ('scope', models.CharField(choices=[('subject', 'one subject'), ('site', 'one site'), ('study', 'the study')], max_length=8)),
                ('cutoff', models.DateField(null=True, verbose_name='cut-off')),
                ('pages', models.JSONField(default=list)),
                ('hours', models.PositiveSmallIntegerField(null=True)),
                ('reason', models.TextField(verbose_name='reason')),
                ('override', models.TextField(blank=True)),
                ('gate', models.JSONField(default=dict)),
                ('asked_by', models.CharField(max_length=150)),
                ('printed_name', models.CharField(max_length=200)),
                ('at', models.DateTimeField(verbose_name='asked')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.trailevent', to_field='act')),
                ('site', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.site')),
                ('subject', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.subject')),
            ],
            options={
                'ordering': ('-id',),
            },
        ),
        migrations.AddField(
            model_name='lockdecision',
            name='request',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='decision', to='patients.lockrequest'),
        ),
        migrations.CreateModel(
            name='Unlocking',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pages', models.JSONField(default=list)),
                ('at', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('decision', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='unlocking', to='patients.lockdecision')),
                ('lock', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='unlockings', to='patients.casebooklock')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='Relocking',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('states', models.JSONField(default=dict)),
                ('relocked_by', models.CharField(max_length=150)),
                ('printed_name', models.CharField(max_length=200)),
                ('at', models.DateTimeField()),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.trailevent', to_field='act')),
                ('unlocking', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='relocking', to='patients.unlocking')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddConstraint(
            model_name='lockdecision',
            constraint=models.CheckConstraint(condition=models.Q(('approved', False), models.Q(('decided_by', models.F('asked_by')), _negated=True), _connector='OR'), name='a_lock_takes_two_people'),
        ),
        AppendOnly(*LOCKS),
        HeldByLock(*HELD),
    ]
