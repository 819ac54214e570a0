"""The pages that productpage shows. Pure: values in, HTML out.

Never: a script, a font or a picture from elsewhere; style.css and cover.svg beside this file go
into the page, so that it is one answer and one answer only.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

TITLE = "The Comedy of Errors"
DESCRIPTION = (
    "Two pairs of identical twins, parted by a shipwreck and raised in rival cities, arrive in the "
    "same street on the same day. Nobody knows it, everybody is mistaken for somebody else, and by "
    "five o’clock half of Ephesus is under arrest. <b>Shakespeare’s</b> shortest play, and his "
    "fastest."
)

_HERE = Path(__file__).parent
_STYLE = (_HERE / "style.css").read_text("utf-8")
_COVER = (_HERE / "cover.svg").read_text("utf-8")

CURRENT = ' aria-current="true"'
VERSIONS = {"v1": "no stars", "v2": "black stars", "v3": "red stars"}
FIELDS = (
    ("author", "Author"), ("year", "Year"), ("type", "Type"), ("pages", "Pages"),
    ("publisher", "Publisher"), ("language", "Language"), ("ISBN-10", "ISBN-10"),
    ("ISBN-13", "ISBN-13"),
)  # fmt: skip
_STAR = "M10 1.6l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L1.5 7.8l5.9-.8z"


@dataclass(frozen=True, slots=True)
class Call:
    """One call that the page made, and how it went; times in ms, `start_ms` since the request."""

    service: str
    ok: bool = False
    start_ms: float = 0.0
    took_ms: float = 0.0
    tries: int = 1
    answered: str = ""  # the HTTP status, empty when nothing answered
    pod: str = ""
    via: str = ""  # the `server` header: a proxy on the way signs here
    timing: str = ""  # the `server-timing` header: calls made further down
    problem: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class View:
    """All that the product page shows."""

    pod: str
    user: str
    took_ms: float
    details: Call
    reviews: Call


def product(view: View) -> str:
    body = f"""
<main id="main">
<section class="book" aria-labelledby="title">
  <div class="cover">{_COVER}</div>
  <div class="about">
    <p class="eyebrow">A play in five acts</p>
    <h1 id="title">{TITLE}</h1>
    <p class="lead">{DESCRIPTION}</p>
    {_details(view.details)}
  </div>
</section>
{_reviews(view.reviews)}
{_journey(view)}
</main>"""
    return _page(f"{TITLE} · Bookinfo", view.user, body)


def landing(user: str, upstreams: Mapping[str, object]) -> str:
    rows = [
        ("productpage", "this page", "puts the page together", "/productpage"),
        ("details", upstreams["details"], "what is printed in a book", "/api/v1/products/0"),
        ("reviews", upstreams["reviews"], "what readers thought", "/api/v1/products/0/reviews"),
        ("ratings", upstreams["ratings"], "stars for the reviews", "/api/v1/products/0/ratings"),
    ]
    table = "".join(
        f'<tr><th scope="row">{name}</th><td><code>{escape(str(where))}</code></td><td>{what}</td>'
        f'<td><a href="{path}"><code>{path}</code></a></td></tr>'
        for name, where, what, path in rows
    )
    body = f"""
<main id="main">
<section class="book" aria-labelledby="title">
  <div class="cover">{_COVER}</div>
  <div class="about">
    <p class="eyebrow">A bookshop of four services</p>
    <h1 id="title">One page, four services, six pods</h1>
    <p class="lead">Every part of the product page comes from a service of its own, and the reviews
    come in three versions. Reload the page, and see who answers.</p>
    <p><a class="button" href="/productpage">Open the product page</a></p>
  </div>
</section>
<section class="panel" aria-labelledby="services">
  <h2 id="services">The services</h2>
  <div class="wide"><table class="plain">
    <thead><tr><th scope="col">Service</th><th scope="col">Asked at</th><th scope="col">Gives</th>
    <th scope="col">See</th></tr></thead><tbody>{table}</tbody></table></div>
</section>
</main>"""
    return _page("Bookinfo · a bookshop of four services", user, body)


def missing(user: str, path: str) -> str:
    body = f"""
