"""Who gets in, who may act, and what does a stranger learn?"""

from __future__ import annotations

import ipaddress
import re

import pytest

from monitor.serving import Proxy
from monitor.web.users import Role, write_user

PASSWORD = "correct horse battery"


def token(page: str) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


@pytest.fixture
def users(tmp_path):
    file = tmp_path / "users"
    write_user(file, "ann", Role.ACT, PASSWORD)
    write_user(file, "ben", Role.READ, PASSWORD)
    return file


def logged_in(client, name, password=PASSWORD, target="/"):
    form = client.get("/login").text
    return client.post("/login", data={"name": name, "password": password, "next": target, "csrf_token": token(form)})


def proxy(*act, trusted="127.0.0.1"):
    return Proxy("X-Forwarded-User", (ipaddress.ip_network(trusted),), frozenset(act))


def test_on_this_machine_no_login_is_needed(pages):
    answer = pages().client.get("/")
    assert answer.status_code == 200
    assert "Log out" not in answer.text


@pytest.mark.parametrize("path", ["/", "/incidents", "/plan", "/login", "/static/style.css"])
def test_the_pages_are_off_where_others_could_reach_them_and_nobody_can_log_in(pages, path):
    answer = pages(host="0.0.0.0").client.get(path)
    assert answer.status_code == 403
    assert "The pages are off" in answer.text


def test_who_is_not_logged_in_is_asked_to_and_comes_back_to_where_they_were(pages, users):
    client = pages(users_file=users).client
    asked = client.get("/incidents?state=all")
    assert (asked.status_code, asked.location) == (302, "/login?next=/incidents?state%3Dall")
    assert logged_in(client, "ben", target="/incidents?state=all").location == "/incidents?state=all"
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(("name", "password"), [("ann", "wrong password"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_name_and_a_wrong_password_are_told_alike(pages, users, name, password):
    client = pages(users_file=users).client
    answer = logged_in(client, name, password)
    assert answer.status_code == 401
    assert "Name and password do not belong together." in answer.text
    assert client.get("/").status_code == 302


def test_guessing_passwords_is_stopped(pages, users):
    client = pages(users_file=users).client
    codes = [logged_in(client, "ann", f"guess number {i}").status_code for i in range(11)]
    assert codes == [401] * 10 + [429]


def test_a_session_ends_with_the_password_that_it_was_begun_with(pages, users):
    client = pages(users_file=users).client
    logged_in(client, "ann")
    assert client.get("/").status_code == 200
    write_user(users, "ann", Role.ACT, "another passphrase")
    assert client.get("/").status_code == 302


def test_logging_out_ends_the_session(pages, users):
    client = pages(users_file=users).client
    logged_in(client, "ben")
    client.post("/logout", data={"csrf_token": token(client.get("/").text)})
    assert client.get("/").status_code == 302


def test_who_may_read_may_not_act(pages, users):
    made = pages(users_file=users)
    client, path = made.client, f"/incidents/{made.incident('Order Completed')}"
    logged_in(client, "ben")
    page = client.get(path).text
    assert "You may read here, and not act." in page
    refused = client.post(path, data={"verb": "resolve", "csrf_token": token(page)})
    assert refused.status_code == 403
    assert made.memory.actions() == ()


def test_who_may_act_does_so_under_their_own_name(pages, users):
    made = pages(users_file=users)
    client, path = made.client, f"/incidents/{made.incident('Order Completed')}"
    logged_in(client, "ann")
    client.post(path, data={"verb": "acknowledge", "csrf_token": token(client.get(path).text)})
    assert [(action.verb, action.by, action.via) for action in made.memory.actions()] == [("acknowledge", "ann", "web")]


@pytest.mark.parametrize("data", [{}, {"csrf_token": "made-up"}], ids=["without a token", "with a made-up one"])
def test_a_form_of_another_site_does_nothing(pages, data):
    made = pages()
    path = f"/incidents/{made.incident('Order Completed')}"
    assert made.client.post(path, data={"verb": "resolve", **data}).status_code == 400
    assert made.memory.actions() == ()


@pytest.mark.parametrize(
    ("host", "code"),
    [
        pytest.param("127.0.0.1:8420", 200, id="the address itself"),
        pytest.param("localhost", 200, id="localhost"),
        pytest.param("track.acme.example", 200, id="the name in base_url"),
        pytest.param("watch.internal", 200, id="a name in hosts"),
        pytest.param("evil.example", 400, id="a name that somebody else points here"),
        pytest.param("127.0.0.1.evil.example", 400, id="a name that looks like the address"),
    ],
)
def test_the_pages_answer_only_under_their_own_names(pages, host, code):
    made = pages(base_url="https://track.acme.example/watch", hosts=("watch.internal",))
    assert made.client.get("/", headers={"Host": host}).status_code == code


@pytest.mark.parametrize(
    ("trusted", "headers", "code"),
    [
        pytest.param("127.0.0.1", {"X-Forwarded-User": "ann"}, 200, id="somebody whom the proxy names"),
        pytest.param("127.0.0.1", {}, 403, id="nobody whom the proxy names"),
        pytest.param("127.0.0.1", {"X-Forwarded-User": " "}, 403, id="an empty name"),
        pytest.param("10.0.0.0/8", {"X-Forwarded-User": "ann"}, 403, id="a header that is not from the proxy"),
        pytest.param("::1", {"X-Forwarded-User": "ann"}, 403, id="an address of another kind"),
    ],
)
def test_a_proxys_header_is_believed_from_its_own_address_alone(pages, trusted, headers, code):
    made = pages(host="0.0.0.0", proxy=proxy("ann", trusted=trusted))
    assert made.client.get("/", headers=headers).status_code == code


@pytest.mark.parametrize(
    ("act", "may"),
    [
        pytest.param(("ann",), True, id="named"),
        pytest.param(("*",), True, id="all"),
        pytest.param((), False, id="none"),
    ],
)
def test_behind_a_proxy_those_who_are_named_may_act(pages, act, may):
    made = pages(proxy=proxy(*act))
    page = made.client.get(f"/incidents/{made.incident('Order Completed')}", headers={"X-Forwarded-User": "ann"})
    assert ("You may read here, and not act." not in page.text) is may


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "incidents", ""]
)
def test_after_the_login_nobody_is_led_away(pages, users, target):
    assert logged_in(pages(users_file=users).client, "ann", target=target).location == "/"


@pytest.mark.parametrize(("base_url", "secure"), [("https://track.acme.example", True), (None, False)])
def test_the_session_is_for_the_browser_alone(pages, users, base_url, secure):
    cookie = pages(users_file=users, base_url=base_url).client.get("/login").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert ("Secure" in cookie) is secure


@pytest.mark.parametrize("path", ["/", "/login", "/nothing-here", "/static/style.css", "/reports/2026-W09/mail"])
def test_every_answer_is_protected(pages, path):
    with pages().client.get(path) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"script-src[^;]*unsafe", policy)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/login", "/plan", "/incidents", "/runs", "/deliveries", "/reports"])
def test_no_page_has_script_or_style_in_it(pages, path):
    page = pages().client.get(path, follow_redirects=True).text
    assert not re.search(r"<style|<script(?![^>]* src=)|\sstyle=|\son[a-z]+=|javascript:", page, re.IGNORECASE)
