"""The networks from which a token may be used (AC-13): addresses and networks, IPv4 and IPv6."""

import ipaddress
import re
from collections.abc import Iterable, Sequence

MOST = 20


def read_networks(text: str) -> tuple[str, ...]:
    """The networks that were typed, parted by blanks or commas, each written as one: 10.1.2.3 is 10.1.2.3/32.

    Raises ValueError naming the first that is none, or saying that there are too many.
    """
    found = [_network(part) for part in re.split(r"[\s,;]+", text) if part]
    if len(found) > MOST:
        raise ValueError(f"{len(found)}, at most {MOST}")
    return tuple(dict.fromkeys(found))


def is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether an address is in one of these networks; in none, every one is."""
    return not networks or _is_in(address, networks)


def _network(text: str) -> str:
    """Raises ValueError, also for a network with bits of a host: 10.1.2.3/24 may mean two things."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as problem:
        raise ValueError(text) from problem


def _is_in(address: str, networks: Iterable[str]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain in ipaddress.ip_network(network) for network in networks)
