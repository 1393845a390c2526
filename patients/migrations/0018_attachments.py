"""Redacted source documents attached to pages, and their withdrawals."""

import django.db.models.deletion
from django.db import migrations, models

from trial.trail.triggers import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0017_laboratory_file'),
        ('trial', '0011_change_of_the_signing_key'),
    ]

    operations = [
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=120)),
                ('kind', models.CharField(max_length=40)),
                ('name', models.CharField(max_length=32, unique=True)),
                ('size', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('added_by', models.CharField(max_length=150)),
                ('printed_name', models.CharField(max_length=200)),
                ('at', models.DateTimeField()),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.trailevent', to_field='act')),
                ('page', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='patients.page')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='AttachmentWithdrawal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('withdrawn_by', models.CharField(max_length=150)),
                ('printed_name', models.CharField(max_length=200)),
                ('at', models.DateTimeField()),
                ('reason', models.CharField(max_length=200)),
                ('attachment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='withdrawal', to='patients.attachment')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.trailevent', to_field='act')),
            ],
            options={
                'abstract': False,
            },
        ),
        AppendOnly("Attachment", "AttachmentWithdrawal"),
    ]
