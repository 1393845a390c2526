"""A tab of the browser that is watched: at its end the console must have stayed empty."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

EXPECTED = ("status of 4", "Clear-Site-Data")  # a refusal; what signing out has cleared


@contextmanager
def watched_tab(chromium: "Browser", address: str, *, width: int) -> Iterator["Tab"]:
    """A tab at the live server of this address, on localhost, as passkeys need a name."""
    base = address.replace("127.0.0.1", "localhost")
    context = chromium.new_context(base_url=base, viewport={"width": width, "height": 900}, locale="en-GB")
    context.set_default_timeout(10_000)
    tab = context.new_page()
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text) if message.type != "log" else None)
    tab.on("pageerror", lambda error: said.append(str(error)))
    yield tab
    context.close()
    assert [line for line in said if not any(words in line for words in EXPECTED)] == []
