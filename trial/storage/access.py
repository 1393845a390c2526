"""Where a bucket is and who asks it, as the environment says."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from trial import environment


@dataclass(frozen=True, slots=True)
class Access:
    """A bucket and a prefix in it, of one registry alone, at an endpoint (empty: Amazon's), and who asks:
    without a key whoever the machine is, by the chain of boto3."""

    bucket: str
    prefix: str
    endpoint: str = ""
    region: str = ""
    key: str = ""
    secret: str = field(default="", repr=False)

    @property
    def is_in_clear(self) -> bool:
        """Whether what is put goes to another host without TLS."""
        told = urlsplit(self.endpoint)
        return told.scheme == "http" and told.hostname not in ("localhost", "127.0.0.1", "::1")


def access_from_environment() -> Access | None:
    """What `CHIMERA_SNAPSHOT_STORE` and its companions name; None without it. Raises ImproperlyConfigured."""
    told = urlsplit(environment.text("CHIMERA_SNAPSHOT_STORE"))
    if not told.geturl():
        return None
    if told.scheme != "s3" or not told.netloc:
        raise ImproperlyConfigured("CHIMERA_SNAPSHOT_STORE: expected s3://bucket/prefix")
    if not (prefix := told.path.strip("/")):
        raise ImproperlyConfigured(
            "CHIMERA_SNAPSHOT_STORE: expected s3://bucket/prefix, with a prefix that no other registry has"
        )
    rest = {name: environment.text(f"CHIMERA_STORE_{name.upper()}") for name in _COMPANIONS}
    if bool(rest["key"]) != bool(rest["secret"]):
        raise ImproperlyConfigured("CHIMERA_STORE_KEY and CHIMERA_STORE_SECRET belong together")
    return Access(told.netloc, prefix, **rest)


_COMPANIONS = ("endpoint", "region", "key", "secret")
