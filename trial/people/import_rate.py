"""How often somebody may import by REST: an import keeps a process of the registry for as long as it takes.

The moments stand in the session, in the database: they hold for all processes of a site together.
"""

import time
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

MOST_IN_AN_HOUR = 20
_HOUR = 60 * 60
_KEY = "imports"


class ImportRate(BaseThrottle):
    """So many in any hour; 429 and Retry-After say when the next one may come."""

    _wait = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        session, now = request._request.session, time.time()
        latest = [at for at in session.get(_KEY, ()) if at > now - _HOUR]
        if len(latest) >= MOST_IN_AN_HOUR:
            self._wait = latest[-MOST_IN_AN_HOUR] + _HOUR - now
            return False
        session[_KEY] = [*latest, now]
        session.save()
        return True

    def wait(self) -> float:
        """Seconds until the oldest of them is an hour old."""
        return max(1.0, self._wait)
