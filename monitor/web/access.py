"""Who asks, and may they?

The pages are open only to this machine, unless a login is configured. Reading and acting are
separate. Health and Slack's own signed requests are the business of their blueprints.
"""

from __future__ import annotations

import ipaddress
import secrets
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from werkzeug.sansio.utils import host_is_trusted

from monitor.config import Config
from monitor.serving import LOOPBACK, Proxy, Serving
from monitor.web.site import site
from monitor.web.users import Person, Role, log_in, read_users

OPEN = frozenset({"health", "slack"})  # blueprints that say themselves who may ask
UNGUARDED = frozenset({"static", "access.login"})
LIMIT = "10 per minute; 60 per hour"  # tries to log in, of one address
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # forms over https are checked by it
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

blueprint = Blueprint("access", __name__)
limiter = Limiter(get_remote_address, storage_uri="memory://", headers_enabled=True)
csrf = CSRFProtect()


def guard(app: Flask, config: Config) -> None:
    """Let nobody in whom the configuration does not name, and set the headers that protect those who are."""
    if config.web.users_file:
        read_users(config.web.users_file)  # a mistake in it is told now, not at the first login
    app.config.update(
        SECRET_KEY=config.web.secret or secrets.token_hex(32),
        SESSION_COOKIE_NAME="trackwatch",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",  # Strict would ask those who come from a link in Slack to log in again
        SESSION_COOKIE_SECURE=(config.base_url or "").startswith("https:"),
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        MAX_CONTENT_LENGTH=64 * 1024,
    )
    csrf.init_app(app)
    limiter.init_app(app)
    app.register_blueprint(blueprint)
    app.before_request(_admit)
    app.after_request(_protect)


def person() -> Person | None:
    """Return who asks; None: somebody who has not logged in."""
    found: Person | None = g.get("person")
    return found


def may_act() -> bool:
    """Say whether who asks may change anything."""
    who = person()
    return who is not None and who.may_act


def _admit() -> ResponseReturnValue | None:
    if request.blueprint in OPEN:
        return None
    config = site().config
    serving = config.web
    if not host_is_trusted(request.host, _hosts(config)):
        abort(400, "This address is not one of trackwatch's. Name it in the configuration, as web: {hosts: […]}.")
    if not serving.guarded and not serving.open_to_all:
        abort(403, "The pages are off: no login is configured, and they could be reached from other machines.")
    g.person = _who(serving)
    if request.endpoint in UNGUARDED:
        return None
    if g.person is None:
        return _ask_to_log_in(serving)
    if request.method not in {"GET", "HEAD"} and request.blueprint != blueprint.name and not g.person.may_act:
        abort(403, "You may read here, and not act. Who keeps the configuration can change that.")
    return None


def _hosts(config: Config) -> list[str]:
    """Return the names under which people may reach the pages; another one is a page that plays tricks."""
    named = urlsplit(config.base_url or "").hostname
    own = [config.web.host] if config.web.host not in {"0.0.0.0", "::"} else []  # noqa: S104 compared, not bound
    found = [*LOOPBACK[:2], "[::1]", *own, *config.web.hosts, *([named] if named else [])]
    return [f"[{name}]" if name.count(":") > 1 and not name.startswith("[") else name for name in found]


def _who(serving: Serving) -> Person | None:
    if serving.open_to_all:
        return Person("somebody at this machine", Role.ACT)
    by_proxy = _by_proxy(serving.proxy) if serving.proxy else None
    return by_proxy or _by_session(serving)


def _by_proxy(proxy: Proxy) -> Person | None:
    name = request.headers.get(proxy.header, "").strip()
    if not name or not _is_from(proxy):
        return None
    return Person(name, Role.ACT if proxy.act & {name, "*"} else Role.READ)


def _is_from(proxy: Proxy) -> bool:
    address = ipaddress.ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104 an address that nobody has
    return any(address in network for network in proxy.trusted if network.version == address.version)


def _by_session(serving: Serving) -> Person | None:
    if serving.users_file is None:
        return None
    user = read_users(serving.users_file).get(session.get("user", ""))
    return user.person if user and user.mark == session.get("mark") else None


def _ask_to_log_in(serving: Serving) -> ResponseReturnValue:
    if serving.users_file is None:
        abort(403, "Nobody has logged you in. Ask for this page through the reverse proxy.")
    if request.method != "GET":
        abort(401, "You are not logged in.")
    return redirect(url_for("access.login", next=request.script_root + request.full_path.rstrip("?")))


@blueprint.route("/login", methods=["GET", "POST"])
@limiter.limit(LIMIT, methods=["POST"])
def login() -> ResponseReturnValue:
    """Ask for name and password."""
    users = site().config.web.users_file
    target = _own(request.values.get("next", ""))
    if users is None or person() is not None:
        return redirect(target)
    if request.method == "GET":
        return render_template("login.html.j2", target=target, wrong=False)
    user = log_in(users, request.form.get("name", ""), request.form.get("password", ""))
    if user is None:
        return render_template("login.html.j2", target=target, wrong=True), 401
    session.clear()  # nothing that was known before the login lives on
    session.update(user=user.person.name, mark=user.mark)
    return redirect(target)


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    """End the session."""
    session.clear()
    return redirect(url_for("access.login"))


def _own(target: str) -> str:
    """Return a place of ours to go to: what leads elsewhere leads to the first page."""
    parts = urlsplit(target)
    away = parts.scheme or parts.netloc or not target.startswith("/") or target[1:2] in {"/", "\\"}
    return url_for("overview.overview") if away else target


def _protect(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
