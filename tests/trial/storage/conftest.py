"""A server that speaks S3, made once, and a store in it for each test."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from typing import Any

import boto3
import pytest

from tests import services
from trial.storage.access import Access


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    with services.s3() as endpoint:
        made = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **KEY)
        made.create_bucket(Bucket="kept")
        yield endpoint


KEY = {"aws_access_key_id": "chimera", "aws_secret_access_key": "known"}  # pragma: allowlist secret


@pytest.fixture
def access(s3_endpoint: str) -> Access:
    """A prefix of the test's own."""
    key, secret = KEY.values()
    return Access("kept", token_hex(4), s3_endpoint, key=key, secret=secret)


@pytest.fixture
def host(access: Access, settings: Any, tmp_path: Path) -> Callable[[str], Path]:
    """Be a host: its folder is the one of the settings, and the store is that of all."""

    def be(name: str) -> Path:
        settings.SNAPSHOT_STORE = access
        settings.SNAPSHOT_DIR = tmp_path / name
        settings.SNAPSHOT_DIR.mkdir(exist_ok=True)
        return Path(settings.SNAPSHOT_DIR)

    return be


@pytest.fixture
def store_is_down(access: Access, settings: Any) -> Callable[[], None]:
    """Nobody listens any more where the store was."""

    def down() -> None:
        nowhere = f"http://127.0.0.1:{services.free_port()}"
        settings.SNAPSHOT_STORE = replace(access, endpoint=nowhere)

    return down
