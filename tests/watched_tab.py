"""A tab of the browser that is watched: at its end the console must have stayed empty."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.patients.web import people
from trial.people.models import Account

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage
    from playwright.sync_api import Page as Tab

EXPECTED = ("status of 4", "Clear-Site-Data")  # a refusal; what signing out has cleared


@contextmanager
def watched_tab(
    chromium: "Browser",
    address: str,
    *,
    width: int = 1360,
    language: str = "en-GB",
    person: Account | None = None,
    expected: tuple[str, ...] = (),
    scripts: bool = True,
) -> Iterator["Tab"]:
    """A tab at the live server of this address, on localhost, as passkeys need a name; where a person is
    named, in that person's session. `expected`: what else the console may say.
    `scripts`: whether the browser runs any."""
    base = address.replace("127.0.0.1", "localhost")
    context = chromium.new_context(
        base_url=base,
        viewport={"width": width, "height": 900},
        locale=language,
        java_script_enabled=scripts,
    )
    context.set_default_timeout(10_000)
    if person is not None:
        key = people.signed_in(person).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": key, "url": base}])
    tab = context.new_page()
    said: list[str] = []
    tab.on("console", lambda message: said.append(_as_read(message)) if message.type != "log" else None)
    tab.on("pageerror", lambda error: said.append(str(error)))
    try:
        yield tab
        # What is still on its way is waited for: a request that the closing cuts off is no fault of the page.
        for each in context.pages:
            each.wait_for_load_state()
        heard = tuple(said)
    finally:
        context.close()
    unexpected = [line for line in heard if not any(words in line for words in EXPECTED + expected)]
    assert not unexpected, unexpected


def _as_read(message: "ConsoleMessage") -> str:
    return f"{message.type}: {message.text} ({message.location.get('url', '')})"


def look(tab: "Tab", name: str) -> None:
    """Keep a picture where the run asks for one."""
    if folder := os.environ.get("SCREENSHOTS"):
        tab.screenshot(path=f"{folder}/{name}.png", full_page=True)
