"""A mail server for tests: as much of SMTP as a client speaks to hand over a mail (RFC 5321)."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from email.policy import default


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._say("220 ready")
        for line in self.rfile:
            verb = line.strip().upper()[:4]
            if verb == b"QUIT":
                return self._say("221 bye")
            if verb == b"RCPT" and self.server.refuses:  # type: ignore[attr-defined]
                self._say("550 no such box")
            elif verb == b"DATA":
                self._say("354 go on")
                self.server.mails.append(self._read_mail())  # type: ignore[attr-defined]
                self._say("250 taken")
            else:
                self._say("250 ok")
        return None

    def _read_mail(self) -> Message:
        lines: list[bytes] = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return message_from_bytes(b"".join(lines), policy=default)

    def _say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps the mails that it takes; `refuses` every receiver while that is set."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.mails: list[Message] = []
        self.refuses = False

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@contextmanager
def serving() -> Iterator[MailServer]:
    """A mail server on a port of this host, until the block ends."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
