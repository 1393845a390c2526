"""What a browser without script would send: the controls of a form with what stands in them."""

from html.parser import HTMLParser

from django.http import HttpResponse

ROOMS = ("/pages/", "/visits/", "/subjects/")
"""Where the forms of records go: not to the language, nor out."""


class _Controls(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self._textarea = ""
        self._select = ""
        self._in_form = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._in_form = "data-guard" in given or given.get("action", "").startswith(ROOMS)
        name = given.get("name", "")
        if not self._in_form:
            return
        if tag == "input" and name and "disabled" not in given:
            is_ticked = given.get("type") in ("radio", "checkbox")
            if not is_ticked or "checked" in given:
                self._add(name, given.get("value", ""))
        elif tag == "textarea":
            self._textarea = name
            self._add(name, "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            self._add(self._select, given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = ""
        elif tag == "select":
            self.sent.setdefault(self._select, [""])
            self._select = ""
        elif tag == "form":
            self._in_form = False

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.sent[self._textarea] = [data.removeprefix("\n")]

    def _add(self, name: str, value: str) -> None:
        self.sent.setdefault(name, []).append(value)


def form_of(response: HttpResponse, **typed: str | list[str]) -> dict[str, list[str]]:
    """The form of a page with some of its controls filled in otherwise."""
    parser = _Controls()
    parser.feed(response.content.decode())
    return parser.sent | {name: [value] if isinstance(value, str) else value for name, value in typed.items()}
