"""How the files of a request are received: in memory, never on the disk in clear, and no more than may be
(SE-04). What was sent is judged by `patients.entry.uploads`."""

from io import BytesIO
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from patients.entry.uploads import MOST_BYTES

MOST_OF_A_REQUEST = 3 * MOST_BYTES
"""Bytes that a request with files may announce. More is not read at all (400); a file between the two limits
is dropped as it comes in, and its sender is told in words that it is too large."""


class InMemory(FileUploadHandler):
    """Keeps a file in memory, and of one that is too large only so much that it shows."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        """Raises RequestDataTooBig for what announces too much."""
        if content_length > MOST_OF_A_REQUEST:
            raise RequestDataTooBig("the request announces more than is received")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.kept = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.kept.tell() <= MOST_BYTES:
            self.kept.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        size = self.kept.tell()
        self.kept.seek(0)
        return InMemoryUploadedFile(
            self.kept,
            self.field_name,
            self.file_name or "",
            self.content_type,
            size,
            self.charset,
            self.content_type_extra,
        )
