"""Room for all the calls of a request, in one piece of memory.

CPython 3.11 keeps the frames of calls in pieces of 16 KiB, and asks the system for the next piece, and
gives it back, each time that a call crosses the end of one (python/cpython#142183, mended from 3.13 on). A
page is drawn by calls within calls: where such an end lay among those of its templates, drawing it took
twice as long, and a layer of middleware more or less decided that. A frame that claims much room gets a
large piece, and what it calls lies in the rest of it.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any

from django.http import HttpRequest, HttpResponse

_CLAIMED_WORDS = 16_000
"""Of 8 bytes: with them a piece has 256 KiB, of which half is left, for about 800 frames. What is claimed is
never touched, so that no memory is given for it."""


def _call(do: Callable[[Any], Any], about: Any) -> Any:
    return do(about)


with_room = FunctionType(_call.__code__.replace(co_stacksize=_CLAIMED_WORDS), globals())
"""Calls a function of one argument with room for all that it calls."""


class RoomForCalls:
    """Stands outside of all that answers a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer: HttpResponse = with_room(self.get_response, request)
        return answer
