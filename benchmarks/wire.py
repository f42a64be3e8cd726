"""What does a client send to a PostgreSQL server? A tap on the wire, with no help of either."""

from __future__ import annotations

import socket
import struct
import threading
from typing import Self


class Tap:
    """Passes unencrypted connections on to a server, and notes each statement."""

    def __init__(self, host: str, port: int) -> None:
        """Listen on a free port of this machine."""
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.statements: list[str] = []
        self.connections = 0

    def __enter__(self) -> Self:
        """Begin to pass on."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take no further connections."""
        self._listener.close()

    def clear(self) -> None:
        """Forget what was noted."""
        self.statements.clear()
        self.connections = 0

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(self._server)
            threading.Thread(target=self._listen, args=(client, server), daemon=True).start()
            threading.Thread(target=_copy, args=(server, client), daemon=True).start()

    def _listen(self, client: socket.socket, server: socket.socket) -> None:
        """Pass on what the client says, message by message; the first one has no letter in front."""
        with client, server, client.makefile("rb") as said:
            letter, size = b"", said.read(4)
            while len(size) == 4:
                body = said.read(struct.unpack("!I", size)[0] - 4)
                server.sendall(letter + size + body)
                self._note(letter, body)
                letter = said.read(1)
                size = said.read(4)

    def _note(self, letter: bytes, body: bytes) -> None:
        if letter == b"Q":  # a simple query
            self.statements.append(body.rstrip(b"\0").decode())
        elif letter == b"P":  # parse: the name of the statement, then its text
            self.statements.append(body.split(b"\0")[1].decode())


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        return
