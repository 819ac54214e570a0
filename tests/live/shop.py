"""The bookshop as its customers have it: through the gateway of the mesh, by a browser's means."""

import http.client
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from tests.live.cluster import INGRESS, LiveCluster, until

SAMPLE = Path(__file__).parents[2] / "samples" / "bookinfo"
COLOURS = {(): "none", ("black",): "black", ("red",): "red"}


def file(name: str) -> str:
    """`networking/bookinfo-gateway`: the path of a manifest of the sample."""
    return str(SAMPLE / f"{name}.yaml")


@contextmanager
def applied(cluster: LiveCluster, *names: str) -> Iterator[None]:
    """Manifests of the sample, and gone afterwards."""
    given = [word for name in names for word in ("-f", file(name))]
    try:
        cluster.kubectl("apply", *given)
        yield
    finally:
        cluster.kubectl("delete", "--ignore-not-found", *given, limit_s=90)


class Browser:
    """One visitor: a connection, a cookie, and pages."""

    def __init__(self) -> None:
        self._cookie = ""

    def sign_in(self, user: str) -> None:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        status, headers, _ = self._ask("POST", "/login", urlencode({"username": user}), kind)
        assert status == 302, f"/login answered {status}"
        self._cookie = headers["set-cookie"].split(";")[0]

    def get(self, path: str = "/productpage") -> tuple[int, str]:
        status, _, body = self._ask("GET", path, None, {})
        return status, body

    def page(self) -> str:
        """What a visitor sees; without the style, which names colours too."""
        status, body = self.get()
        return body.split("</style>")[-1] if status == 200 else f"answered {status}"

    def stars(self) -> str:
        """none, black or red; or that there are no reviews."""
        page = self.page()
        if "Reviews served by" not in page:
            return "no reviews"
        found = tuple(sorted(set(re.findall(r"text-([a-z]+)-500", page))))
        return COLOURS.get(found, str(found))

    def versions(self, count: int) -> Counter[str]:
        """Which version of reviews answered, so many times."""
        found: Counter[str] = Counter()
        link = http.client.HTTPConnection("127.0.0.1", INGRESS, timeout=15)
        try:
            for _ in range(count):
                link.request("GET", "/api/v1/products/0/reviews")
                told = json.loads(link.getresponse().read())
                found[str(told.get("podname", "-")).removeprefix("reviews-").split("-")[0]] += 1
        finally:
            link.close()
        return found

    def _ask(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], str]:
        sent = {**headers, **({"cookie": self._cookie} if self._cookie else {})}
        link = http.client.HTTPConnection("127.0.0.1", INGRESS, timeout=15)
        try:
            link.request(method, path, body, sent)
            answer = link.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, told, answer.read().decode()
        except OSError as error:
            return 0, {}, str(error)
        finally:
            link.close()


def shows(stars: str, user: str = "") -> None:
    """Until a visitor sees such stars, three times in a row."""
    visitor = Browser()
    if user:
        visitor.sign_in(user)

    def others() -> str:
        seen = {visitor.stars() for _ in range(3)}
        return "" if seen == {stars} else f"{user or 'somebody'} sees {', '.join(sorted(seen))}"

    until(others, 30, f"{user or 'everybody'} to see stars: {stars}")
