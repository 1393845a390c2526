"""Electronic signatures on pages, and their falls; a page tells the rules of forms when it was approved."""

import django.db.models.deletion
from django.db import migrations, models

from trial.trail.ledger_triggers import Ledgered, LiftLedgered
from trial.trail.triggers import AppendOnly, LiftAppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0009_ledger'),
        ('trial', '0005_ledger'),
    ]

    operations = [
        LiftAppendOnly("HistoricalPage"),
        LiftLedgered("Page"),
        migrations.AddField(
            model_name='historicalpage',
            name='approvals',
            field=models.JSONField(blank=True, default=None, null=True),
        ),
        migrations.AddField(
            model_name='page',
            name='approvals',
            field=models.JSONField(blank=True, default=None, null=True),
        ),
        migrations.AlterField(
            model_name='historicalpage',
            name='state',
            field=models.CharField(choices=[('empty', 'empty'), ('in_progress', 'in progress'), ('complete', 'complete'), ('signed', 'signed'), ('frozen', 'frozen'), ('locked', 'locked')], default='empty', max_length=12, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='page',
            name='state',
            field=models.CharField(choices=[('empty', 'empty'), ('in_progress', 'in progress'), ('complete', 'complete'), ('signed', 'signed'), ('frozen', 'frozen'), ('locked', 'locked')], default='empty', max_length=12, verbose_name='state'),
        ),
        migrations.CreateModel(
            name='Signature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('signer', models.CharField(max_length=150, verbose_name='user name')),
                ('printed_name', models.CharField(max_length=200, verbose_name='printed name')),
                ('role', models.CharField(choices=[('coordinator', 'Site coordinator'), ('investigator', 'Investigator'), ('principal_investigator', 'Principal investigator'), ('cell_lab', 'Cell-therapy laboratory'), ('transplant_physician', 'Transplant physician'), ('monitor', 'Monitor'), ('data_manager', 'Data manager'), ('medical_monitor', 'Medical monitor'), ('statistician', 'Statistician'), ('sponsor', 'Sponsor'), ('auditor', 'Auditor'), ('account_administrator', 'Account administrator')], max_length=30, verbose_name='role')),
                ('at', models.DateTimeField(verbose_name='signed at')),
                ('utc_offset', models.CharField(max_length=6, verbose_name='offset of the site')),
                ('meaning', models.CharField(choices=[('authorship', 'authorship'), ('review', 'review'), ('approval', 'approval'), ('responsibility', 'responsibility')], max_length=20, verbose_name='meaning')),
                ('statement_version', models.CharField(max_length=10)),
                ('statement', models.TextField(verbose_name='statement')),
                ('page_version', models.PositiveIntegerField(verbose_name='version of the page')),
                ('form_version', models.CharField(max_length=20)),
                ('sha256', models.CharField(max_length=64)),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.trailevent', to_field='act')),
                ('page', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signatures', to='patients.page')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='SignatureFall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('why', models.TextField()),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.trailevent', to_field='act')),
                ('signature', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='fall', to='patients.signature')),
            ],
            options={
                'abstract': False,
            },
        ),
        AppendOnly("HistoricalPage", "Signature", "SignatureFall"),
        Ledgered("Page"),
    ]
