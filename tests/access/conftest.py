"""The registry is built once for a module; each request of a test is undone."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.access.registry import Registry, built_registry


@pytest.fixture(scope="module")
def registry(django_db_setup: None, django_db_blocker: Any) -> Iterator[Registry]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield built_registry()
        transaction.set_rollback(True)
