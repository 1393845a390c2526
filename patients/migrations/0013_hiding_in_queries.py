"""The versions of queries let a hiding through: their messages quote what was typed."""

from django.db import migrations

from trial.trail.triggers import LetHideToo


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0012_redactions'),
    ]

    operations = [
        LetHideToo("HistoricalQuery"),
    ]
