"""Visits of monitors, written once when they are closed."""

import django.db.models.deletion
from django.db import migrations, models

from trial.trail.triggers import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0027_coding'),
        ('trial', '0001_squashed_0012'),
    ]

    operations = [
        migrations.CreateModel(
            name='MonitoringVisit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('site', models.CharField(max_length=10, verbose_name='site')),
                ('kind', models.CharField(choices=[('on_site', 'on site'), ('remote', 'remote')], max_length=10, verbose_name='kind')),
                ('began', models.DateField(verbose_name='first day')),
                ('ended', models.DateField(verbose_name='last day')),
                ('after', models.BigIntegerField()),
                ('up_to', models.BigIntegerField()),
                ('whose', models.CharField(max_length=10)),
                ('figures', models.JSONField()),
                ('waiting', models.JSONField()),
                ('actions', models.TextField(blank=True, verbose_name='action items')),
                ('by', models.CharField(max_length=150)),
                ('by_name', models.CharField(max_length=200)),
                ('by_role', models.CharField(max_length=200)),
                ('at', models.DateTimeField(verbose_name='closed')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.trailevent', to_field='act')),
            ],
            options={
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['site', '-id'], name='monitoring_visit_of_site')],
                'constraints': [models.CheckConstraint(condition=models.Q(('began__lte', models.F('ended'))), name='a_monitoring_visit_begins_first')],
            },
        ),
        AppendOnly("MonitoringVisit"),
    ]
