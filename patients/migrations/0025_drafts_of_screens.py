"""What was pasted and not saved is kept beside what was typed on the page itself."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0024_query_threads'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='keptdraft',
            name='one_draft_of_a_person_on_a_page',
        ),
        migrations.AddField(
            model_name='keptdraft',
            name='screen',
            field=models.CharField(choices=[('page', 'Page'), ('paste', 'Paste')], default='page', max_length=10),
        ),
        migrations.AddConstraint(
            model_name='keptdraft',
            constraint=models.UniqueConstraint(fields=('account', 'page', 'screen'), name='one_draft_of_a_person_on_a_screen'),
        ),
    ]
