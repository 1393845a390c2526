"""Whether a page was transcribed from paper."""

from django.db import migrations, models

from trial.trail.ledger_triggers import Ledgered, LiftLedgered
from trial.trail.triggers import AppendOnly, LiftAppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0018_attachments'),
    ]

    operations = [
        LiftAppendOnly("HistoricalPage"),
        LiftLedgered("Page"),
        migrations.AddField(
            model_name='historicalpage',
            name='recorded',
            field=models.JSONField(blank=True, default=None, null=True, verbose_name='how it was recorded'),
        ),
        migrations.AddField(
            model_name='page',
            name='recorded',
            field=models.JSONField(blank=True, default=None, null=True, verbose_name='how it was recorded'),
        ),
        AppendOnly("HistoricalPage"),
        Ledgered("Page"),
    ]
