"""Queries that people raise, with answers and a thread, beside those that edit checks open."""

import django.db.models.deletion
from django.db import migrations, models

from patients.casebook.migrating import Together
from trial.people.roles import Role
from trial.trail.ledger_triggers import Ledgered, LiftLedgered
from trial.trail.triggers import AppendOnly, LiftAppendOnly

TABLES = ("query", "historicalquery")
SAID = [
    ("raised", "raised"),
    ("answered", "answered"),
    ("changed", "value changed"),
    ("commented", "added"),
    ("closed", "closed"),
    ("reopened", "opened again"),
]
STATES = [("open", "open"), ("answered", "answered"), ("closed", "closed")]
NEW = {
    "raised_by": lambda: models.CharField(blank=True, max_length=150, null=True),
    "raised_role": lambda: models.CharField(blank=True, max_length=200, null=True),
    "assigned_role": lambda: models.CharField(
        blank=True, choices=[(role.value, role.label) for role in Role], max_length=30, null=True
    ),
    "assigned_to": lambda: models.CharField(blank=True, max_length=150, null=True),
    "priority": lambda: models.PositiveSmallIntegerField(
        blank=True, choices=[(1, "high"), (2, "usual"), (3, "low")], null=True
    ),
    "answered_at": lambda: models.DateTimeField(blank=True, null=True, verbose_name="answered"),
    "closed_by": lambda: models.CharField(blank=True, max_length=150, null=True),
    "changed_data": lambda: models.BooleanField(blank=True, null=True),
}
BLANK = {
    "check_id": lambda: models.CharField(blank=True, max_length=20, verbose_name="edit check"),
    "item": lambda: models.CharField(blank=True, max_length=60, verbose_name="item"),
    "severity": lambda: models.CharField(
        blank=True, choices=[("hard", "hard"), ("soft", "soft")], max_length=10
    ),
    "state": lambda: models.CharField(choices=STATES, default="open", max_length=10, verbose_name="state"),
}


def _place(name, *, kept):
    """The reference to a visit or subject; that of a version is held by nothing."""
    live = {"on_delete": django.db.models.deletion.PROTECT, "related_name": "queries"}
    version = {
        "on_delete": django.db.models.deletion.DO_NOTHING,
        "related_name": "+",
        "db_constraint": False,
    }
    options = version if kept else live
    return models.ForeignKey(blank=True, null=True, to=f"patients.{name}", **options)


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0023_doubles"),
        ("trial", "0012_kind_in_period_indexes"),
    ]

    operations = [
        LiftAppendOnly("HistoricalQuery"),
        LiftLedgered("Query"),
        migrations.RemoveConstraint("query", "one_query_of_a_finding"),
        Together(
            *(migrations.AddField(table, name, make()) for table in TABLES for name, make in NEW.items()),
            *(
                migrations.AddField(table, name, _place(name, kept=table != "query"))
                for table in TABLES
                for name in ("visit", "subject")
            ),
            *(migrations.AlterField(table, name, make()) for table in TABLES for name, make in BLANK.items()),
        ),
        migrations.AlterField(
            "query",
            "page",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="queries",
                to="patients.page",
            ),
        ),
        migrations.AddConstraint(
            "query",
            models.UniqueConstraint(
                condition=~models.Q(check_id=""),
                fields=("page", "row_key", "item", "check_id"),
                name="one_query_of_a_finding",
            ),
        ),
        migrations.AddConstraint(
            "query",
            models.CheckConstraint(
                condition=models.Q(page__isnull=False, visit=None, subject=None)
                | models.Q(page=None, visit__isnull=False, subject=None, item="")
                | models.Q(page=None, visit=None, subject__isnull=False, item=""),
                name="a_query_has_one_place",
            ),
        ),
        migrations.AddConstraint(
            "query",
            models.CheckConstraint(
                condition=models.Q(check_id="", raised_by__isnull=False)
                | (~models.Q(check_id="") & models.Q(raised_by=None)),
                name="a_check_or_a_person_asks",
            ),
        ),
        migrations.AddConstraint(
            "query",
            models.CheckConstraint(
                condition=models.Q(assigned_role=None) | models.Q(assigned_to=None),
                name="a_query_waits_for_one",
            ),
        ),
        migrations.CreateModel(
            name="QueryMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("said", models.CharField(choices=SAID, max_length=10)),
                ("text", models.TextField(blank=True)),
                ("old", models.TextField(blank=True)),
                ("new", models.TextField(blank=True)),
                ("author", models.CharField(max_length=150)),
                ("printed_name", models.CharField(blank=True, max_length=200)),
                ("role", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trial.trailevent",
                        to_field="act",
                    ),
                ),
                (
                    "query",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="patients.query",
                    ),
                ),
            ],
            options={"ordering": ("id",)},
        ),
        AppendOnly("QueryMessage", "HistoricalQuery"),
        Ledgered("Query"),
    ]
