"""reviews: what two readers thought. Called by productpage; v2 and v3 call ratings.

The version is in the environment: v1 has no stars (ENABLE_RATINGS unset), v2 black ones, v3 red
ones (STAR_COLOR). Never: a rating made up when ratings does not answer.
"""

import asyncio
import json
import os
import re
from typing import Any

from upstream import BadAnswer, fetch, reason, upstream
from web import POD, Request, Response, json_response, run

ENABLED = os.environ.get("ENABLE_RATINGS", "").lower() == "true"
COLOR = os.environ.get("STAR_COLOR") or "black"
CLUSTER = os.environ.get("CLUSTER_NAME") or "null"
RATINGS = upstream("ratings", os.environ)
# Deliberate, and the point of the fault injection exercise: v2 waits longer for ratings than
# productpage waits for v2 (twice 3 s), v3 does not.
TIMEOUT_S = 10.0 if COLOR == "black" else 2.5

TEXTS = {
    "Reviewer1": "Two sets of twins, one city, and not a dull minute. The farce is timed like "
    "clockwork, and the last scene still made me laugh out loud.",
    "Reviewer2": "Great fun from the first mix-up to the last. Do not look for the depth of his "
    "later plays; look for the door that somebody is about to be locked out of.",
}


async def answer(request: Request) -> Response:
    if request.path == "/health":
        return json_response(200, {"status": "Reviews is healthy"})
    asked = re.fullmatch(r"/reviews/([^/]*)", request.path)
    if not asked:
        return json_response(404, {"error": f"no such path {request.path}"})
    if request.method not in ("GET", "HEAD"):
        return json_response(405, {"error": "only GET is answered"}, {"allow": "GET, HEAD"})
    if not re.fullmatch(r"-?[0-9]{1,18}", asked[1]):
        return json_response(400, {"error": "please provide numeric product id"})
    ratings, headers = await _ratings(asked[1], request) if ENABLED else ({}, {})
    reviews = [_review(reviewer, ratings) for reviewer in TEXTS]
    body = {"id": asked[1], "podname": POD, "clustername": CLUSTER, "reviews": reviews}
    return json_response(200, body, headers)


def _review(reviewer: str, ratings: dict[str, Any] | None) -> dict[str, Any]:
    review: dict[str, Any] = {"reviewer": reviewer, "text": TEXTS[reviewer]}
    if ENABLED:
        stars = None if ratings is None else ratings.get(reviewer)
        review["rating"] = (
            {"error": "Ratings service is currently unavailable"}
            if stars is None
            else {"stars": stars, "color": COLOR}
        )
    return review


async def _ratings(product: str, request: Request) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """Stars by reviewer, None when ratings failed; and the header that tells how the call went."""
    clock = asyncio.get_running_loop().time
    began = clock()
    found: dict[str, Any] | None = None
    try:
        said = await fetch(RATINGS, f"/ratings/{product}", request.forwarded(), TIMEOUT_S)
        if said.status == 200:
            found = dict(json.loads(said.body)["ratings"])
        outcome = f"{said.status} {said.headers.get('x-pod', '')}".strip()
    except (OSError, BadAnswer, ValueError, KeyError, TypeError) as error:
        outcome = reason(RATINGS, error)
    if found is None:
        print(f"reviews: ratings: {outcome}", flush=True)
    took_ms = (clock() - began) * 1000
    outcome = re.sub(r'[^ -~]|["\\]', "", outcome)[:120]
    return found, {"server-timing": f'ratings;dur={took_ms:.1f};desc="{outcome}"'}


if __name__ == "__main__":
    run("reviews", answer)
