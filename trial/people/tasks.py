"""What the worker does for the people of a registry, every night."""

from celery import shared_task

from trial.people.sessions import clear_sessions


@shared_task(name="trial.people.clear_sessions")
def clear() -> None:
    """Forget the sessions that are over, with the addresses and browsers that they came from."""
    clear_sessions()
