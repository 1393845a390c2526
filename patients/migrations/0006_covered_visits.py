"""A visit that an encounter on the other clock satisfied, too, says which one."""

from django.db import migrations, models

from trial.trail.triggers import AppendOnly, LiftAppendOnly

COVERED_BY = models.CharField(blank=True, max_length=12, verbose_name="covered by")


class Migration(migrations.Migration):
    dependencies = [("patients", "0005_queries")]

    operations = [
        LiftAppendOnly("HistoricalVisit"),
        migrations.AddField("visit", "covered_by", COVERED_BY.clone(), preserve_default=True),
        migrations.AddField("historicalvisit", "covered_by", COVERED_BY.clone(), preserve_default=True),
        AppendOnly("HistoricalVisit"),
    ]
