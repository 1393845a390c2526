"""When an event was first saved as serious, and the mails about it."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from trial.trail.triggers import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0025_drafts_of_screens'),
        ('trial', '0013_safety_contacts'),
    ]

    operations = [
        migrations.CreateModel(
            name='SafetyMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row_key', models.CharField(max_length=60)),
                ('reason', models.CharField(choices=[('serious', 'serious event saved'), ('report', 'no report begun'), ('sponsor', 'report to the sponsor'), ('judgement', 'judgement of the sponsor'), ('authority', 'SUSAR to the authority'), ('follow_up', 'follow-up to the authority')], max_length=10)),
                ('attempt', models.PositiveSmallIntegerField()),
                ('at', models.DateTimeField()),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mails', to='trial.safetycontact')),
                ('page', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.page')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='SafetyMailOutcome',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sent', models.BooleanField()),
                ('way', models.CharField(blank=True, max_length=20)),
                ('problem', models.CharField(blank=True, max_length=100)),
                ('at', models.DateTimeField()),
                ('mail', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='outcome', to='patients.safetymail')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SeriousNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row_key', models.CharField(max_length=60)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('page', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.page')),
            ],
        ),
        migrations.AddConstraint(
            model_name='safetymail',
            constraint=models.UniqueConstraint(fields=('page', 'row_key', 'reason', 'contact', 'attempt'), name='one_try_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='seriousnotice',
            constraint=models.UniqueConstraint(fields=('page', 'row_key'), name='one_notice_of_an_event'),
        ),
        AppendOnly("SafetyMail", "SafetyMailOutcome", "SeriousNotice"),
    ]
