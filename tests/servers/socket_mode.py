"""What does Slack do at the other end of Socket Mode? Sends presses, and wants each acknowledged."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve


@dataclass(slots=True)
class FakeSocket:
    """A websocket server on this machine. Use it as a context manager, and `url` as Slack's answer of where it is."""

    url: str = ""
    acknowledged: queue.Queue[str] = field(default_factory=queue.Queue)  # envelope ids, as they come
    connected: threading.Event = field(default_factory=threading.Event)
    _connections: list[ServerConnection] = field(default_factory=list)
    _server: Server | None = None

    def __enter__(self) -> Self:
        """Start listening."""
        self._server = serve(self._talk, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._server:
            self._server.shutdown()

    def send(self, envelope: str, payload: Mapping[str, Any], kind: str = "interactive") -> None:
        """Send a press, as Slack does: to one of those who are connected."""
        said = {"envelope_id": envelope, "type": kind, "accepts_response_payload": False, "payload": payload}
        self._connections[-1].send(json.dumps(said))

    def drop(self) -> None:
        """Close the newest connection, as Slack does every few hours."""
        self.connected.clear()
        self._connections[-1].close()

    def _talk(self, connection: ServerConnection) -> None:
        self._connections.append(connection)
        connection.send(json.dumps({"type": "hello", "num_connections": 1}))
        self.connected.set()
        try:
            for answer in connection:
                self.acknowledged.put(json.loads(answer)["envelope_id"])
        except ConnectionClosed:
            return
