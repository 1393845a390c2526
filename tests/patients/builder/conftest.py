"""The registry in which a cohort is built."""

from collections.abc import Iterator

import pytest

from tests.patients.builder import reading


@pytest.fixture(scope="module", autouse=True)
def new_registry() -> Iterator[None]:
    with reading.a_new_registry():
        yield
