"""What the sponsor judges is kept as a draft; the pages of a list of subjects are counted from an index."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0031_coding_withdrawals'),
    ]

    operations = [
        migrations.AlterField(
            model_name='keptdraft',
            name='screen',
            field=models.CharField(choices=[('page', 'Page'), ('paste', 'Paste'), ('judge', 'Judge')], default='page', max_length=10),
        ),
        migrations.AlterField(
            model_name='doubleanswer',
            name='first',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='double_answers', to='patients.subject'),
        ),
        migrations.AddIndex(
            model_name='page',
            index=models.Index(fields=['subject', 'state', 'visit', 'form_code'], name='pages_by_state'),
        ),
    ]
