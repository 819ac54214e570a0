"""list and watch: selectors, pages, revisions, bookmarks."""

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"


def config(name, label="x", **data):
    return {"metadata": {"name": name, "labels": {"l": label}}, "data": data}


@pytest.fixture
def many(ask):
    for number in range(13):
        ask("POST", MAPS, config(f"c{number:02d}", "even" if number % 2 == 0 else "odd"))
    return ask


def names(told):
    return [one["metadata"]["name"] for one in told.body["items"]]


def test_pages_show_one_moment(many):
    first = many("GET", MAPS, query="limit=3").body["metadata"]
    assert first["remainingItemCount"] == 10
    many("POST", MAPS, config("c99"))
    many("DELETE", f"{MAPS}/c05")
    second = many("GET", MAPS, query=f"limit=20&continue={first['continue']}")
    assert second.body["metadata"]["resourceVersion"] == first["resourceVersion"]
    assert names(second) == [f"c{number:02d}" for number in range(3, 13)]
    selected = many("GET", MAPS, query="limit=3&labelSelector=l=even").body["metadata"]
    assert "remainingItemCount" not in selected


@pytest.mark.parametrize(
    ("query", "code", "text"),
    [
        ("continue=nonsense", 400, "continue key is not valid"),
        ("continue=x&resourceVersion=5", 400, "specifying resource version is not allowed"),
        ("resourceVersion=abc", 400, "invalid syntax"),
        ("resourceVersion=99999", 504, "Too large resource version"),
        ("resourceVersionMatch=Exact", 422, "forbidden unless resourceVersion is provided"),
        ("labelSelector=a==b=c", 400, "unable to parse requirement"),
        ("fieldSelector=spec.x=y", 400, "is not a known field selector"),
    ],
)
def test_questions_that_have_no_answer(many, query, code, text):
    told = many("GET", MAPS, query=query)
    assert told.code == code
    assert text in told.message


def test_a_version_too_large_says_so_to_machines(many):
    told = many("GET", MAPS, query="resourceVersion=99999")
    assert told.body["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"
    assert told.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("selector", "count"),
    [
        ("l=even", 7),
        ("l!=even", 6),
        ("l in (even,odd)", 13),
        ("l notin (odd)", 7),
        ("!l", 0),
        ("l", 13),
    ],
)
def test_label_selectors(many, selector, count):
    assert (
        len(names(many("GET", MAPS, query=f"labelSelector={selector}".replace(" ", " ")))) == count
    )


def test_field_selectors(ask):
    spec = {"containers": [{"name": "a", "image": "x"}]}
    ask("POST", PODS, {"metadata": {"name": "p1"}, "spec": {**spec, "nodeName": "n1"}})
    ask("POST", PODS, {"metadata": {"name": "p2"}, "spec": spec})
    assert names(ask("GET", "/api/v1/pods", query="fieldSelector=spec.nodeName=n1")) == ["p1"]
    assert names(ask("GET", "/api/v1/pods", query="fieldSelector=spec.nodeName=")) == ["p2"]
    assert names(ask("GET", "/api/v1/pods", query="fieldSelector=metadata.name=p2")) == ["p2"]
    assert names(ask("GET", "/api/v1/pods", query="fieldSelector=status.phase!=Pending")) == []


def kinds(events):
    return [(one["type"], one["object"]["metadata"].get("name")) for one in events]


def test_only_what_comes_after_a_revision(ask):
    made = ask("POST", MAPS, config("a")).body["metadata"]["resourceVersion"]
    ask("POST", MAPS, config("b"))
    ask("DELETE", f"{MAPS}/a")
    events = ask.watch(MAPS, f"resourceVersion={made}", take=2)
    assert kinds(events) == [("ADDED", "b"), ("DELETED", "a")]
    versions = [int(one["object"]["metadata"]["resourceVersion"]) for one in events]
    assert versions == [int(made) + 1, int(made) + 2]  # the deletion carries its own


def test_what_is_there_and_then_what_comes(ask):
    ask("POST", MAPS, config("a"))
    events = ask.watch(MAPS, "", take=2, meanwhile=[("POST", MAPS, config("b"))])
    assert kinds(events) == [("ADDED", "a"), ("ADDED", "b")]


def test_objects_enter_and_leave_a_selection(ask):
    now = ask("POST", MAPS, config("a", "in")).body["metadata"]["resourceVersion"]
    for label in ("out", "still-out", "in"):
        ask.patch(f"{MAPS}/a", {"metadata": {"labels": {"l": label}}})
    events = ask.watch(MAPS, f"resourceVersion={now}&labelSelector=l=in", take=2)
    assert kinds(events) == [("DELETED", "a"), ("ADDED", "a")]
    left = events[0]["object"]["metadata"]
    assert left["labels"] == {"l": "in"}  # as it was last seen
    assert left["resourceVersion"] == str(int(now) + 1)  # and when it left


def test_the_initial_events_end_with_a_bookmark(ask):
    ask("POST", MAPS, config("a"))
    query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    added, bookmark = ask.watch(MAPS, query, take=2)
    assert added["type"] == "ADDED"
    assert bookmark["type"] == "BOOKMARK"
    meta = bookmark["object"]["metadata"]
    assert meta["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(meta["resourceVersion"]) >= int(added["object"]["metadata"]["resourceVersion"])
    assert ask.watch(MAPS, "sendInitialEvents=true")["code"] == 422


def test_history_that_is_forgotten_is_410(ask):
    made = ask("POST", MAPS, config("a")).body["metadata"]["resourceVersion"]
    ask.patch(f"{MAPS}/a", {"data": {"x": "1"}})
    ask.clock.advance(1000)
    ask.built.store.compact()
    (event,) = ask.watch(MAPS, f"resourceVersion={made}")
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == (
        "ERROR",
        410,
        "Expired",
    )
    assert event["object"]["message"].startswith("too old resource version: ")


def test_a_watch_ends_when_it_was_told_to(ask):
    async def story():
        reply = await ask.built.api.handle(
            ask._ask("GET", MAPS, None, "watch=true&timeoutSeconds=1", None, None)
        )
        return [chunk async for chunk in reply.chunks]

    assert ask.runner.run(story()) == []


def test_tables_and_metadata(ask):
    ask("POST", MAPS, config("a", x="1"))
    accept = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
    table = ask("GET", MAPS, headers=accept).body
    assert [one["name"] for one in table["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert table["rows"][0]["cells"] == ["a", 1, "0s"]
    part = {"accept": "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"}
    (item,) = ask("GET", MAPS, headers=part).body["items"]
    assert "data" not in item
    assert ask("GET", MAPS, headers={"accept": "text/html"}).code == 406
