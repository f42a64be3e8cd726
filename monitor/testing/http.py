"""What does a web address that takes messages do? Keeps them, and answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import orjson


@dataclass(frozen=True, slots=True)
class Posted:
    """One request as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body, read as JSON."""
        return orjson.loads(self.body)


@dataclass(slots=True)
class Receiver:
    """A server on this machine. Use it as a context manager, and `url` as an address."""

    answers: list[tuple[int, Mapping[str, str], bytes]] = field(default_factory=list)  # each is used up by one request
    usual: tuple[int, Mapping[str, str], bytes] = (202, {}, b"{}")  # status 0: breaks off without an answer
    posted: list[Posted] = field(default_factory=list)
    url: str = ""
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        """Start listening."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posted.append(Posted(self.path, dict(self.headers.items()), body))
                status, headers, said = receiver.answers.pop(0) if receiver.answers else receiver.usual
                if status:
                    self.send_response(status)
                    for name, value in {**headers, "Content-Length": str(len(said))}.items():
                        self.send_header(name, value)
                    with suppress(ConnectionError):  # who asked was killed
                        self.end_headers()
                        self.wfile.write(said)
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
