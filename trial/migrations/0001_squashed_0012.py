"""The tables of the ground as migration 0012 leaves them, made at once.

It replaces the migrations before it, which take an empty registry there step by step, and which an older registry still
goes through (decision 42).
"""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from trial.trail.ledger_triggers import LeafOfEachEvent, Ledgered
from trial.trail.triggers import AppendOnly, AppendOnlyForGood, RenewHiding


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('trial', '0001_ground'),
        ('trial', '0002_append_only'),
        ('trial', '0003_laboratories'),
        ('trial', '0004_accounts_and_sign_in'),
        ('trial', '0005_ledger'),
        ('trial', '0006_access_review'),
        ('trial', '0007_reading_the_trail'),
        ('trial', '0008_hiding'),
        ('trial', '0009_approvals'),
        ('trial', '0010_period_indexes'),
        ('trial', '0011_change_of_the_signing_key'),
        ('trial', '0012_kind_in_period_indexes'),
    ]

    dependencies = []

    operations = [
        migrations.CreateModel(
            name='Site',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=10, unique=True, verbose_name='site')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
            ],
            options={
                'ordering': ('code',),
            },
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('user_name', models.CharField(max_length=150, unique=True, verbose_name='user name')),
                ('printed_name', models.CharField(max_length=200, verbose_name='printed name')),
                ('is_active', models.BooleanField(default=True)),
                ('session_generation', models.PositiveIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('user_name'), name='user_name_any_case_once')],
            },
        ),
        migrations.CreateModel(
            name='Member',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='members', to='trial.site')),
                ('role', models.CharField(choices=[('coordinator', 'Site coordinator'), ('investigator', 'Investigator'), ('principal_investigator', 'Principal investigator'), ('cell_lab', 'Cell-therapy laboratory'), ('transplant_physician', 'Transplant physician'), ('monitor', 'Monitor'), ('data_manager', 'Data manager'), ('medical_monitor', 'Medical monitor'), ('statistician', 'Statistician'), ('sponsor', 'Sponsor'), ('auditor', 'Auditor'), ('account_administrator', 'Account administrator')], max_length=30, verbose_name='role')),
                ('starts', models.DateTimeField(default=django.utils.timezone.now, verbose_name='from')),
                ('ends', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                ('granted_by', models.CharField(max_length=150)),
                ('reason', models.CharField(max_length=200)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('ends', None)), fields=('account', 'site', 'role'), name='one_open_grant_of_a_role')],
            },
        ),
        migrations.CreateModel(
            name='SetUpLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='links', to=settings.AUTH_USER_MODEL)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('issued', models.DateTimeField(auto_now_add=True)),
                ('issued_by', models.CharField(max_length=150)),
                ('expires', models.DateTimeField()),
                ('used', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='SecondFactorReset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='resets', to=settings.AUTH_USER_MODEL)),
                ('requested', models.DateTimeField(auto_now_add=True)),
                ('requested_by', models.CharField(max_length=150)),
                ('reason', models.CharField(max_length=200)),
                ('approved', models.DateTimeField(blank=True, null=True)),
                ('approved_by', models.CharField(blank=True, max_length=150)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('approved', None)), fields=('account',), name='one_open_reset_of_an_account'), models.CheckConstraint(condition=models.Q(('approved_by', models.F('requested_by')), _negated=True), name='reset_takes_two_people')],
            },
        ),
        migrations.CreateModel(
            name='TrainingVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('coordinator', 'Site coordinator'), ('investigator', 'Investigator'), ('principal_investigator', 'Principal investigator'), ('cell_lab', 'Cell-therapy laboratory'), ('transplant_physician', 'Transplant physician'), ('monitor', 'Monitor'), ('data_manager', 'Data manager'), ('medical_monitor', 'Medical monitor'), ('statistician', 'Statistician'), ('sponsor', 'Sponsor'), ('auditor', 'Auditor'), ('account_administrator', 'Account administrator')], max_length=30, verbose_name='role')),
                ('version', models.CharField(max_length=20, verbose_name='version')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('in_force_from', models.DateField(verbose_name='in force from')),
            ],
            options={
                'ordering': ('role', 'in_force_from', 'id'),
                'constraints': [models.UniqueConstraint(fields=('role', 'version'), name='training_version_once', violation_error_message='This version of the training exists already.')],
            },
        ),
        migrations.CreateModel(
            name='TrainingRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trainings', to=settings.AUTH_USER_MODEL)),
                ('training', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='records', to='trial.trainingversion')),
                ('completed_on', models.DateField(verbose_name='completed on')),
                ('recorded_by', models.CharField(max_length=150)),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'ordering': ('account', 'id'),
                'constraints': [models.UniqueConstraint(fields=('account', 'training'), name='training_completed_once', violation_error_message='This training is recorded already.')],
            },
        ),
        migrations.CreateModel(
            name='TrailEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('at', models.DateTimeField(verbose_name='when')),
                ('action', models.CharField(max_length=60, verbose_name='act')),
                ('actor', models.CharField(max_length=150, verbose_name='who')),
                ('actor_name', models.CharField(max_length=200)),
                ('actor_role', models.CharField(max_length=60)),
                ('organisation', models.CharField(blank=True, max_length=60)),
                ('source', models.CharField(max_length=20)),
                ('request_id', models.CharField(max_length=32)),
                ('study', models.CharField(max_length=30)),
                ('site', models.CharField(blank=True, max_length=10)),
                ('subject', models.CharField(blank=True, max_length=12)),
                ('visit', models.CharField(blank=True, max_length=12)),
                ('form', models.CharField(blank=True, max_length=12)),
                ('form_version', models.CharField(blank=True, max_length=20)),
                ('about', models.CharField(blank=True, max_length=200)),
                ('reason', models.TextField(blank=True)),
            ],
            options={
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['site', '-id'], name='trail_of_site'), models.Index(fields=['subject', '-id'], name='trail_of_subject'), models.Index(fields=['actor', '-id'], name='trail_of_person'), models.Index(fields=['actor', 'site', 'at', 'id', 'action'], name='trail_of_person_in_period'), models.Index(fields=['site', 'at', 'id', 'action'], name='trail_of_site_in_period'), models.Index(fields=['action', '-id'], name='trail_of_act')],
            },
        ),
        migrations.CreateModel(
            name='TrailChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='trial.trailevent', to_field='act')),
                ('row_key', models.CharField(blank=True, max_length=60)),
                ('item', models.CharField(max_length=40)),
                ('label', models.CharField(max_length=200)),
                ('old', models.TextField(blank=True)),
                ('new', models.TextField(blank=True)),
                ('old_shown', models.TextField(blank=True)),
                ('new_shown', models.TextField(blank=True)),
                ('author', models.CharField(max_length=150)),
                ('reason_code', models.CharField(blank=True, max_length=30)),
                ('reason', models.TextField(blank=True)),
            ],
            options={
                'ordering': ('id',),
                'indexes': [models.Index(fields=['item', 'event'], name='trail_of_item', opclasses=('varchar_pattern_ops', 'uuid_ops'))],
            },
        ),
        migrations.CreateModel(
            name='AccessReview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('reviewed_by', models.CharField(max_length=150)),
                ('printed_name', models.CharField(max_length=200)),
                ('grants', models.PositiveIntegerField()),
                ('unused', models.PositiveIntegerField()),
                ('remark', models.CharField(max_length=500, verbose_name='remark')),
            ],
            options={
                'ordering': ('-id',),
            },
        ),
        migrations.CreateModel(
            name='Delegation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations', to='trial.site')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations', to=settings.AUTH_USER_MODEL)),
                ('tasks', models.JSONField(verbose_name='tasks')),
                ('starts', models.DateField(verbose_name='from')),
                ('ends', models.DateField(blank=True, null=True, verbose_name='until')),
                ('delegated_by', models.CharField(max_length=150, verbose_name='delegated by')),
                ('delegated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('ended_by', models.CharField(blank=True, max_length=150)),
            ],
            options={
                'ordering': ('site', 'account__printed_name', 'starts', 'id'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('ends', None)), fields=('site', 'account'), name='one_open_delegation', violation_error_message='This person has tasks there already: end those first.'), models.CheckConstraint(condition=models.Q(('ends', None), ('ends__gte', models.F('starts')), _connector='OR'), name='delegation_ends_later', violation_error_message='A delegation ends after it began.')],
            },
        ),
        migrations.CreateModel(
            name='ExportToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('permissions', models.JSONField(default=list)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.CharField(max_length=150)),
                ('expires', models.DateTimeField()),
                ('revoked', models.DateTimeField(blank=True, null=True)),
                ('last_used', models.DateTimeField(blank=True, null=True)),
                ('sites', models.ManyToManyField(to='trial.site')),
            ],
        ),
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
                ('laboratory', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trial.laboratory')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
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
                ('laboratory', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ranges', to='trial.laboratory')),
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
            ],
            options={
                'ordering': ('laboratory', 'test', 'sex', 'age_from', 'valid_from'),
                'constraints': [models.UniqueConstraint(fields=('laboratory', 'test', 'sex', 'age_from', 'valid_from'), name='reference_range_once', violation_error_message='This range exists already.'), models.CheckConstraint(condition=models.Q(('lower', None), ('upper', None), ('upper__gt', models.F('lower')), _connector='OR'), name='reference_range_in_order', violation_error_message='The lower limit lies below the upper.'), models.CheckConstraint(condition=models.Q(('valid_until', None), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='reference_range_valid_for_a_time', violation_error_message='A range ends after it began.')],
            },
        ),
        migrations.CreateModel(
            name='ConfigValue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=60, verbose_name='key')),
                ('version', models.PositiveIntegerField(verbose_name='version')),
                ('value', models.TextField(blank=True, verbose_name='value')),
                ('reason', models.TextField(verbose_name='reason')),
                ('approver', models.CharField(max_length=200, verbose_name='approver')),
                ('in_force_from', models.DateTimeField(verbose_name='in force from')),
                ('made_by', models.CharField(max_length=150, verbose_name='made by')),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='made at')),
            ],
            options={
                'ordering': ('key', 'version'),
                'constraints': [models.UniqueConstraint(fields=('key', 'version'), name='config_version_once', violation_error_message='This version of the value exists already.'), models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), _negated=True), models.Q(('approver', ''), _negated=True), models.Q(('made_by', ''), _negated=True)), name='config_says_why_and_who', violation_error_message='A configuration value needs a reason, an approver and an author.')],
            },
        ),
        migrations.CreateModel(
            name='ConsentVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.CharField(max_length=20, verbose_name='consent version')),
                ('language', models.CharField(max_length=10, verbose_name='language')),
                ('approved_on', models.DateField(verbose_name='approved on')),
                ('in_force_from', models.DateField(verbose_name='in force from')),
                ('superseded_on', models.DateField(blank=True, null=True, verbose_name='superseded on')),
                ('awaiting_confirmation', models.BooleanField(default=False, verbose_name='awaiting confirmation')),
            ],
            options={
                'ordering': ('in_force_from', 'version', 'language'),
                'constraints': [models.UniqueConstraint(fields=('version', 'language'), name='consent_version_once', violation_error_message='This consent version exists already in this language.'), models.CheckConstraint(condition=models.Q(('in_force_from__gte', models.F('approved_on'))), name='consent_approved_first', violation_error_message='A consent version is in force after its approval only.'), models.CheckConstraint(condition=models.Q(('superseded_on', None), ('superseded_on__gt', models.F('in_force_from')), _connector='OR'), name='consent_superseded_later', violation_error_message='A consent version is superseded after it came into force.')],
            },
        ),
        migrations.CreateModel(
            name='SiteApproval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('site_code', models.CharField(max_length=10, verbose_name='site')),
                ('kind', models.CharField(choices=[('ethics', 'ethics committee'), ('hgr', 'human genetic resources filing')], default='ethics', max_length=10, verbose_name='kind')),
                ('body', models.CharField(blank=True, max_length=200, verbose_name='given by')),
                ('reference', models.CharField(blank=True, max_length=60, verbose_name='reference')),
                ('protocol_version', models.CharField(max_length=20, verbose_name='protocol version')),
                ('approved_on', models.DateField(verbose_name='approved on')),
                ('valid_until', models.DateField(blank=True, null=True, verbose_name='valid until')),
                ('awaiting_confirmation', models.BooleanField(default=False, verbose_name='awaiting confirmation')),
            ],
            options={
                'ordering': ('site_code', 'kind', 'approved_on'),
                'constraints': [models.UniqueConstraint(fields=('site_code', 'kind', 'reference', 'protocol_version'), name='site_approval_once', violation_error_message='This approval is recorded already.'), models.CheckConstraint(condition=models.Q(('awaiting_confirmation', True), models.Q(models.Q(('body', ''), _negated=True), models.Q(('reference', ''), _negated=True)), _connector='OR'), name='site_approval_names_body', violation_error_message='A confirmed approval names who gave it and its reference.'), models.CheckConstraint(condition=models.Q(('valid_until', None), ('valid_until__gte', models.F('approved_on')), _connector='OR'), name='site_approval_valid_later', violation_error_message='An approval ends after it was given.')],
            },
        ),
        migrations.CreateModel(
            name='Alarm',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('text', models.CharField(max_length=300)),
                ('since', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='LedgerLeaf',
            fields=[
                ('seq', models.BigAutoField(primary_key=True, serialize=False)),
                ('event', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='leaf', to='trial.trailevent')),
                ('payload', models.TextField()),
                ('leaf', models.CharField(max_length=64)),
            ],
            options={
                'ordering': ('seq',),
            },
        ),
        migrations.CreateModel(
            name='UnclaimedVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('table', models.CharField(max_length=63)),
                ('version', models.BigIntegerField()),
                ('hash', models.CharField(max_length=64)),
                ('transaction', models.BigIntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(fields=['transaction'], name='unclaimed_of_transaction')],
            },
        ),
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                ('first', models.BigIntegerField()),
                ('last', models.BigIntegerField()),
                ('count', models.PositiveIntegerField()),
                ('root', models.CharField(max_length=64)),
                ('previous', models.CharField(blank=True, max_length=64)),
                ('at', models.CharField(max_length=40)),
                ('key', models.CharField(max_length=64)),
                ('signature', models.CharField(max_length=128)),
                ('successor', models.CharField(blank=True, default='', max_length=64)),
                ('countersignature', models.CharField(blank=True, default='', max_length=128)),
                ('replaces', models.CharField(blank=True, default='', max_length=64)),
            ],
            options={
                'ordering': ('number',),
            },
        ),
        migrations.CreateModel(
            name='HidingUnderway',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hidden', models.TextField()),
                ('written', models.TextField()),
                ('marker', models.CharField(max_length=40)),
                ('requested_by', models.CharField(max_length=150)),
                ('approved_by', models.CharField(max_length=150)),
                ('transaction', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('approved_by', models.F('requested_by')), _negated=True), name='hiding_takes_two_people'), models.CheckConstraint(condition=models.Q(('marker__startswith', '[hidden ')), name='hiding_leaves_a_marker')],
            },
        ),
        RenewHiding("HidingUnderway"),
        AppendOnlyForGood(
            "AccessReview",
            "ConfigValue",
            "HistoricalLaboratory",
            "HistoricalReferenceRange",
        ),
        AppendOnly(
            "LedgerLeaf",
            "Seal",
            "TrailChange",
            "TrailEvent",
            "TrainingRecord",
            "TrainingVersion",
        ),
        LeafOfEachEvent("TrailEvent"),
        Ledgered("Laboratory", "ReferenceRange"),
    ]
