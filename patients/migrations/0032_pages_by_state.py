"""The list of subjects counts the pages of each by their state, from an index alone."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0031_answers_of_subjects'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='page',
            index=models.Index(fields=['subject', 'state', 'visit', 'form_code'], name='pages_by_state'),
        ),
    ]
