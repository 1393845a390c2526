"""Sites, accounts, and the grants that make an account a member."""

from datetime import date, datetime, time, timedelta
from typing import Any, NoReturn

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from trial.people.roles import Role
from trial.protocol.study import SITE_ZONE


class Site(models.Model):
    """A centre that treats patients of the trial."""

    code = models.CharField(_("site"), max_length=10, unique=True)
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class AccountManager(BaseUserManager["Account"]):
    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(user_name__iexact=username)

    def create_account(self, user_name: str, printed_name: str, password: str | None = None) -> "Account":
        """A new account; without a password nobody can sign in with it."""
        account = self.model(user_name=user_name, printed_name=printed_name)
        account.set_password(password)
        account.save()
        return account


class Account(AbstractBaseUser):
    """A person who may sign in. Deactivated, never deleted: the trail keeps its meaning."""

    user_name = models.CharField(_("user name"), max_length=150, unique=True)
    printed_name = models.CharField(_("printed name"), max_length=200)
    is_active = models.BooleanField(default=True)
    _untrained: frozenset[str]  # see `access.untrained_roles`
    # Part of what a session is checked against: one more, and every session of the account is over.
    session_generation = models.PositiveIntegerField(default=0)

    USERNAME_FIELD = "user_name"
    REQUIRED_FIELDS = ["printed_name"]
    objects = AccountManager()

    class Meta:
        constraints = (models.UniqueConstraint(Lower("user_name"), name="user_name_any_case_once"),)

    def __str__(self) -> str:
        return self.printed_name

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("accounts are deactivated, never deleted")

    def held(self) -> list[tuple[Site, str]]:
        """Site and role of each grant in force, read once for each account object."""
        if not hasattr(self, "_roles_held"):
            grants = Member.objects.in_force().filter(account=self).select_related("site")
            self._roles_held = [(grant.site, grant.role) for grant in grants]
        return self._roles_held

    @cached_property
    def has_second_factor(self) -> bool:
        """Whether a telephone or a passkey stands behind the password."""
        factors: models.QuerySet[Any] = self.authenticator_set  # type: ignore[attr-defined]
        return factors.exclude(type="recovery_codes").exists()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        salt = "trial.people.Account.session"
        value = f"{self.session_generation}:{self.password}"
        return salted_hmac(salt, value, secret=secret, algorithm="sha256").hexdigest()


def is_in_force(starts: datetime, ends: datetime | None, now: datetime) -> bool:
    """Whether a grant of these moments holds now: what `MemberQuerySet.in_force` asks of many."""
    return starts <= now and (ends is None or ends > now)


class MemberQuerySet(models.QuerySet["Member"]):
    def in_force(self) -> "MemberQuerySet":
        """Grants that hold now; expiry needs no job."""
        now = timezone.now()
        return self.filter(Q(ends__isnull=True) | Q(ends__gt=now), starts__lte=now, account__is_active=True)

    def still_to_end(self) -> "MemberQuerySet":
        """Grants that have not ended: those in force and those that begin later."""
        return self.filter(Q(ends__isnull=True) | Q(ends__gt=timezone.now()))

    def on(self, day: date) -> "MemberQuerySet":
        """Grants that held at some moment of a day at the site, whatever became of the account."""
        begins = datetime.combine(day, time(), SITE_ZONE)
        ends = datetime.combine(day + timedelta(days=1), time(), SITE_ZONE)
        held = Q(ends__isnull=True) | Q(ends__gt=begins) & Q(ends__gt=F("starts"))
        return self.filter(held, starts__lt=ends)


class Member(models.Model):
    """A person with a role at a site, from a moment on and perhaps until another."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="grants")
    site = models.ForeignKey(Site, models.PROTECT, related_name="members")
    role = models.CharField(_("role"), max_length=30, choices=[(role.value, role.label) for role in Role])
    starts = models.DateTimeField(_("from"), default=timezone.now)
    ends = models.DateTimeField(_("until"), null=True, blank=True)
    granted_by = models.CharField(max_length=150)
    reason = models.CharField(max_length=200)

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("account", "site", "role"), condition=Q(ends=None), name="one_open_grant_of_a_role"
            ),
        )

    def __str__(self) -> str:
        return f"{self.account} · {self.get_role_display()} · {self.site.code}"


class SetUpLink(models.Model):
    """The link by which the owner of an account sets the password: once, within the hour (ES-06).

    Only the SHA-256 of its secret is kept.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    issued = models.DateTimeField(auto_now_add=True)
    issued_by = models.CharField(max_length=150)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.account.user_name} until {self.expires:%H:%M}"


class SecondFactorReset(models.Model):
    """A request to take somebody's second factors away; whoever asked cannot approve (AC-09)."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="resets")
    requested = models.DateTimeField(auto_now_add=True)
    requested_by = models.CharField(max_length=150)
    reason = models.CharField(max_length=200)
    approved = models.DateTimeField(null=True, blank=True)
    approved_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("account",), condition=models.Q(approved=None), name="one_open_reset_of_an_account"
            ),
            models.CheckConstraint(
                condition=~models.Q(approved_by=models.F("requested_by")), name="reset_takes_two_people"
            ),
        )

    def __str__(self) -> str:
        return self.account.user_name
