"""Addresses that are told of serious events at a site."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('trial', '0012_kind_in_period_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='SafetyContact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(max_length=254, verbose_name='address')),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', 'Simplified Chinese')], max_length=10, verbose_name='language')),
                ('starts', models.DateField(verbose_name='from')),
                ('ends', models.DateField(blank=True, null=True, verbose_name='until')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='safety_contacts', to='trial.site')),
            ],
            options={
                'ordering': ('site', 'address', 'starts', 'id'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('ends', None)), fields=('site', 'address'), name='one_open_safety_contact', violation_error_message='This address is told of the site already.'), models.CheckConstraint(condition=models.Q(('ends', None), ('ends__gte', models.F('starts')), _connector='OR'), name='safety_contact_ends_later', violation_error_message='A contact ends after it began.')],
            },
        ),
    ]
