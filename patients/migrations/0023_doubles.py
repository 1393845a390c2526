"""By what subjects are compared, to find one who was entered twice; and what was said of two (DI-11)."""

import django.db.models.deletion
from django.db import migrations, models

from patients.casebook.identity import compared
from trial.trail.triggers import AppendOnly


def compare_those_that_are_there(apps, schema_editor):
    """The keys are made of the identity at each save; those that were saved before get theirs here."""
    identity, likeness = (apps.get_model("patients", name) for name in ("Identity", "Likeness"))
    for one in identity.objects.select_related("subject").order_by("pk").iterator(500):
        likeness.objects.bulk_create(
            likeness(subject=one.subject, sign=sign, key=key) for sign, key in compared(one).items()
        )


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0022_freezes'),
        ('trial', '0012_kind_in_period_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='DoubleAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_one_person', models.BooleanField()),
                ('signs', models.JSONField()),
                ('said_by', models.CharField(max_length=150)),
                ('printed_name', models.CharField(max_length=200)),
                ('at', models.DateTimeField()),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.trailevent', to_field='act')),
                ('first', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.subject')),
                ('second', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.subject')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='Likeness',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sign', models.CharField(choices=[('hospital_number', 'hospital_number'), ('name_and_birth_date', 'name_and_birth_date'), ('birth_date', 'birth_date'), ('birth_year_and_initials', 'birth_year_and_initials')], max_length=30)),
                ('key', models.CharField(db_index=True, max_length=64)),
                ('subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='likenesses', to='patients.subject')),
            ],
            options={
                'verbose_name_plural': 'likenesses',
                'constraints': [models.UniqueConstraint(fields=('subject', 'sign'), name='one_key_of_a_sign')],
            },
        ),
        AppendOnly("DoubleAnswer"),
        migrations.RunPython(compare_those_that_are_there, migrations.RunPython.noop),
    ]