<main id="main"><section class="panel">
  <p class="eyebrow">404</p><h1>There is no such page</h1>
  <p class="lead">Nothing is kept at <code>{escape(path[:120])}</code>.</p>
  <p><a class="button" href="/productpage">Open the product page</a></p>
</section></main>"""
    return _page("Not found · Bookinfo", user, body)


def _page(title: str, user: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<style>{_STYLE}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the book</a>
<header class="bar"><div class="inner">
  <a class="mark" href="/"><svg viewBox="0 0 24 24" aria-hidden="true"><path class="sail"
  d="M12.6 2.5v14.2h7.6C19.6 10.8 17 5.9 12.6 2.5z"/><path class="jib"
  d="M10.8 6.2v10.5H4.2C6.6 14 9.3 10.7 10.8 6.2z"/><path class="hull"
  d="M2.6 18.6h18.8c-.9 1.9-2.6 3-4.8 3H7.4c-2.2 0-3.9-1.1-4.8-3z"/></svg>Bookinfo</a>
  {_account(user)}
</div></header>
{body}
<footer class="inner">Four small services and a mesh between them. No scripts, no trackers, nothing
fetched from elsewhere.</footer>
</body>
</html>
"""


def _account(user: str) -> str:
    if user:
        return f"""<p class="account"><span class="who" aria-hidden="true">{escape(user[0].upper())}
  </span><span class="name">{escape(user)}</span><a class="quiet" href="/logout">Sign out</a></p>"""
    return """<details class="account"><summary>Sign in</summary>
  <form method="post" action="/login"><label for="username">User name</label>
  <input id="username" name="username" required maxlength="64" autocomplete="username"
  pattern="[ -~]+" placeholder="jason">
  <button class="button">Sign in</button><p>Any name will do, there is no password. The name goes
  along with every call as <code>end-user</code>.</p></form></details>"""


def _details(call: Call) -> str:
    if not call.ok:
        return _error("details", call)
    rows = "".join(
        f"<div><dt>{label}</dt><dd>{escape(str(call.body[name]))}</dd></div>"
        for name, label in FIELDS
        if name in call.body
    )
    return f'<h2 class="small">Book details</h2><dl class="facts">{rows}</dl>'


def _reviews(call: Call) -> str:
    if not call.ok:
        return f"""<section class="reviews" aria-labelledby="reviews">
  <h2 id="reviews">Book reviews</h2>{_error("reviews", call)}</section>"""
    told = call.body.get("reviews")
    found = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    version = _version(call.body, found)
    chips = "".join(
        f'<li class="chip{" on" if name == version else ""}"'
        f"{CURRENT if name == version else ''}><b>{name}</b> {what}</li>"
        for name, what in VERSIONS.items()
    )
    cards = "".join(_card(one) for one in found)
    pod = escape(str(call.body.get("podname", "an unnamed pod")))
    return f"""<section class="reviews" aria-labelledby="reviews">
  <div class="heading"><h2 id="reviews">Book reviews</h2>
  <ul class="chips" aria-label="Versions of reviews">{chips}</ul></div>
  <p class="served">Reviews served by <code>{pod}</code></p>
  <div class="cards">{cards}</div>
  <p class="again"><a class="button quiet" href="/productpage">Ask again</a>
  <span>and perhaps another version answers.</span></p></section>"""


def _version(body: Mapping[str, Any], reviews: Iterable[Mapping[str, Any]]) -> str:
    """From the pod's name where it says so, else from the stars; empty when neither tells."""
    named = re.match(r"reviews-(v[123])-", str(body.get("podname", "")))
    if named:
        return named[1]
    ratings = [one.get("rating") for one in reviews]
    if not any(ratings):
        return "v1"
    colors = {one.get("color") for one in ratings if isinstance(one, dict)}
    return "v2" if "black" in colors else "v3" if "red" in colors else ""


def _card(review: Mapping[str, Any]) -> str:
    reviewer, text = escape(str(review.get("reviewer", ""))), escape(str(review.get("text", "")))
    return f"""<figure class="card"><blockquote><p>{text}</p></blockquote>
  <figcaption><cite>{reviewer}</cite>{_stars(review.get("rating"))}</figcaption></figure>"""


