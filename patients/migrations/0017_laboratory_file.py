"""How a site reads the file of its laboratory system, and the rows of one that are not saved yet."""

import django.db.models.deletion
import patients.casebook.identity
from django.conf import settings
from django.db import migrations, models

from trial.trail.triggers import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0016_void_rows'),
        ('trial', '0011_change_of_the_signing_key'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LaboratoryMapping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('site', models.CharField(max_length=10)),
                ('version', models.PositiveIntegerField()),
                ('columns', models.JSONField(default=dict)),
                ('tests', models.JSONField(default=dict)),
                ('units', models.JSONField(default=dict)),
                ('laboratory', models.CharField(blank=True, max_length=80)),
                ('by', models.CharField(max_length=150)),
                ('by_name', models.CharField(max_length=200)),
                ('at', models.DateTimeField()),
            ],
            options={
                'ordering': ('site', 'version'),
                'constraints': [models.UniqueConstraint(fields=('site', 'version'), name='one_laboratory_mapping_of_a_version')],
            },
        ),
        AppendOnly("LaboratoryMapping"),
        migrations.CreateModel(
            name='KeptLaboratoryFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rows', patients.casebook.identity.SealedField()),
                ('at', models.DateTimeField(db_index=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.site')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'site'), name='one_laboratory_file_of_a_person')],
            },
        ),
    ]
