"""The web application."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from trial.collector import loaded_for_good

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trial.settings")
with loaded_for_good():
    application = get_wsgi_application()
    import_module(settings.ROOT_URLCONF)  # or else the first request waits for it

from trial.people.first_start import announce

announce()
