"""What is written once in this app is refused any change by the database itself."""

from django.db import migrations

from trial.trail.triggers import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("trial", "0001_ground")]

    operations = [
        AppendOnly(
            "TrailEvent",
            "TrailChange",
            "ConfigValue",
        ),
    ]
