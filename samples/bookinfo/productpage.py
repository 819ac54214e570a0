"""productpage: the page that people open, and the same as JSON. Calls details, reviews, ratings.

Never: an error page of its own when an upstream fails; the page stays 200 and says what is missing.
"""

import asyncio
import json
import os
import re
from collections import Counter
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import page
from page import Call, View
from upstream import BadAnswer, fetch, reason, upstream
from web import POD, Request, Response, json_response, run

TIMEOUT_S = 3.0
UPSTREAMS = {name: upstream(name, os.environ) for name in ("details", "reviews", "ratings")}
TRIES = {"details": 1, "reviews": 2, "ratings": 1}
FLOOD = int(os.environ.get("FLOOD_FACTOR") or "0")

PRODUCTS = [{"id": 0, "title": page.TITLE, "descriptionHtml": page.DESCRIPTION}]
HTML = "text/html; charset=utf-8"
_seen: Counter[tuple[str, int]] = Counter()


async def answer(request: Request) -> Response:
    path = request.path
    if path == "/login":
        return _login(request)
    if request.method not in ("GET", "HEAD"):
        return json_response(405, {"error": "only GET is answered"}, {"allow": "GET, HEAD"})
    match path.removeprefix("/").split("/"):
        case ["productpage"]:
            return await _product_page(request)
        case [""] | ["index.html"]:
            return Response(200, page.landing(_user(request), UPSTREAMS).encode(), HTML)
        case ["health"]:
            return Response(200, b"Product page is healthy", "text/plain; charset=utf-8")
        case ["logout"]:
            return _back(request, "session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
        case ["metrics"]:
            return Response(200, _metrics().encode(), "text/plain; version=0.0.4; charset=utf-8")
        case ["api", "v1", "products"]:
            return json_response(200, PRODUCTS)
        case ["api", "v1", "products", product]:
            return await _part(request, "details", product)
        case ["api", "v1", "products", product, ("reviews" | "ratings") as service]:
            return await _part(request, service, product)
    return Response(404, page.missing(_user(request), path).encode(), HTML)


async def _product_page(request: Request) -> Response:
    clock = asyncio.get_running_loop().time
    began = clock()
    headers = _headers(request)
    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(_call(name, 0, headers, began)) for name in ("details", "reviews")
        ]
        for _ in range(FLOOD):
            group.create_task(_call("reviews", 0, headers, began))
    took_ms = (clock() - began) * 1000
    details, reviews = (task.result() for task in asked)
    html = page.product(View(POD, _user(request), took_ms, details, reviews))
    timing = ", ".join(f"{call.service};dur={call.took_ms:.1f}" for call in (details, reviews))
    return Response(200, html.encode(), HTML, {"server-timing": timing})


async def _part(request: Request, service: str, product: str) -> Response:
    began = asyncio.get_running_loop().time()
    call = await _call(service, quote(unquote(product), safe=""), _headers(request), began)
    sorry = f"Sorry, product {service} are currently unavailable for this book."
    return json_response(_status(call), call.body if call.ok else {"error": sorry})


async def _call(service: str, product: int | str, headers: dict[str, str], began: float) -> Call:
    """Ask a service as often as it may be asked; `began` is when the page's own request came."""
    clock = asyncio.get_running_loop().time
    first = clock()
    tries, call = 0, Call(service)
    while not call.ok and tries < TRIES[service]:
        tries += 1
        call = await _try(service, f"/{service}/{product}", headers)
    took_ms = (clock() - first) * 1000
    call = replace(call, tries=tries, start_ms=(first - began) * 1000, took_ms=took_ms)
    _seen[service, _status(call)] += 1
    if not call.ok:
        print(f"productpage: {service}: {call.answered} {call.problem}", flush=True)
    return call


async def _try(service: str, path: str, headers: dict[str, str]) -> Call:
    to = UPSTREAMS[service]
    try:
        said = await fetch(to, path, headers, TIMEOUT_S)
    except (OSError, BadAnswer) as error:
        return Call(service, problem=reason(to, error))
    body = _object(said.body) if said.status == 200 else None
    return Call(
        service,
        ok=body is not None,
        answered=f"{said.status}",
        pod=said.headers.get("x-pod", ""),
        via=said.headers.get("server", ""),
        timing=said.headers.get("server-timing", ""),
        problem=_shortened(said.body) if body is None else "",
        body=body or {},
    )


def _status(call: Call) -> int:
    """What the page answers for a call: that of the service, 500 when there is none to pass on."""
    if call.ok:
        return 200
    return int(call.answered) if call.answered not in ("", "200") else 500


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _shortened(body: bytes) -> str:
    return " ".join(body[:160].decode("utf-8", "replace").split())


def _headers(request: Request) -> dict[str, str]:
    headers = request.forwarded()
    user = _user(request)
    if user:
        headers["end-user"] = user
    return headers


def _user(request: Request) -> str:
    """Who is signed in; there are no passwords here, so the cookie is the name itself."""
    found = re.search(r"(?:^|;\s*)session=([^;]*)", request.headers.get("cookie", ""))
    return _name(unquote(found[1])) if found else ""


def _name(text: str) -> str:
    """A name that may stand in a header; empty when it may not."""
    text = text.strip()
    return text if re.fullmatch(r"[ -~]{1,64}", text) else ""


def _login(request: Request) -> Response:
    if request.method != "POST":
        return json_response(405, {"error": "sign in with POST"}, {"allow": "POST"})
    form = parse_qs(request.body.decode("utf-8", "replace"))
    name = _name(form.get("username", [""])[0])
    if not name:
        wanted = "a user name is wanted: 1 to 64 characters, printable ASCII"
        return json_response(400, {"error": wanted})
    return _back(request, f"session={quote(name)}; Path=/; HttpOnly; SameSite=Lax")


def _back(request: Request, cookie: str) -> Response:
    """To the page that the user came from; never to another site, whatever Referer says."""
    path = "/" + urlsplit(request.headers.get("referer", "")).path.lstrip("/\\")
    where = quote(path if path != "/" else "/productpage", safe="/%")
    return Response(302, headers={"location": where, "set-cookie": cookie})


def _metrics() -> str:
    lines = [
        "# HELP request_result_total Results of requests",
        "# TYPE request_result_total counter",
    ]
    for (service, status), count in sorted(_seen.items()):
        labels = f'destination_app="{service}",response_code="{status}"'
        lines.append(f"request_result_total{{{labels}}} {count}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    run("productpage", answer)
