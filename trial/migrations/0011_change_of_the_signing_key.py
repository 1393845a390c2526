"""A seal may hand over to another key; the signed text of those of before is the same."""

import django.utils.timezone
from django.db import migrations, models

from trial.trail.triggers import AppendOnly, LiftAppendOnly


class Migration(migrations.Migration):
    dependencies = [("trial", "0010_period_indexes")]

    operations = [
        LiftAppendOnly("Seal"),
        migrations.AddField("seal", "successor", models.CharField(max_length=64, blank=True, default="")),
        migrations.AddField(
            "seal", "countersignature", models.CharField(max_length=128, blank=True, default="")
        ),
        migrations.AddField("seal", "replaces", models.CharField(max_length=64, blank=True, default="")),
        AppendOnly("Seal"),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("text", models.CharField(max_length=300)),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
    ]
