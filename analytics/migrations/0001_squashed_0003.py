"""The tables of the read-outs as migration 0003 leaves them, made at once.

It replaces the migrations before it, which take an empty registry there step by step, and which an older registry still
goes through (decision 42).
"""

import django.db.models.deletion
from django.db import migrations, models

from trial.trail.triggers import AppendOnlyForGood


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('analytics', '0001_readouts'),
        ('analytics', '0002_append_only'),
        ('analytics', '0003_exhibits'),
    ]

    dependencies = []

    operations = [
        migrations.CreateModel(
            name='Snapshot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hash', models.CharField(max_length=64, unique=True)),
                ('cutoff', models.DateField(verbose_name='cut-off')),
                ('subjects', models.PositiveIntegerField(verbose_name='subjects')),
                ('values', models.PositiveIntegerField(verbose_name='values')),
                ('made_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Lock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('snapshot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='locks', to='analytics.snapshot')),
                ('cutoff', models.DateField(verbose_name='cut-off')),
                ('reason', models.TextField(verbose_name='reason')),
                ('made_by', models.CharField(max_length=200, verbose_name='made by')),
                ('made_at', models.DateTimeField(auto_now_add=True, verbose_name='made at')),
            ],
            options={
                'ordering': ('-id',),
            },
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('snapshot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='analytics.snapshot')),
                ('code_version', models.CharField(max_length=64)),
                ('configuration', models.JSONField()),
                ('state', models.CharField(choices=[('queued', 'waiting'), ('running', 'running'), ('done', 'done'), ('failed', 'failed')], default='queued', max_length=10)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('queued_at', models.DateTimeField(auto_now_add=True)),
                ('heartbeat', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('result_hash', models.CharField(blank=True, max_length=64)),
                ('exhibits', models.JSONField(blank=True, default=dict)),
                ('error', models.TextField(blank=True)),
            ],
            options={
                'ordering': ('-id',),
                'constraints': [models.UniqueConstraint(fields=('snapshot', 'code_version'), name='one_run_of_a_snapshot_and_code')],
            },
        ),
        migrations.CreateModel(
            name='Estimate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='estimates', to='analytics.run')),
                ('figure', models.CharField(max_length=60)),
                ('value', models.FloatField(null=True)),
                ('text', models.CharField(blank=True, max_length=40)),
                ('n', models.IntegerField(null=True)),
                ('size', models.IntegerField(null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('subjects', models.JSONField(default=list)),
            ],
            options={
                'ordering': ('id',),
                'constraints': [models.UniqueConstraint(fields=('run', 'figure'), name='one_estimate_of_a_figure')],
            },
        ),
        AppendOnlyForGood("Estimate", "Lock", "Snapshot"),
    ]
