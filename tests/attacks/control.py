"""An application with one injection of SQL and one reflected script, for tools to show that they work."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

PAGE = '<html><body><form action="/search"><input name="q"></form><a href="/search?q=a">a</a>{}</body></html>'


class _Careless(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query).get("q", [""])[0]
        with sqlite3.connect(":memory:") as database:
            database.executescript("CREATE TABLE t (name); INSERT INTO t VALUES ('a'), ('b'), ('c')")
            try:
                found = database.execute(f"SELECT name FROM t WHERE name = '{asked}'").fetchall()
            except sqlite3.Error as problem:
                found = [(str(problem),)]
        body = PAGE.format(f"{asked}: {found}").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_of: object) -> None:
        """Nothing: the tools ask thousands of times."""


@contextmanager
def careless() -> Iterator[str]:
    """Its address, until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Careless) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
