"""Are the pages served, and do they end when they are told to?"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import urllib3

from monitor.errors import UsageError
from monitor.web.server import start
from monitor.web.users import Role, write_user


def test_pages_are_served_until_they_are_stopped(pages):
    made = pages(port=0)
    server = start(made.app, made.config.web)
    asking = urllib3.PoolManager(retries=False)
    assert asking.request("GET", f"{server.url}/").status == 200
    server.stop()
    with pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.PoolManager(retries=False).request("GET", f"{server.url}/", timeout=2)


def test_an_address_that_is_taken_is_told(pages):
    made = pages(port=0)
    server = start(made.app, made.config.web)
    taken = replace(made.config.web, port=int(server.url.rsplit(":", 1)[1]))
    with pytest.raises(UsageError, match=r"web: cannot listen on 127\.0\.0\.1 port \d+: .*; write another"):
        start(made.app, taken)
    server.stop()


def test_below_the_path_of_base_url_every_link_stays_there(pages, tmp_path):
    write_user(tmp_path / "users", "ann", Role.READ, "correct horse battery")
    made = pages(base_url="http://tools.acme.example/watch/", port=0, users_file=tmp_path / "users")
    server = start(made.app, made.config.web)
    asking = urllib3.PoolManager(retries=False, headers={"Host": "tools.acme.example"})
    asked = asking.request("GET", f"{server.url}/watch/plan", redirect=False)
    assert asked.headers["Location"] == "/watch/login?next=/watch/plan"
    page = asking.request("GET", f"{server.url}{asked.headers['Location']}").data.decode()
    assert set(re.findall(r'(?:href|action|src)="(/[^/"]*)', page)) == {"/watch"}
    server.stop()
