"""Who reads of the trail what stands at no site: acts of the registry, and acts over several sites."""

from trial.people.access import holds, sites_where
from trial.people.first_start import OFFICE
from trial.people.models import Account, Site
from trial.people.roles import Permission
from trial.trail.kinds import ACTS_OVER_SITES, REGISTRY_ACTS


def acts_without_site_for(person: Account) -> frozenset[str]:
    """The kinds of acts at no site that a person reads.

    Who reads the trail of every site reads all of them; who holds the right for it, at any site, those of the
    registry. What was done over several sites may name what a reader of one must not see.
    """
    if _reads_every_site(person):
        return REGISTRY_ACTS | ACTS_OVER_SITES
    return REGISTRY_ACTS if holds(person, Permission.READ_REGISTRY_TRAIL) else frozenset()


def _reads_every_site(person: Account) -> bool:
    """Whether no site is left out; the office of the registry treats nobody."""
    read = {site.pk for site in sites_where(person, Permission.REVIEW_TRAIL)}
    return bool(read) and not Site.objects.exclude(code=OFFICE).exclude(pk__in=read).exists()
