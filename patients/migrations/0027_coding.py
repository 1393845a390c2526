"""Dictionaries of terms, and the codes of what people typed."""

import django.db.models.deletion
from django.db import migrations, models

from trial.trail.triggers import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0026_safety_mail'),
        ('trial', '0013_safety_contacts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Dictionary',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('meddra', 'MedDRA'), ('whodrug', 'WHODrug'), ('invented-events', 'invented events'), ('invented-medicines', 'invented medicines')], max_length=20)),
                ('version', models.CharField(max_length=30)),
                ('language', models.CharField(choices=[('en', 'English'), ('zh', '中文')], max_length=2)),
                ('digest', models.CharField(max_length=64)),
                ('terms_count', models.PositiveIntegerField()),
                ('loaded_by', models.CharField(max_length=200)),
                ('loaded_at', models.DateTimeField()),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.trailevent', to_field='act')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='Concept',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=12)),
                ('name', models.CharField(max_length=1500)),
                ('path', models.JSONField(default=list)),
                ('classes', models.CharField(blank=True, max_length=1000)),
                ('dictionary', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='concepts', to='patients.dictionary')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='Term',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=12)),
                ('name', models.CharField(max_length=1500)),
                ('folded', models.CharField(max_length=400)),
                ('is_current', models.BooleanField(default=True)),
                ('concept', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='terms', to='patients.concept')),
                ('dictionary', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='terms', to='patients.dictionary')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='TermIndex',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.BinaryField()),
                ('dictionary', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='index', to='patients.dictionary')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Coding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row_key', models.CharField(blank=True, max_length=60)),
                ('item', models.CharField(max_length=60)),
                ('verbatim', models.TextField()),
                ('how', models.CharField(choices=[('chosen', 'chosen'), ('exact', 'same words'), ('carried', 'carried over')], max_length=10)),
                ('why', models.CharField(blank=True, choices=[('text_changed', 'the text changed'), ('new_version', 'new version of the dictionary'), ('wrong_term', 'another term fits better'), ('convention', 'coding convention')], max_length=20)),
                ('coded_by', models.CharField(max_length=150)),
                ('printed_name', models.CharField(max_length=200)),
                ('at', models.DateTimeField()),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.trailevent', to_field='act')),
                ('page', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='codings', to='patients.page')),
                ('replaces', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='patients.coding')),
                ('term', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='codings', to='patients.term')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.AddConstraint(
            model_name='dictionary',
            constraint=models.UniqueConstraint(fields=('kind', 'version', 'language'), name='one_dictionary_of_a_version'),
        ),
        migrations.AddConstraint(
            model_name='concept',
            constraint=models.UniqueConstraint(fields=('dictionary', 'code'), name='one_concept_of_a_code'),
        ),
        migrations.AddIndex(
            model_name='term',
            index=models.Index(fields=['dictionary', 'folded'], name='terms_by_folded_name'),
        ),
        migrations.AddConstraint(
            model_name='term',
            constraint=models.UniqueConstraint(fields=('dictionary', 'code'), name='one_term_of_a_code'),
        ),
        migrations.AddConstraint(
            model_name='coding',
            constraint=models.UniqueConstraint(condition=models.Q(('replaces', None)), fields=('page', 'row_key', 'item'), name='one_first_code_of_a_term'),
        ),
        migrations.AddIndex(
            model_name='coding',
            index=models.Index(fields=['page', 'row_key', 'item'], name='codes_of_a_term'),
        ),
        AppendOnly("Dictionary", "Concept", "Term", "TermIndex", "Coding"),
    ]
