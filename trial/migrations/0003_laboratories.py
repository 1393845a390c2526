"""Laboratories and their reference ranges, each version kept."""

import django.db.models.deletion
import simple_history.models
from django.db import migrations, models

from trial.trail.triggers import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('trial', '0002_append_only'),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalLaboratory',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('actor_name', models.CharField(max_length=200)),
                ('actor_role', models.CharField(max_length=60)),
                ('organisation', models.CharField(blank=True, max_length=60)),
                ('source', models.CharField(max_length=20)),
                ('request_id', models.CharField(max_length=32)),
                ('history_user_id', models.CharField(max_length=150)),
                ('history_change_reason', models.TextField(blank=True, default='')),
                ('code', models.CharField(db_index=True, max_length=40, verbose_name='laboratory')),
                ('name', models.CharField(max_length=200, verbose_name='name in full')),
                ('accredited_from', models.DateField(verbose_name='accredited from')),
                ('accredited_until', models.DateField(blank=True, null=True, verbose_name='accredited until')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical laboratory',
                'verbose_name_plural': 'historical laboratories',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'indexes': [models.Index(fields=['history_date', 'id'], name='trial_histo_history_1f74a9_idx')],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Laboratory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40, unique=True, verbose_name='laboratory')),
                ('name', models.CharField(max_length=200, verbose_name='name in full')),
                ('accredited_from', models.DateField(verbose_name='accredited from')),
                ('accredited_until', models.DateField(blank=True, null=True, verbose_name='accredited until')),
            ],
            options={
                'verbose_name_plural': 'laboratories',
                'ordering': ('code',),
                'constraints': [models.CheckConstraint(condition=models.Q(('accredited_until', None), ('accredited_until__gte', models.F('accredited_from')), _connector='OR'), name='laboratory_accredited_for_a_time', violation_error_message='An accreditation ends after it began.')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalReferenceRange',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('actor_name', models.CharField(max_length=200)),
                ('actor_role', models.CharField(max_length=60)),
                ('organisation', models.CharField(blank=True, max_length=60)),
                ('source', models.CharField(max_length=20)),
                ('request_id', models.CharField(max_length=32)),
                ('history_user_id', models.CharField(max_length=150)),
                ('history_change_reason', models.TextField(blank=True, default='')),
                ('test', models.CharField(max_length=20, verbose_name='test')),
                ('unit', models.CharField(max_length=20, verbose_name='unit')),
                ('sex', models.CharField(blank=True, choices=[('M', 'Male'), ('F', 'Female')], max_length=1, verbose_name='sex')),
                ('age_from', models.PositiveSmallIntegerField(default=0, verbose_name='age from')),
                ('age_below', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='age below')),
                ('lower', models.DecimalField(blank=True, decimal_places=4, max_digits=12, null=True, verbose_name='lower limit')),
                ('upper', models.DecimalField(blank=True, decimal_places=4, max_digits=12, null=True, verbose_name='upper limit')),
                ('factor', models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True, verbose_name='factor to SI')),
                ('valid_from', models.DateField(verbose_name='valid from')),
                ('valid_until', models.DateField(blank=True, null=True, verbose_name='valid until')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('laboratory', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trial.laboratory')),
            ],
            options={
                'verbose_name': 'historical reference range',
                'verbose_name_plural': 'historical reference ranges',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'indexes': [models.Index(fields=['history_date', 'id'], name='trial_histo_history_472c83_idx')],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='ReferenceRange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('test', models.CharField(max_length=20, verbose_name='test')),
                ('unit', models.CharField(max_length=20, verbose_name='unit')),
                ('sex', models.CharField(blank=True, choices=[('M', 'Male'), ('F', 'Female')], max_length=1, verbose_name='sex')),
                ('age_from', models.PositiveSmallIntegerField(default=0, verbose_name='age from')),
                ('age_below', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='age below')),
                ('lower', models.DecimalField(blank=True, decimal_places=4, max_digits=12, null=True, verbose_name='lower limit')),
                ('upper', models.DecimalField(blank=True, decimal_places=4, max_digits=12, null=True, verbose_name='upper limit')),
                ('factor', models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True, verbose_name='factor to SI')),
                ('valid_from', models.DateField(verbose_name='valid from')),
                ('valid_until', models.DateField(blank=True, null=True, verbose_name='valid until')),
                ('laboratory', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ranges', to='trial.laboratory')),
            ],
            options={
                'ordering': ('laboratory', 'test', 'sex', 'age_from', 'valid_from'),
                'constraints': [models.UniqueConstraint(fields=('laboratory', 'test', 'sex', 'age_from', 'valid_from'), name='reference_range_once', violation_error_message='This range exists already.'), models.CheckConstraint(condition=models.Q(('lower', None), ('upper', None), ('upper__gt', models.F('lower')), _connector='OR'), name='reference_range_in_order', violation_error_message='The lower limit lies below the upper.'), models.CheckConstraint(condition=models.Q(('valid_until', None), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='reference_range_valid_for_a_time', violation_error_message='A range ends after it began.')],
            },
        ),
        AppendOnly("HistoricalLaboratory", "HistoricalReferenceRange"),
    ]
