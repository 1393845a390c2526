"""A line to a server that can be cut, in the middle of whatever goes over it, and mended."""

import socket
import threading
from contextlib import suppress


class Line:
    """Passes on what comes to a port of its own. Cut, it answers as a machine on which nothing runs. Where it
    `loses_answers`, what the server says is dropped and the caller hears the connection end."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._port = 0
        self._ends: list[socket.socket] = []
        self.loses_answers = False
        self.mend()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def mend(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        for each in (self._listener, *self._ends):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._ends = []

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # it was cut
            while True:
                here, _address = listener.accept()
                there = socket.create_connection(self._target)
                self._ends += [here, there]
                threading.Thread(target=self._pass_on, args=(here, there), daemon=True).start()
                threading.Thread(target=self._answer, args=(there, here), daemon=True).start()

    @staticmethod
    def _pass_on(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        with suppress(OSError):
            other.shutdown(socket.SHUT_WR)

    def _answer(self, there: socket.socket, here: socket.socket) -> None:
        if self.loses_answers:
            there.recv(1)  # it was done, and is being answered
            for end in (here, there):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            return
        self._pass_on(there, here)
