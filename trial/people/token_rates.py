"""How often a token may ask, and take an archive out (SE-06); 429 and Retry-After say when it may again.

The counts stand with the token in the database: they hold for all processes of a site together.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, F, Value, When
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from trial.people.tokens import ExportToken

ASKED_IN_A_MINUTE, TAKEN_IN_AN_HOUR = 600, 10


class Rate(BaseThrottle):
    """Base: so many in a period that begins with the first of them."""

    most: int
    period: timedelta
    counted: str
    """The fields of the token: `COUNTED_since` and `COUNTED_count`."""

    def __init__(self) -> None:
        self.over: datetime = timezone.now()
        """When the period is over that the last request was counted in."""

    def allow_request(self, request: Request, view: Any) -> bool:
        token: object = request.user
        if not isinstance(token, ExportToken):
            return True
        since, count = self._counted(token, timezone.now())
        self.over = since + self.period
        return count <= self.most

    def wait(self) -> float:
        """Seconds until the period is over."""
        return max(1.0, (self.over - timezone.now()).total_seconds())

    @classmethod
    def give_back(cls, token: ExportToken) -> None:
        """The last one does not count: nothing came of it."""
        count = f"{cls.counted}_count"
        ExportToken.objects.filter(pk=token.pk, **{f"{count}__gt": 0}).update(**{count: F(count) - 1})

    def _counted(self, token: ExportToken, now: datetime) -> tuple[datetime, int]:
        """Count this one, in one statement: two at once are two."""
        since, count = f"{self.counted}_since", f"{self.counted}_count"
        goes_on = {f"{since}__gt": now - self.period}
        of_token = ExportToken.objects.filter(pk=token.pk)
        of_token.update(
            **{
                count: Case(When(**goes_on, then=F(count) + 1), default=Value(1)),
                since: Case(When(**goes_on, then=F(since)), default=Value(now)),
            }
        )
        found: tuple[datetime, int] = of_token.values_list(since, count).get()
        return found


class AskedRate(Rate):
    """Anything that a token asks for."""

    most, period, counted = ASKED_IN_A_MINUTE, timedelta(minutes=1), "asked"


class TakenRate(Rate):
    """Archives that a token takes out."""

    most, period, counted = TAKEN_IN_AN_HOUR, timedelta(hours=1), "taken"
