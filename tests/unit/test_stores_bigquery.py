"""Does a dry run ask BigQuery for bytes, and nothing else? The server here only knows how a job is answered."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import sqlalchemy as sa
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from monitor.stores.base import StoreSettings
from monitor.stores.connect import engine
from monitor.stores.dialects.bigquery import DIALECT

JOB = {"jobReference": {"projectId": "p", "jobId": "j", "location": "EU"}, "status": {"state": "DONE"}}


class Jobs(BaseHTTPRequestHandler):
    """Takes jobs, and says that each would read 1,234 bytes."""

    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(job["configuration"])
        statistics = {"totalBytesProcessed": "1234", "query": {"totalBytesProcessed": "1234"}}
        answer = json.dumps({**JOB, "configuration": job["configuration"], "statistics": statistics}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *said: Any) -> None:
        """Say nothing."""


@pytest.fixture
def jobs() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    handler = type("Handler", (Jobs,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", handler.asked
        server.shutdown()


def test_a_dry_run_says_what_a_statement_would_read(jobs):
    url, asked = jobs
    client = bigquery.Client("p", AnonymousCredentials(), client_options=ClientOptions(api_endpoint=url))
    store = engine(StoreSettings(url="bigquery://p/events?user_supplied_client=true", timeout=90.0))
    sa.event.listen(store, "do_connect", lambda _dialect, _record, _given, named: named.update(client=client))
    table = sa.table("seen", sa.column("name", sa.Text()), schema="events")
    statement = sa.select(sa.func.count()).select_from(table).where(table.c.name == "100 % 'odd'")
    with store.connect() as connection:
        found = DIALECT.estimate(connection, statement)
    client.close()
    store.dispose()
    assert found.bytes == 1234
    (job,) = asked
    assert (job["dryRun"], job["jobTimeoutMs"]) == (True, "90000")
    assert job["query"]["query"].endswith("""FROM `events`.`seen` \nWHERE `seen`.`name` = "100 % 'odd'\"""")
