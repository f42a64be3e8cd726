"""How does the vendor's driver talk to a ClickHouse that is a library? Over its HTTP interface, in front of chdb.

    python clickhouse_server.py PORT

One request is one query. What the URL says beside the query are settings, which hold for a
connection of their own, as `readonly` cannot be taken back.
"""

from __future__ import annotations

import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import chdb

NOT_SETTINGS = frozenset(
    (
        *("query", "database", "query_id", "session_id", "session_timezone", "user", "password", "role", "quota_key"),
        *("client_protocol_version", "default_format", "enable_http_compression", "wait_end_of_query"),
        *("send_progress_in_http_headers", "http_headers_progress_interval_ms"),
    )
)
CONNECTIONS: dict[tuple[tuple[str, str], ...], object] = {}
ONE = threading.Lock()


def connection(settings: tuple[tuple[str, str], ...]):
    if settings not in CONNECTIONS:
        made = chdb.connect(":memory:")
        for name, value in sorted(settings, key=lambda pair: pair[0] == "readonly"):
            if re.fullmatch(r"\w+", name):
                made.query(f"SET {name} = '{value}'")
        CONNECTIONS[settings] = made
    return CONNECTIONS[settings]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer(b"")

    def do_POST(self) -> None:
        self.answer(self.rfile.read(int(self.headers["Content-Length"] or 0)))

    def answer(self, body: bytes) -> None:
        asked = dict(parse_qsl(urlsplit(self.path).query))
        query = (asked.get("query", "") + "\n" + body.decode()).strip()
        settings = tuple(sorted((name, value) for name, value in asked.items() if name not in NOT_SETTINGS))
        try:
            with ONE:
                said = (
                    connection(settings).query(query, asked.get("default_format", "TabSeparated"))
                    if query
                    else b"Ok.\n"
                )
            self.reply(200, said.bytes() if hasattr(said, "bytes") else said)
        except Exception as error:  # noqa: BLE001 whatever the library says is the answer
            code = re.search(r"Code: (\d+)", str(error))
            self.reply(500, str(error).encode(), code[1] if code else "1000")

    def reply(self, status: int, body: bytes, code: str = "") -> None:
        self.send_response(status)
        if code:
            self.send_header("X-ClickHouse-Exception-Code", code)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
