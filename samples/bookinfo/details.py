"""details: what is printed in a book. Called by productpage.

Version v2 (ENABLE_EXTERNAL_BOOK_SERVICE) asks a book service outside. Never: another call.
"""

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from upstream import BadAnswer, Upstream, fetch, reason
from web import Request, Response, json_response, run

BOOK = {
    "author": "William Shakespeare",
    "year": 1595,
    "type": "paperback",
    "pages": 200,
    "publisher": "PublisherA",
    "language": "English",
    "ISBN-10": "1234567890",
    "ISBN-13": "123-1234567890",
}
ASKS_OUTSIDE = os.environ.get("ENABLE_EXTERNAL_BOOK_SERVICE", "").lower() == "true"
ISBN = "0486424618"
WAIT_S = 5.0


def outside(env: Mapping[str, str]) -> Upstream:
    """The book service: plaintext to port 80 with DO_NOT_ENCRYPT (the sidecar then encrypts)."""
    plain = env.get("DO_NOT_ENCRYPT", "").lower() == "true"
    host = env.get("BOOKS_HOSTNAME") or "www.googleapis.com"
    port = int(env.get("BOOKS_SERVICE_PORT") or ("80" if plain else "443"))
    return Upstream(host, port, tls=not plain)


async def answer(request: Request) -> Response:
    if request.path == "/health":
        return json_response(200, {"status": "Details is healthy"})
    asked = re.fullmatch(r"/details/([^/]*)", request.path)
    if not asked:
        return json_response(404, {"error": f"no such path {request.path}"})
    if request.method not in ("GET", "HEAD"):
        return json_response(405, {"error": "only GET is answered"}, {"allow": "GET, HEAD"})
    if not re.fullmatch(r"-?[0-9]{1,18}", asked[1]):
        return json_response(400, {"error": "please provide numeric product id"})
    if ASKS_OUTSIDE:
        return await _from_outside(int(asked[1]), request)
    return json_response(200, {"id": int(asked[1]), **BOOK})


async def _from_outside(product: int, request: Request) -> Response:
    to = outside(os.environ)
    passed = {name: value for name, value in request.forwarded().items() if name != "cookie"}
    try:
        said = await fetch(to, f"/books/v1/volumes?q=isbn:{ISBN}", passed, WAIT_S)
        if said.status != 200:
            raise BadAnswer(f"{to} answered {said.status}")
        book = book_of(json.loads(said.body))
    except (OSError, BadAnswer, ValueError, KeyError, IndexError, TypeError) as error:
        why = reason(to, error)
        print(f"details: {why}", flush=True)
        return json_response(500, {"error": f"the book service failed: {why}"})
    return json_response(200, {"id": product, **book})


def book_of(volumes: Any) -> dict[str, Any]:
    """The first volume of an answer, in our own words."""
    book = volumes["items"][0]["volumeInfo"]
    isbn = {one["type"]: one["identifier"] for one in book["industryIdentifiers"]}
    return {
        "author": book["authors"][0],
        "year": book["publishedDate"],
        "type": "paperback" if book["printType"] == "BOOK" else "unknown",
        "pages": book["pageCount"],
        "publisher": book["publisher"],
        "language": "English" if book["language"] == "en" else "unknown",
        "ISBN-10": isbn["ISBN_10"],
        "ISBN-13": isbn["ISBN_13"],
    }


if __name__ == "__main__":
    run("details", answer)
