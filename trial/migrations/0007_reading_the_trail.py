"""The questions of readers to the trail are index reads."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('trial', '0006_access_review'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='trailchange',
            index=models.Index(fields=['item', 'event'], name='trail_of_item', opclasses=('varchar_pattern_ops', 'uuid_ops')),
        ),
        migrations.AddIndex(
            model_name='trailevent',
            index=models.Index(fields=['actor', '-id'], name='trail_of_person'),
        ),
        migrations.AddIndex(
            model_name='trailevent',
            index=models.Index(fields=['actor', 'at'], name='trail_of_person_in_period'),
        ),
        migrations.AddIndex(
            model_name='trailevent',
            index=models.Index(fields=['site', 'at'], name='trail_of_site_in_period'),
        ),
        migrations.AddIndex(
            model_name='trailevent',
            index=models.Index(fields=['action', '-id'], name='trail_of_act'),
        ),
    ]
