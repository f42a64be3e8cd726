"""What does a mailbox answer that is asked for a Message-ID? As much of IMAP4rev1 (RFC 3501) as that takes."""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

USER, PASSWORD = "robot", "s3cret"


class _Session(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self.say("* OK IMAP4rev1 ready")
        for line in self.rfile:
            tag, command, rest = (line.decode().rstrip() + "  ").split(" ", 2)
            if self.server.breaks_off_at == command:
                return
            self.answer(tag, command.upper(), rest.strip())

    def answer(self, tag: str, command: str, rest: str) -> None:
        ends = {"LOGIN": self.login, "EXAMINE": self.examine, "SEARCH": self.search}
        self.say(f"{tag} {ends.get(command, self.other)(rest)}")

    def other(self, _rest: str) -> str:
        self.say("* CAPABILITY IMAP4rev1")
        return "OK done"

    def login(self, rest: str) -> str:
        return "OK in" if rest == f'{USER} "{PASSWORD}"' else "NO [AUTHENTICATIONFAILED] who?"

    def examine(self, rest: str) -> str:
        self.say("* 1 EXISTS")
        return "OK [READ-ONLY] open" if rest == '"INBOX"' else "NO there is none"

    def search(self, rest: str) -> str:
        wanted = re.fullmatch(r'HEADER Message-ID "(.+)"', rest)
        self.say("* SEARCH" + (" 1" if wanted and wanted[1] in self.server.identities else ""))
        return "OK done"

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Mailbox(socketserver.ThreadingTCPServer):
    """A mailbox with mails of these Message-IDs; `breaks_off_at` is a command that it does not survive."""

    def __init__(self, context: ssl.SSLContext, identities: set[str], breaks_off_at: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.identities, self.breaks_off_at = identities, breaks_off_at


@contextmanager
def mailbox(context: ssl.SSLContext, identities: set[str], breaks_off_at: str = "") -> Iterator[int]:
    """Serve a mailbox with these mails on this machine, and yield its port; what is added to them is there too."""
    server = Mailbox(context, identities, breaks_off_at)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
