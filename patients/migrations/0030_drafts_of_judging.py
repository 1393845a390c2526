"""What the sponsor judges and has not saved is kept beside what is typed on the page and pasted."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0029_casebook_locks'),
    ]

    operations = [
        migrations.AlterField(
            model_name='keptdraft',
            name='screen',
            field=models.CharField(choices=[('page', 'Page'), ('paste', 'Paste'), ('judge', 'Judge')], default='page', max_length=10),
        ),
    ]
