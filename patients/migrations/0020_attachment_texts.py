"""What is typed about an attached source stands in text columns, which a hiding reaches."""

from django.db import migrations, models

from trial.trail.triggers import AppendOnly, LiftAppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0019_how_recorded'),
    ]

    operations = [
        LiftAppendOnly("Attachment", "AttachmentWithdrawal"),
        migrations.AlterField(
            model_name='attachment',
            name='title',
            field=models.TextField(),
        ),
        migrations.AlterField(
            model_name='attachmentwithdrawal',
            name='reason',
            field=models.TextField(),
        ),
        AppendOnly("Attachment", "AttachmentWithdrawal"),
    ]
