"""A lock says of what it is, as known when, and by whose decision."""

import django.db.models.deletion
from django.db import migrations, models

from trial.trail.triggers import AppendOnlyForGood, LiftAppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('analytics', '0001_squashed_0003'),
        ('patients', '0029_casebook_locks'),
    ]

    operations = [
        LiftAppendOnly('Lock'),
        migrations.AddField(
            model_name='lock',
            name='decision',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cuts', to='patients.lockdecision'),
        ),
        migrations.AddField(
            model_name='lock',
            name='follows',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='followed_by', to='analytics.lock'),
        ),
        migrations.AddField(
            model_name='lock',
            name='known_at',
            field=models.DateTimeField(null=True, verbose_name='as known at'),
        ),
        migrations.AddField(
            model_name='lock',
            name='of',
            field=models.CharField(blank=True, default='', max_length=12),
        ),
        migrations.AddField(
            model_name='lock',
            name='scope',
            field=models.CharField(choices=[('subject', 'one subject'), ('site', 'one site'), ('study', 'the study')], default='study', max_length=8),
        ),
        AppendOnlyForGood('Lock'),
    ]