def _stars(rating: object) -> str:
    if not isinstance(rating, dict):
        return ""
    if "stars" not in rating:
        why = escape(str(rating.get("error", "Ratings service is currently unavailable")))
        return f'<p class="norating" role="status">{why}</p>'
    color = rating.get("color") if rating.get("color") in ("black", "red") else "black"
    stars = rating["stars"]
    given = min(max(stars, 0), 5) if isinstance(stars, int) else 0
    drawn = "".join(
        f'<svg class="glyphicon glyphicon-star{"" if place < given else "-empty"}" '
        f'viewBox="0 0 20 20" aria-hidden="true"><path d="{_STAR}"/></svg>'
        for place in range(5)
    )
    label = f'role="img" aria-label="{given} out of 5 stars"'
    return f'<div class="stars text-{color}-500" {label}>{drawn}</div>'


def _error(what: str, call: Call) -> str:
    tries = f" Asked {call.tries} times." if call.tries > 1 else ""
    status = f"answered {call.answered}" if call.answered else "no answer"
    problem = (
        f"<p><code>{what}: {status}: {escape(call.problem)}</code></p>" if call.problem else ""
    )
    return f"""<div class="error" role="alert"><svg viewBox="0 0 24 24" aria-hidden="true"><path
  d="M12 3.2 22.3 20.8H1.7z"/><path class="bang" d="M12 9.5v5.2M12 17.3v.9"/></svg>
  <div><h3>Error fetching product {what}!</h3>
  <p>Sorry, product {what} are currently unavailable for this book.{tries}</p>
  {problem}</div></div>"""


def _journey(view: View) -> str:
    """Who answered what, as a waterfall; the calls of a call are told by its Server-Timing."""
    whole = max(view.took_ms, 0.1)
    rows = [_row(0, Call("productpage", True, 0, whole, answered="200", pod=view.pod), whole)]
    for call in (view.details, view.reviews):
        rows.append(_row(1, call, whole))
        rows += [_row(2, inner, whole) for inner in _inner(call)]
    return f"""<section class="panel" aria-labelledby="journey">
  <h2 id="journey">How this page was made</h2>
  <p class="served">In {whole:.0f} ms, by {len(rows)} services. Each line is one of them, drawn when
  and for as long as it was at work.</p>
  <ol class="fall">{"".join(rows)}</ol></section>"""


def _inner(call: Call) -> list[Call]:
    found = re.findall(
        r'([a-z0-9-]+);dur=([0-9]{1,9}(?:\.[0-9]{1,9})?);desc="([^"]*)"', call.timing
    )
    made = []
    for service, took, told in found[:4]:
        status, _, pod = told.partition(" ")
        ok = status == "200"
        took_ms = min(float(took), call.took_ms)
        start_ms = call.start_ms + (call.took_ms - took_ms) / 2  # where in between is not told
        known = status if status.isdigit() else ""
        made.append(
            Call(service, ok, start_ms, took_ms, answered=known, pod=pod if ok else "",
                 problem="" if ok else told)
        )  # fmt: skip
    return made


def _row(depth: int, call: Call, whole: float) -> str:
    left = min(call.start_ms / whole * 100, 98)
    width = max(min(call.took_ms / whole * 100, 100 - left), 1.5)
    status = call.answered or "failed"
    proxy = f'<span class="tag">via {escape(call.via)}</span>' if call.via else ""
    tries = f'<span class="tag">{call.tries} tries</span>' if call.tries > 1 else ""
    where = f"<code>{escape(call.pod)}</code>" if call.pod else escape(call.problem)
    return f"""<li class="{"ok" if call.ok else "bad"} depth{depth}">
  <div class="what"><b>{escape(call.service)}</b><span class="status">{status}</span>{tries}{proxy}
  <span class="where">{where}</span></div>
  <div class="track"><i style="left:{left:.1f}%;width:{width:.1f}%"></i></div>
  <span class="ms">{call.took_ms:.1f} ms</span></li>"""
