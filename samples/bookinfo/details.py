"""details: what is printed in a book. Called by productpage. Never: a call of its own."""

import re

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
    return json_response(200, {"id": int(asked[1]), **BOOK})


if __name__ == "__main__":
    run("details", answer)
