"""Codes that were withdrawn, written once."""

import django.db.models.deletion
from django.db import migrations, models

from trial.trail.triggers import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0030_header_counted'),
        ('trial', '0013_safety_contacts'),
    ]

    operations = [
        migrations.CreateModel(
            name='CodingWithdrawal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('why', models.CharField(choices=[('unclear', 'the text is not clear: the site is asked'), ('no_term', 'no term of the dictionary fits'), ('by_mistake', 'coded by mistake')], max_length=20)),
                ('withdrawn_by', models.CharField(max_length=150)),
                ('printed_name', models.CharField(max_length=200)),
                ('at', models.DateTimeField()),
                ('coding', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='withdrawal', to='patients.coding')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trial.trailevent', to_field='act')),
            ],
            options={
                'abstract': False,
            },
        ),
        AppendOnly("CodingWithdrawal"),
    ]
