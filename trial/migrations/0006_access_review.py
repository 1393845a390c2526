"""The reviews of access, written once."""

from django.db import migrations, models

from trial.trail.triggers import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("trial", "0005_ledger")]

    operations = [
        migrations.CreateModel(
            name="AccessReview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("reviewed_by", models.CharField(max_length=150)),
                ("printed_name", models.CharField(max_length=200)),
                ("grants", models.PositiveIntegerField()),
                ("unused", models.PositiveIntegerField()),
                ("remark", models.CharField(max_length=500, verbose_name="remark")),
            ],
            options={"ordering": ("-id",)},
        ),
        AppendOnly("AccessReview"),
    ]
