"""The ledger of the trail. An event is named before it is written, so that its changes may come first."""

import uuid
from itertools import islice

import django.db.models.deletion
from django.db import migrations, models

from trial.trail.ledger_triggers import LeafOfEachEvent, Ledgered
from trial.trail.triggers import AppendOnly, LiftAppendOnly


AT_ONCE = 1000


def name_acts(apps, schema_editor):
    """Each event of before gets a name, and its changes are held by it."""
    Event, Change = apps.get_model("trial", "TrailEvent"), apps.get_model("trial", "TrailChange")
    for events in batched(Event.objects.only("pk").iterator(AT_ONCE)):
        for event in events:
            event.act = uuid.uuid4()
        Event.objects.bulk_update(events, ["act"])
    named = Event.objects.filter(pk=models.OuterRef("event_number")).values("act")
    Change.objects.update(event=models.Subquery(named))


def number_acts(apps, schema_editor):
    """Back: changes are held by the number of their event again."""
    Event, Change = apps.get_model("trial", "TrailEvent"), apps.get_model("trial", "TrailChange")
    numbered = Event.objects.filter(act=models.OuterRef("event")).values("pk")
    Change.objects.update(event_number=models.Subquery(numbered))


def batched(rows):
    while batch := list(islice(rows, AT_ONCE)):
        yield batch


class Migration(migrations.Migration):
    dependencies = [("trial", "0004_accounts_and_sign_in")]

    operations = [
        LiftAppendOnly("TrailEvent", "TrailChange"),
        migrations.AddField("trailevent", "act", models.UUIDField(null=True, editable=False)),
        migrations.AlterField("trailchange", "event", models.BigIntegerField(null=True, db_column="event_number")),
        migrations.RenameField("trailchange", "event", "event_number"),
        migrations.AddField("trailchange", "event", models.UUIDField(null=True, db_column="event_id")),
        migrations.RunPython(name_acts, number_acts),
        migrations.AlterField(
            "trailevent", "act", models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
        ),
        migrations.RemoveField("trailchange", "event_number"),
        migrations.AlterField(
            "trailchange",
            "event",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="changes",
                to="trial.trailevent",
                to_field="act",
            ),
        ),
        migrations.CreateModel(
            name="LedgerLeaf",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("payload", models.TextField()),
                ("leaf", models.CharField(max_length=64)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leaf",
                        to="trial.trailevent",
                    ),
                ),
            ],
            options={"ordering": ("seq",)},
        ),
        migrations.CreateModel(
            name="UnclaimedVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("table", models.CharField(max_length=63)),
                ("version", models.BigIntegerField()),
                ("hash", models.CharField(max_length=64)),
                ("transaction", models.BigIntegerField(default=0)),
            ],
            options={"indexes": [models.Index(fields=["transaction"], name="unclaimed_of_transaction")]},
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
                ("count", models.PositiveIntegerField()),
                ("root", models.CharField(max_length=64)),
                ("previous", models.CharField(blank=True, max_length=64)),
                ("at", models.CharField(max_length=40)),
                ("key", models.CharField(max_length=64)),
                ("signature", models.CharField(max_length=128)),
            ],
            options={"ordering": ("number",)},
        ),
        AppendOnly("TrailEvent", "TrailChange", "LedgerLeaf", "Seal"),
        LeafOfEachEvent("TrailEvent"),
        Ledgered("Laboratory", "ReferenceRange"),
    ]
