"""Asking for configuration values in tests."""

from trial.people.access import Person
from trial.protocol.configuring import ask_for_value
from trial.protocol.models import ConfigRequest
from trial.trail.actor import Source

TRIED = "sandbox of 2025-01-10: two subjects fewer are eligible"


def a_request(text: str, *, by: Person, key: str = "cd7_min") -> ConfigRequest:
    return ask_for_value(key, text, reason="Protocol 1.1", tried=TRIED, by=by, source=Source.WEB)
