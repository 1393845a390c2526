"""How long a session lasts (AC-12): 30 minutes without a request, 12 hours at most; and how it is ended.

The moments of the beginning and of the last request stand in the session itself, which is read anyway. The
latter is written at most once a minute: a session may end up to a minute early, never late.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import transaction
from django.db.models import F
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from trial.people.acts import record_act
from trial.people.models import Account
from trial.trail.clocks import told_gap_s

BEGAN, SEEN, PROVED, CLOCK_GAP = "began", "seen", "proved", "clock_gap"
TOUCH_SECONDS = 60
WARNING_SECONDS = 120
PROOF_SECONDS = 5 * 60  # how long after a proof a person may change a second factor


@receiver(user_logged_in)
def _begin(request: HttpRequest, **_: Any) -> None:
    now = timezone.now().timestamp()
    request.session.update({BEGAN: now, SEEN: now, PROVED: now, CLOCK_GAP: told_gap_s()})


def ends_at(session: SessionBase) -> datetime:
    """When this session ends if nothing more is asked of the server."""
    idle = session.get(SEEN, 0) + settings.SESSION_IDLE_SECONDS
    absolute = session.get(BEGAN, 0) + settings.SESSION_COOKIE_AGE
    return datetime.fromtimestamp(min(idle, absolute), UTC)


def seconds_left(session: SessionBase) -> int:
    """The same as seconds from now."""
    return max(0, int((ends_at(session) - timezone.now()).total_seconds()))


def touch(session: SessionBase) -> None:
    """The person is here."""
    now = timezone.now()
    if now.timestamp() - session.get(SEEN, 0) < TOUCH_SECONDS:
        return
    session.update({SEEN: now.timestamp(), CLOCK_GAP: told_gap_s()})
    UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=now)


def clear_sessions() -> None:
    """Forget the sessions that are over, and what the list of a person's sessions said of them."""
    call_command("clearsessions")
    oldest = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    UserSession.objects.filter(created_at__lt=oldest).delete()


def rotate(request: HttpRequest) -> None:
    """A new key for the same session, after a proof: who had read the old one holds nothing."""
    old = request.session.session_key
    request.session[PROVED] = timezone.now().timestamp()
    request.session.cycle_key()
    UserSession.objects.filter(session_key=old).update(session_key=request.session.session_key)


def recently_proved(request: HttpRequest, within_s: int = PROOF_SECONDS) -> bool:
    """Whether the person proved who they are within so many seconds."""
    return timezone.now().timestamp() - float(request.session.get(PROVED, 0)) < within_s


def forget(session_key: str | None) -> None:
    """Kill a session at the server."""
    Session.objects.filter(session_key=session_key).delete()
    UserSession.objects.filter(session_key=session_key).delete()


def end_all_sessions(account: Account) -> None:
    """Every session of an account is over with its next request, listed or not (AC-08)."""
    Account.objects.filter(pk=account.pk).update(session_generation=F("session_generation") + 1)
    keys = list(UserSession.objects.filter(user=account).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(user=account).delete()


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A line of the page "my sessions"."""

    pk: int
    here: bool
    address: str
    browser: str
    began: datetime
    seen: datetime


def own_sessions(account: Account, current_key: str | None) -> Iterable[OwnSession]:
    """The sessions of a person that still run, newest first."""
    oldest = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    quiet = timezone.now() - timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    running = UserSession.objects.filter(user=account, created_at__gt=oldest, last_seen_at__gt=quiet)
    for each in running.order_by("-created_at"):
        yield OwnSession(
            each.pk,
            each.session_key == current_key,
            each.ip,
            each.user_agent,
            each.created_at,
            each.last_seen_at,
        )


def end_own_session(account: Account, pk: int, *, request: HttpRequest) -> None:
    """End another session of one's own; one that is somebody else's is not found."""
    with transaction.atomic():
        session = UserSession.objects.get(pk=pk, user=account)
        forget(session.session_key)
        record_act("session.ended", account.user_name, by=account, request=request)


def shown(request: HttpRequest) -> dict[str, object]:
    """For every template: when the session ends, how many seconds that is from now, and by how many seconds
    the clocks of application and database differ, if that has to be told."""
    session = getattr(request, "session", None)
    if session is None or BEGAN not in session or not isinstance(request.user, Account):
        return {}
    return {
        "session_ends": ends_at(session),
        "session_seconds": seconds_left(session),
        "session_warning_seconds": WARNING_SECONDS,
        "clock_gap_s": round(abs(request.session.get(CLOCK_GAP, 0))),
    }
