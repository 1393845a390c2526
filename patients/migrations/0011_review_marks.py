"""Who reviewed which stretch of the trail."""

from django.db import migrations, models

from trial.trail.triggers import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0010_signatures'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReviewMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('site', models.CharField(max_length=10, verbose_name='site')),
                ('subject', models.CharField(blank=True, max_length=12, verbose_name='subject')),
                ('up_to', models.BigIntegerField()),
                ('acts', models.PositiveIntegerField()),
                ('by', models.CharField(max_length=150)),
                ('by_name', models.CharField(max_length=200)),
                ('at', models.DateTimeField()),
            ],
            options={
                'ordering': ('id',),
                'indexes': [models.Index(fields=['site', 'subject', '-up_to'], name='review_of_place'), models.Index(fields=['by', 'site'], name='review_by_person')],
            },
        ),
        AppendOnly("ReviewMark"),
    ]
