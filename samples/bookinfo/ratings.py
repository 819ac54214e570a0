"""ratings: how many stars each reviewer gave. Called by reviews v2 and v3.

Version v1 keeps what is posted as long as the process lives. Versions `v-...` misbehave on purpose
(moods.py). Version v2 reads a database and keeps nothing itself: DB_TYPE says which (stored.py).
"""

import asyncio
import json
import os
import random
import re
import time

import stored
from moods import mood
from web import Request, Response, json_response, run

MOST_KEPT = 1000
VERSION = os.environ.get("SERVICE_VERSION", "")
BEGAN = time.monotonic()
_posted: dict[int, dict[str, object]] = {}


async def answer(request: Request) -> Response:
    now = mood(VERSION, time.monotonic() - BEGAN, random.random())
    if request.path == "/health":
        word = "healthy" if now.healthy else "not healthy"
        return json_response(200 if now.healthy else 500, {"status": f"Ratings is {word}"})
    asked = re.fullmatch(r"/ratings/([^/]*)", request.path)
    if not asked:
        return json_response(404, {"error": f"no such path {request.path}"})
    if not re.fullmatch(r"[0-9]{1,18}", asked[1]):
        return json_response(400, {"error": "please provide numeric product ID"})
    product = int(asked[1])
    match request.method:
        case "GET" | "HEAD":
            if not now.available:
                return json_response(503, {"error": "Service unavailable"})
            await asyncio.sleep(now.late_s)
            return await _told(product)
        case "POST" if stored.DATABASE:
            sorry = "Post not implemented for database backed ratings"
            return json_response(501, {"error": sorry})
        case "POST":
            return _keep(product, request.body)
    allowed = {"allow": "GET, HEAD, POST"}
    return json_response(405, {"error": "only GET and POST are answered"}, allowed)


async def _told(product: int) -> Response:
    if not stored.DATABASE:
        stars = _posted.get(product, {"Reviewer1": 5, "Reviewer2": 4})
        return json_response(200, {"id": product, "ratings": stars})
    try:
        first, second = await stored.ratings()
    except stored.Unreadable as error:
        print(f"ratings: {error}", flush=True)
        return json_response(500, {"error": str(error)})
    return json_response(200, {"id": product, "ratings": {"Reviewer1": first, "Reviewer2": second}})


def _keep(product: int, body: bytes) -> Response:
    try:
        stars = json.loads(body)
    except ValueError:
        stars = None
    if not isinstance(stars, dict):
        return json_response(400, {"error": "please provide valid ratings JSON"})
    if len(_posted) >= MOST_KEPT and product not in _posted:
        return json_response(507, {"error": f"ratings of {MOST_KEPT} products are kept, no more"})
    _posted[product] = stars
    return json_response(200, {"id": product, "ratings": stars})


if __name__ == "__main__":
    run("ratings", answer)
