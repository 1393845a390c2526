"""Each item of the header of a page gets the version at which it last changed, as the items of rows have.

What was saved before stays as it is: `patients.entry.header.header_versions` says how it is read.
"""

from django.db import migrations, models

from trial.trail.triggers import AppendOnly, LiftAppendOnly


class Migration(migrations.Migration):
    dependencies = [("patients", "0003_history_product_toxicity")]

    operations = [
        LiftAppendOnly("HistoricalPage"),
        migrations.AddField("page", "header_versions", models.JSONField(blank=True, default=dict)),
        migrations.AddField("historicalpage", "header_versions", models.JSONField(blank=True, default=dict)),
        AppendOnly("HistoricalPage"),
    ]
