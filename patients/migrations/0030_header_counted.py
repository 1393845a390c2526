"""What the header of a page says counts among its values to verify (decision 0040).

Pages that were counted before get it added; the tick is to be set. The columns are no part of a version. A page
that is locked stays as it is. Going back leaves the counts: the next act on a page counts it again.
"""

from django.db import migrations
from django.db.models import Case, F, IntegerField, Q, Value, When

IS_CRITICAL = Q(form_code="CHIM", visit__code="HM1")
"""Where all values of a page are critical; the date of a report of a serious event is, too."""


def one_if(**said):
    return Case(When(**said, then=Value(1)), default=Value(0), output_field=IntegerField())


def count_headers(apps, schema_editor):
    page = apps.get_model("patients", "Page")
    dated = one_if(form_date__isnull=False)
    not_done = one_if(not_done=True)
    why = Case(When(not_done_reason="", then=Value(0)), default=Value(1), output_field=IntegerField())
    sources = Case(When(source_documents=[], then=Value(0)), default=Value(1), output_field=IntegerField())
    counted = page.objects.filter(verification_draw__isnull=False).exclude(state="locked")
    whole = counted.filter(IS_CRITICAL).values_list("pk", flat=True)
    reports = counted.filter(form_code="SAE")
    others = counted.exclude(pk__in=whole).exclude(form_code="SAE")
    page.objects.filter(pk__in=list(whole)).update(
        critical_items=F("critical_items") + dated + not_done + why + sources
    )
    reports.update(
        critical_items=F("critical_items") + dated, other_items=F("other_items") + not_done + why + sources
    )
    others.update(other_items=F("other_items") + dated + not_done + why + sources)


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0029_casebook_locks'),
    ]

    operations = [
        migrations.RunPython(count_headers, migrations.RunPython.noop),
    ]
