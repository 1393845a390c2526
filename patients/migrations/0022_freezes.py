"""Freezes of pages, and their ends."""

import django.db.models.deletion
from django.db import migrations, models

from trial.trail.triggers import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0021_verification'),
        ('trial', '0012_kind_in_period_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Freeze',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('frozen_by', models.CharField(max_length=150)),
                ('printed_name', models.CharField(max_length=200)),
                ('at', models.DateTimeField(verbose_name='frozen at')),
                ('reason', models.TextField(verbose_name='reason')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.trailevent', to_field='act')),
                ('page', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='freezes', to='patients.page')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='Thaw',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('thawed_by', models.CharField(max_length=150)),
                ('printed_name', models.CharField(max_length=200)),
                ('at', models.DateTimeField()),
                ('reason', models.TextField()),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.trailevent', to_field='act')),
                ('freeze', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='thaw', to='patients.freeze')),
            ],
            options={
                'abstract': False,
            },
        ),
        AppendOnly("Freeze", "Thaw"),
    ]
