"""Who a subject is: encrypted apart from the trial's data, with a key of its own.

Rows, history and trail hold a keyed hash of an identifying value: it shows that the value changed, and that
two values are the same, and cannot be turned back without the key.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.db import models

from patients.casebook.likeness import Sign, signs_of, tidy
from patients.casebook.page import Subject
from trial.trail.audited import AuditedModel


def fingerprint(value: str) -> str:
    """HMAC-SHA-256 of an identifying value under the identity key; empty for no value."""
    return hmac.new(_key(b"fingerprint"), value.encode(), hashlib.sha256).hexdigest() if value else ""


def _key(purpose: bytes) -> bytes:
    return hashlib.sha256(purpose + settings.IDENTITY_KEY.encode()).digest()


def _cipher() -> Fernet:
    return Fernet(urlsafe_b64encode(_key(b"cipher")))


def sealed(content: bytes) -> bytes:
    """What stands for a file that may say who somebody is: encrypted as `SealedField` is."""
    return _cipher().encrypt(content)


def unsealed(content: bytes) -> bytes:
    """The file itself. Raises cryptography's InvalidToken for what was not sealed here, or was changed."""
    return _cipher().decrypt(content)


LEAST_OF_AN_IDENTITY = 2
"""Characters of a Chinese name: what is shorter stands in any text."""


class SealedField(models.TextField):  # type: ignore[type-arg]
    """Text kept encrypted (Fernet: AES-128-CBC with HMAC-SHA-256) and read in clear by the application."""

    def get_prep_value(self, value: Any) -> Any:
        return _cipher().encrypt(value.encode()).decode() if value else value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return _cipher().decrypt(value.encode()).decode() if value else value


class Identity(AuditedModel):
    """Birth date, name and hospital number of a subject; one keyed hash stands for them in the history."""

    subject = models.OneToOneField(Subject, models.PROTECT, related_name="identity")
    birth_date = SealedField(blank=True, default="")
    full_name = SealedField(blank=True, default="")
    hospital_number = SealedField(blank=True, default="")
    marks = models.JSONField(default=dict)

    UNVERSIONED = ("birth_date", "full_name", "hospital_number")

    class Meta:
        verbose_name_plural = "identities"

    def __str__(self) -> str:
        return f"identity of {self.subject.code}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.marks = {name: fingerprint(getattr(self, name)) for name in self.UNVERSIONED}
        super().save(*args, **kwargs)
        self.compare()

    def is_told_in(self, text: str) -> bool:
        """Whether a text says the name, the number or the birth date, however it is typed."""
        said, known = tidy(text), (tidy(getattr(self, name)) for name in self.UNVERSIONED)
        return any(value in said for value in known if len(value) >= LEAST_OF_AN_IDENTITY)

    def compare(self) -> None:
        """Keep by what this subject is compared with the others of its site. Whoever saves an identity, by
        whatever channel, does it (DI-11)."""
        Likeness.objects.filter(subject=self.subject).delete()
        keys = compared(self)
        Likeness.objects.bulk_create(Likeness(subject=self.subject, sign=s, key=k) for s, k in keys.items())


def compared(identity: Identity) -> dict[Sign, str]:
    """The keyed hash of each thing by which somebody is compared; it is another one at another site."""
    site = identity.subject.site_id
    texts = signs_of(identity.birth_date, identity.full_name, identity.hospital_number)
    return {sign: fingerprint(f"{site} {sign} {text}") for sign, text in texts.items()}


class Likeness(models.Model):
    """A keyed hash of one thing by which a subject is compared with the others of its site: two subjects with
    the same key share it. It is made of the identity anew at each save, and says nothing without the key."""

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="likenesses")
    sign = models.CharField(max_length=30, choices=[(sign.value, sign.value) for sign in Sign])
    key = models.CharField(max_length=64, db_index=True)

    class Meta:
        verbose_name_plural = "likenesses"
        constraints = (models.UniqueConstraint(fields=("subject", "sign"), name="one_key_of_a_sign"),)

    def __str__(self) -> str:
        return f"{self.subject.code} {self.sign}"
