"""The investigator keeps the records of the own site, also after the end of the trial (CP-07).

No sponsor may have sole control of what a site recorded (EMA guideline on computerised systems and electronic
data in clinical trials, 2023). Whoever administers accounts may belong to the sponsor: alone they do not take
away the last investigator who reads at a site with subjects, be it by ending a role or by disabling an
account. Another investigator must remain who stands in the delegation log of the site, or has worked on its
records: neither can be brought about by an account administrator, who grants roles and holds no other right.
"""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from trial.people.delegation import Delegation
from trial.people.models import Member, Site
from trial.people.roles import Role
from trial.trail.models import TrailEvent

INVESTIGATORS = (Role.INVESTIGATOR, Role.PRINCIPAL_INVESTIGATOR)


def refuse_to_leave_without(ending: Collection[Member]) -> None:
    """Raise ValidationError where these grants, ended together, would leave a site with subjects without an
    investigator who keeps its records."""
    for site in {grant.site for grant in ending if grant.role in INVESTIGATORS}:
        Site.objects.select_for_update().get(pk=site.pk)  # of two that end at once, the second sees the first
        if _has_subjects(site) and not _is_kept(site, ending):
            raise ValidationError(
                _(
                    "At %(site)s no investigator would be left who keeps its records. Grant the role to "
                    "another one first, to whom the site then gives tasks, or who works there."
                )
                % {"site": site.code}
            )


def _is_kept(site: Site, ending: Collection[Member]) -> bool:
    """Whether an investigator remains who has a part in the trial by more than a grant."""
    remain = Member.objects.in_force().filter(site=site, role__in=INVESTIGATORS)
    remain = remain.exclude(pk__in=[grant.pk for grant in ending])
    with_tasks = Delegation.objects.filter(site=site, ends=None).values("account")
    at_work = _acts_on_subjects(site).order_by().values("actor")
    return remain.filter(Q(account__in=with_tasks) | Q(account__user_name__in=at_work)).exists()


def _has_subjects(site: Site) -> bool:
    return _acts_on_subjects(site).exists()


def _acts_on_subjects(site: Site) -> "QuerySet[TrailEvent]":
    return TrailEvent.objects.filter(site=site.code).exclude(subject="")
