"""A lock says which codes of terms were sealed beside its snapshot."""

from django.db import migrations, models

from trial.trail.triggers import AppendOnlyForGood, LiftAppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('analytics', '0006_parts_of_runs'),
    ]

    operations = [
        LiftAppendOnly('Lock'),
        migrations.AddField(
            model_name='lock',
            name='codes',
            field=models.CharField(blank=True, default='', max_length=64),
        ),
        AppendOnlyForGood('Lock'),
    ]
