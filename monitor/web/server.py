"""How are the pages served? By waitress, in a thread beside the scheduler."""

from __future__ import annotations

import logging
import socket
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from waitress.server import create_server

from monitor.errors import UsageError
from monitor.serving import Serving
from monitor.web.site import NAME, Site

THREADS = 4
PATIENCE = 5  # seconds for answers under way when it is told to stop


@dataclass(frozen=True, slots=True)
class Server:
    """The pages, being served."""

    url: str
    _server: Any
    _sockets: dict[int, Any]  # waitress's own map of what is open
    _thread: threading.Thread

    def stop(self) -> None:
        """Let answers under way end, and close everything."""
        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=PATIENCE)
        self._server.trigger.pull_trigger(self._close)
        self._thread.join(PATIENCE)

    def _close(self) -> None:
        for each in list(self._sockets.values()):  # in waitress's own thread: its loop ends with the last of them
            each.close()


def _prefix(app: Flask) -> str:
    """Return the path of base_url, below which people reach the pages through a proxy that serves other things too."""
    here: Site = app.extensions[NAME]
    return urlsplit(here.config.base_url or "").path.rstrip("/")


def start(app: Flask, serving: Serving) -> Server:
    """Serve an app until `stop`.

    Raises:
        UsageError: nothing can listen on the address.
    """
    logging.getLogger("waitress").setLevel(logging.WARNING)
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    try:
        listening = socket.create_server((serving.host, serving.port), family=family)
    except OSError as error:
        hint = "write another, as web: {port: 8421}"
        place = f"{serving.host} port {serving.port}"
        raise UsageError(f"web: cannot listen on {place}: {error.strerror}; {hint}") from error
    sockets: dict[int, Any] = {}
    server = create_server(app, map=sockets, sockets=[listening], threads=THREADS, ident=None, url_prefix=_prefix(app))
    thread = threading.Thread(target=server.run, name="pages", daemon=True)
    thread.start()
    host = f"[{serving.host}]" if ":" in serving.host else serving.host
    return Server(f"http://{host}:{listening.getsockname()[1]}", server, sockets, thread)
