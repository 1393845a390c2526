"""Markdown of the repository as HTML of a page; HTML in it is shown as text, so that nothing of it is run."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

DECISION = re.compile(r"(\d{4})-[\w-]+$")


@dataclass(frozen=True, slots=True)
class _Rendered:
    """What the renderer made of Markdown; it escapes every text, and lets no HTML through."""

    text: str

    def __html__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Prose:
    """A text as it stands in a page, and its headings of the second order, each with its address there."""

    html: str
    headings: list[tuple[str, str]]


class _Renderer(RendererHTML):
    """Wide tables scroll by themselves and say so; links and pictures between files become addresses."""

    def table_open(self, *_of: Any) -> str:
        return '<div class="table-wrap" tabindex="0" role="group"><table class="table">'

    def table_close(self, *_of: Any) -> str:
        return "</table></div>"


def prose(markdown: str) -> Prose:
    """A text of the repository for a page."""
    reader = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
    tokens = reader.parse(markdown)
    headings = list(_numbered(tokens))
    for token in tokens:
        for inner in token.children or ():
            _address(inner)
    rendered = _Rendered(reader.renderer.render(tokens, reader.options, {}))
    return Prose(format_html("{}", rendered), headings)


def _numbered(tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    for number, (opened, inner) in enumerate(pairwise(tokens)):
        if opened.type == "heading_open" and opened.tag == "h2":
            opened.attrSet("id", f"part-{number}")
            yield f"part-{number}", inner.content.replace("`", "")


def _address(token: Token) -> None:
    """`screenshots/x.png` and `0012-….md` as files of the repository name each other, as the browser does."""
    if token.type == "image":
        name = PurePosixPath(str(token.attrGet("src"))).name
        token.attrSet("src", reverse("handbook-picture", args=[name]))
        token.attrSet("loading", "lazy")
    elif token.type == "link_open":
        target = PurePosixPath(str(token.attrGet("href")))
        if target.name == "openapi.json":
            token.attrSet("href", reverse("openapi"))
        elif target.suffix == ".md":
            numbered = DECISION.match(target.stem)
            name = f"decision-{numbered[1]}" if numbered else target.stem
            token.attrSet("href", reverse("handbook-chapter", args=[name]))
