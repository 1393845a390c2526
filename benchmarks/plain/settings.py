"""Chimera's database, sessions and pool, with the middleware of a new project of Django's."""

from trial.settings import *  # noqa: F403
from trial.settings import INSTALLED_APPS as OF_CHIMERA

INSTALLED_APPS = [*OF_CHIMERA, "benchmarks.plain"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",  # its app, which holds a model, starts with no other
]
ROOT_URLCONF = "benchmarks.plain.urls"
