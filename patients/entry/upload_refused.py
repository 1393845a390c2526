"""The refusal of an upload, and the limits that its kinds share (SE-04)."""

from django.utils.functional import Promise

MOST_ROWS = 50_000


class UploadRefused(Exception):
    """A file is not taken (422). `why` says it in words for whoever sent it."""

    def __init__(self, why: Promise | str) -> None:
        super().__init__(why)
        self.why = why
