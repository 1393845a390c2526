"""A text that was hidden and typed again beside its marker can be hidden again."""

from django.db import migrations

from trial.trail.triggers import RenewHiding


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0014_drafts'),
    ]

    operations = [
        RenewHiding("HistoricalQuery"),
    ]
