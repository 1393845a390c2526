"""What is written once in this app is refused any change by the database itself."""

from django.db import migrations

from trial.trail.triggers import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("analytics", "0001_readouts")]

    operations = [
        AppendOnly(
            "Snapshot",
            "Lock",
            "Estimate",
        ),
    ]
