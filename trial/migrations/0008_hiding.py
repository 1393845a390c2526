"""Two people may hide a text of the trail: the one change that its tables let through."""

from django.db import migrations, models

from trial.trail.triggers import LetHide


class Migration(migrations.Migration):

    dependencies = [
        ('trial', '0007_reading_the_trail'),
    ]

    operations = [
        migrations.CreateModel(
            name='HidingUnderway',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hidden', models.TextField()),
                ('written', models.TextField()),
                ('marker', models.CharField(max_length=40)),
                ('requested_by', models.CharField(max_length=150)),
                ('approved_by', models.CharField(max_length=150)),
                ('transaction', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('approved_by', models.F('requested_by')), _negated=True), name='hiding_takes_two_people'), models.CheckConstraint(condition=models.Q(('marker__startswith', '[hidden ')), name='hiding_leaves_a_marker')],
            },
        ),
        LetHide("TrailEvent", "TrailChange", "LedgerLeaf"),
    ]
