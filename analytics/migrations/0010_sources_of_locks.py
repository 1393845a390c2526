"""A lock names the table of its sources by its hash."""

from django.db import migrations, models

from trial.trail.triggers import AppendOnlyForGood, LiftAppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('analytics', '0009_tables_that_a_worker_makes'),
    ]

    operations = [
        LiftAppendOnly('Lock'),
        migrations.AddField(
            model_name='lock',
            name='sources',
            field=models.CharField(blank=True, db_default='', default='', max_length=64),
        ),
        AppendOnlyForGood('Lock'),
    ]
