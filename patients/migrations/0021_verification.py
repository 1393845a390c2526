"""Source verification, and on each page how much of it is verified and who entered it."""

import django.db.models.deletion
from django.db import migrations, models

from trial.trail.ledger_triggers import Ledgered, LiftLedgered
from trial.trail.triggers import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0020_attachment_texts'),
        ('trial', '0012_kind_in_period_indexes'),
    ]

    operations = [
        LiftLedgered("Page"),
        migrations.AddField(
            model_name='page',
            name='critical_items',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='page',
            name='critical_verified',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='page',
            name='entered_by',
            field=models.JSONField(blank=True, default=None, null=True),
        ),
        migrations.AddField(
            model_name='page',
            name='other_items',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='page',
            name='other_verified',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='page',
            name='verification_draw',
            field=models.PositiveIntegerField(blank=True, default=None, null=True),
        ),
        Ledgered("Page"),
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row_key', models.CharField(blank=True, max_length=60)),
                ('item', models.CharField(max_length=60, verbose_name='item')),
                ('page_version', models.PositiveIntegerField()),
                ('verified_by', models.CharField(max_length=150)),
                ('printed_name', models.CharField(max_length=200)),
                ('at', models.DateTimeField()),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.trailevent', to_field='act')),
                ('page', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='verifications', to='patients.page')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='VerificationFall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('reason', models.TextField(blank=True)),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.trailevent', to_field='act')),
                ('verification', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='fall', to='patients.verification')),
            ],
            options={
                'abstract': False,
            },
        ),
        AppendOnly("Verification", "VerificationFall"),
    ]
