"""Run fakesnow, a Snowflake that is DuckDB behind its protocol, on the port that is given.

Its answer to a login lacks what newer drivers ask for: it is added here. Only the packages of its own folder are
there when it runs.
"""

from __future__ import annotations

import importlib
import json
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

server = importlib.import_module("fakesnow.server")  # the package has a function of the same name


async def login(request: Request) -> JSONResponse:
    """Answer as fakesnow does, with a session that may be renewed."""
    answer = json.loads((await server.login_request(request)).body)
    token = answer["data"]["token"]
    lasting = {"masterToken": token, "sessionId": 1, "validityInSeconds": 3600, "masterValidityInSeconds": 14400}
    return JSONResponse({**answer, "data": {**answer["data"], **lasting}})


routes = [Route("/session/v1/login-request", login, methods=["POST"]), *server.routes]
uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
