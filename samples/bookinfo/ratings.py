"""ratings: how many stars each reviewer gave. Called by reviews v2 and v3.

Never: a database; what is posted lives as long as the process.
"""

import json
import re

from web import Request, Response, json_response, run

MOST_KEPT = 1000
_posted: dict[int, dict[str, object]] = {}


async def answer(request: Request) -> Response:
    if request.path == "/health":
        return json_response(200, {"status": "Ratings is healthy"})
    asked = re.fullmatch(r"/ratings/([^/]*)", request.path)
    if not asked:
        return json_response(404, {"error": f"no such path {request.path}"})
    if not re.fullmatch(r"[0-9]{1,18}", asked[1]):
        return json_response(400, {"error": "please provide numeric product ID"})
    product = int(asked[1])
    match request.method:
        case "GET" | "HEAD":
            stars = _posted.get(product, {"Reviewer1": 5, "Reviewer2": 4})
            return json_response(200, {"id": product, "ratings": stars})
        case "POST":
            return _keep(product, request.body)
    allowed = {"allow": "GET, HEAD, POST"}
    return json_response(405, {"error": "only GET and POST are answered"}, allowed)


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
