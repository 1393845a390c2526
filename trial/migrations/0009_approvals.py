import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.core.management.base import CommandError
from django.db import migrations, models

from trial.trail.triggers import AppendOnly


def file_defaults(apps, schema_editor):
    """A registry that still has the default approval, which awaits confirmation, has that of the filing, too."""
    approvals = apps.get_model("trial", "SiteApproval").objects.using(schema_editor.connection.alias)
    for default in approvals.filter(awaiting_confirmation=True, reference=""):
        default.pk, default.kind = None, "hgr"
        default.save(force_insert=True)


def forget_filings(apps, schema_editor):
    """Going back: the version of before knows approvals of the ethics committee alone. The default filing goes,
    which awaits confirmation and is filed again on the way forward; one that somebody recorded stays, and so
    does the registry in this version."""
    approvals = apps.get_model("trial", "SiteApproval").objects.using(schema_editor.connection.alias)
    filings = approvals.filter(kind="hgr")
    filings.filter(awaiting_confirmation=True, reference="").delete()
    if filings.exists():
        raise CommandError(
            "this registry does not go back further: the version of before would take its human genetic resources"
            " filings for approvals of the ethics committee"
        )


class Migration(migrations.Migration):

    dependencies = [
        ('trial', '0008_hiding'),
    ]

    operations = [
        migrations.CreateModel(
            name='Delegation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tasks', models.JSONField(verbose_name='tasks')),
                ('starts', models.DateField(verbose_name='from')),
                ('ends', models.DateField(blank=True, null=True, verbose_name='until')),
                ('delegated_by', models.CharField(max_length=150, verbose_name='delegated by')),
                ('delegated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('ended_by', models.CharField(blank=True, max_length=150)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations', to='trial.site')),
            ],
            options={
                'ordering': ('site', 'account__printed_name', 'starts', 'id'),
            },
        ),
        # The approvals of the ethics committee become one kind among those that a site needs.
        migrations.RemoveConstraint('EthicsApproval', 'ethics_approval_once'),
        migrations.RemoveConstraint('EthicsApproval', 'ethics_approval_names_committee'),
        migrations.RemoveConstraint('EthicsApproval', 'ethics_approval_valid_later'),
        migrations.RenameModel('EthicsApproval', 'SiteApproval'),
        migrations.RenameField('SiteApproval', 'committee', 'body'),
        migrations.AlterField('SiteApproval', 'body', models.CharField(blank=True, max_length=200, verbose_name='given by')),
        migrations.AddField('SiteApproval', 'kind', models.CharField(choices=[('ethics', 'ethics committee'), ('hgr', 'human genetic resources filing')], default='ethics', max_length=10, verbose_name='kind')),
        migrations.AlterModelOptions('SiteApproval', {'ordering': ('site_code', 'kind', 'approved_on')}),
        migrations.CreateModel(
            name='TrainingRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('completed_on', models.DateField(verbose_name='completed on')),
                ('recorded_by', models.CharField(max_length=150)),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'ordering': ('account', 'id'),
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
            },
        ),
        migrations.AddConstraint(
            model_name='siteapproval',
            constraint=models.UniqueConstraint(fields=('site_code', 'kind', 'reference', 'protocol_version'), name='site_approval_once', violation_error_message='This approval is recorded already.'),
        ),
        migrations.AddConstraint(
            model_name='siteapproval',
            constraint=models.CheckConstraint(condition=models.Q(('awaiting_confirmation', True), models.Q(models.Q(('body', ''), _negated=True), models.Q(('reference', ''), _negated=True)), _connector='OR'), name='site_approval_names_body', violation_error_message='A confirmed approval names who gave it and its reference.'),
        ),
        migrations.AddConstraint(
            model_name='siteapproval',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until', None), ('valid_until__gte', models.F('approved_on')), _connector='OR'), name='site_approval_valid_later', violation_error_message='An approval ends after it was given.'),
        ),
        migrations.AddField(
            model_name='trainingrecord',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trainings', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='trainingversion',
            constraint=models.UniqueConstraint(fields=('role', 'version'), name='training_version_once', violation_error_message='This version of the training exists already.'),
        ),
        migrations.AddField(
            model_name='trainingrecord',
            name='training',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='records', to='trial.trainingversion'),
        ),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=models.UniqueConstraint(condition=models.Q(('ends', None)), fields=('site', 'account'), name='one_open_delegation', violation_error_message='This person has tasks there already: end those first.'),
        ),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=models.CheckConstraint(condition=models.Q(('ends', None), ('ends__gte', models.F('starts')), _connector='OR'), name='delegation_ends_later', violation_error_message='A delegation ends after it began.'),
        ),
        migrations.AddConstraint(
            model_name='trainingrecord',
            constraint=models.UniqueConstraint(fields=('account', 'training'), name='training_completed_once', violation_error_message='This training is recorded already.'),
        ),
        migrations.RunPython(file_defaults, forget_filings),
        AppendOnly('TrainingVersion', 'TrainingRecord'),
    ]
