"""Sites, accounts, and the grants that make an account a member."""

from typing import Any, NoReturn

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trial.people.roles import Role


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

    USERNAME_FIELD = "user_name"
    REQUIRED_FIELDS = ["printed_name"]
    objects = AccountManager()

    class Meta:
        constraints = (models.UniqueConstraint(Lower("user_name"), name="user_name_any_case_once"),)

    def __str__(self) -> str:
        return self.printed_name

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("accounts are deactivated, never deleted")


class MemberQuerySet(models.QuerySet["Member"]):
    def in_force(self) -> "MemberQuerySet":
        """Grants that hold now; expiry needs no job."""
        now = timezone.now()
        return self.filter(Q(ends__isnull=True) | Q(ends__gt=now), starts__lte=now, account__is_active=True)


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
