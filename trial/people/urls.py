"""Signing in and out, one's own account, and the language of the screens."""

from django.urls import URLPattern, path
from django.views.i18n import set_language

from trial.people import account_pages, password_page, second_factor_pages
from trial.people.needs import anyone
from trial.people.sign_in import EnterSecondFactor, SignIn, SignOut

urlpatterns: list[URLPattern] = [
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-in/", SignIn.as_view(), name="account_login"),  # the name that allauth goes back to
    path("sign-in/second-factor/", EnterSecondFactor.as_view(), name="mfa_authenticate"),
    path("sign-out/", SignOut.as_view(), name="sign-out"),
    path("set-password/<str:secret>/", account_pages.set_password, name="set-password"),
    path("account/password/", password_page.change, name="change-password"),
    path("account/sessions/", account_pages.my_sessions, name="my-sessions"),
    path("account/stay/", account_pages.stay, name="stay"),
    path("account/confirm/", second_factor_pages.confirm, name="confirm"),
    path("account/second-factor/", second_factor_pages.second_factors, name="second-factor"),
    path("account/second-factor/telephone/", second_factor_pages.add_telephone, name="add-telephone"),
    path("account/second-factor/passkey/", second_factor_pages.add_passkey, name="add-passkey"),
    path("account/second-factor/recovery/", second_factor_pages.recovery_codes, name="recovery-codes"),
    path("i18n/", anyone("POST")(set_language), name="set-language"),
]
