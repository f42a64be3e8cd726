"""How is the log written? A line of text for people, or a JSON object a line for machines; to stderr."""

from __future__ import annotations

import logging
from typing import Any, cast

from pythonjsonlogger.json import JsonFormatter

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
QUIET = {
    "apscheduler": logging.WARNING,
    "alembic": logging.WARNING,
    "waitress": logging.WARNING,
    "urllib3": logging.ERROR,
}


def write_log(form: str) -> None:
    """Write the log of this process as `text` or `json`, in place of how it was written before.

    What is logged with `extra={"workspace": …}` becomes a field of the JSON object.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_json() if form == "json" else logging.Formatter(TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for library, level in QUIET.items():
        logging.getLogger(library).setLevel(level)


def _json() -> logging.Formatter:
    names = {"levelname": "level", "name": "logger", "asctime": "time"}
    made: Any = JsonFormatter(
        "%(asctime)s %(levelname)s %(name)s %(message)s", rename_fields=names, datefmt="%Y-%m-%dT%H:%M:%S%z"
    )
    return cast("logging.Formatter", made)
