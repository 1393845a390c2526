"""Signing in and out, and the language of the screens."""

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, path
from django.views.i18n import set_language

from trial.people.views import SignIn, SignOut

urlpatterns: list[URLPattern] = [
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-out/", SignOut.as_view(), name="sign-out"),
    path("i18n/", login_not_required(set_language), name="set-language"),
]
