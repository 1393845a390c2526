"""What was said of two subjects is read beside the first of them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0030_drafts_of_judging'),
    ]

    operations = [
        migrations.AlterField(
            model_name='doubleanswer',
            name='first',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='double_answers', to='patients.subject'),
        ),
    ]
