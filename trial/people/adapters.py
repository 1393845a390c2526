"""How django-allauth meets this project: who may sign in, and what is kept encrypted of a second factor."""

import hashlib
from base64 import urlsafe_b64encode
from io import BytesIO
from typing import Any

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from qrcode.image.svg import SvgPathImage

from trial.people.acts import record_act
from trial.people.limits import address_of
from trial.people.models import Account

PASSED = "passed"  # of the session: what a session of this password and generation is checked against


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up; a sign-in is an event; no mail is sent."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: Account, **more: Any) -> HttpResponse | None:
        """The password was right: it must still be when the code has been, too."""
        request.session[PASSED] = user.get_session_auth_hash()
        answer: HttpResponse | None = super().pre_login(request, user, **more)
        return answer

    def login(self, request: HttpRequest, user: Account) -> None:
        """Open the session. Who was disabled, or got another password, before the code is sent back."""
        if not user.is_active or request.session.pop(PASSED, "") != user.get_session_auth_hash():
            raise ImmediateHttpResponse(redirect("sign-in"))
        with transaction.atomic():
            super().login(request, user)
            record_act("person.signed_in", user.user_name, by=user, request=request)

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """The screens say what happened."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Accounts have no mail address; the trail keeps what was done."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Seeds are encrypted with a key of their own (AC-09): a dump of the database signs nobody in."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def build_totp_svg(self, url: str) -> str:
        """The picture that a telephone reads, as an element to stand in the page."""
        picture = qrcode.make(url, image_factory=SvgPathImage, border=2)
        buffer = BytesIO()
        picture.save(buffer)
        svg = buffer.getvalue().decode()
        return svg[svg.index("<svg") :]

    def _get_site_name(self) -> str:
        return "Chimera"


def _cipher() -> Fernet:
    """Fernet (AES-128-CBC with HMAC-SHA-256) under a key derived from the secret of second factors."""
    digest = hashlib.sha256(b"second factor" + settings.SECOND_FACTOR_KEY.encode()).digest()
    return Fernet(urlsafe_b64encode(digest))
