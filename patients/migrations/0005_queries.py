"""Queries, which edit checks open and close."""

import django.db.models.deletion
import django.utils.timezone
import simple_history.models
from django.db import migrations, models

from trial.trail.triggers import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0004_header_versions'),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalQuery',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('actor_name', models.CharField(max_length=200)),
                ('actor_role', models.CharField(max_length=60)),
                ('organisation', models.CharField(blank=True, max_length=60)),
                ('source', models.CharField(max_length=20)),
                ('request_id', models.CharField(max_length=32)),
                ('history_user_id', models.CharField(max_length=150)),
                ('history_change_reason', models.TextField(blank=True, default='')),
                ('row_key', models.CharField(blank=True, max_length=60)),
                ('item', models.CharField(max_length=60, verbose_name='item')),
                ('check_id', models.CharField(max_length=20, verbose_name='edit check')),
                ('severity', models.CharField(choices=[('hard', 'hard'), ('soft', 'soft')], max_length=10)),
                ('message', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('open', 'open'), ('closed', 'closed')], default='open', max_length=10, verbose_name='state')),
                ('opened_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='opened')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed')),
                ('times_opened', models.PositiveIntegerField(default=1)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('page', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='patients.page')),
            ],
            options={
                'verbose_name': 'historical query',
                'verbose_name_plural': 'historical querys',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'indexes': [models.Index(fields=['history_date', 'id'], name='patients_hi_history_20c779_idx')],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Query',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row_key', models.CharField(blank=True, max_length=60)),
                ('item', models.CharField(max_length=60, verbose_name='item')),
                ('check_id', models.CharField(max_length=20, verbose_name='edit check')),
                ('severity', models.CharField(choices=[('hard', 'hard'), ('soft', 'soft')], max_length=10)),
                ('message', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('open', 'open'), ('closed', 'closed')], default='open', max_length=10, verbose_name='state')),
                ('opened_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='opened')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed')),
                ('times_opened', models.PositiveIntegerField(default=1)),
                ('page', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='queries', to='patients.page')),
            ],
            options={
                'ordering': ('page', 'id'),
                'constraints': [models.UniqueConstraint(fields=('page', 'row_key', 'item', 'check_id'), name='one_query_of_a_finding')],
            },
        ),
        AppendOnly("HistoricalQuery"),
    ]
