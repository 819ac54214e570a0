"""Who has what, as the debug pages tell it."""

from datetime import UTC, datetime

from telltale.model.workload import Proxy, Workload
from telltale.pilot.status import Connection
from telltale.pilot.xds.order import CDS, RDS
from telltale.pilot.xds.resource import of_any
from telltale.pilot.xds.snapshot import Snapshot, set_of
from telltale.pilot.xds.stream import AskedDelta, Published, Send, Stream

TABLE, CLUSTER = of_any("80", b"table"), of_any("a", b"cluster")
SNAPSHOT = Snapshot({CDS: set_of([CLUSTER]), RDS: set_of([TABLE])})


def test_what_a_proxy_brought_along_and_is_right_is_told_as_acknowledged():
    """After the pilot was replaced: the tables are as they were, so nothing is sent."""
    stream = Stream()
    stream.receive(AskedDelta(CDS, ("*",), initial={"a": CLUSTER.version}, node="n"))
    stream.receive(AskedDelta(RDS, ("80",), initial={"80": TABLE.version}))
    [sent] = stream.receive(Published(SNAPSHOT))
    assert isinstance(sent, Send) and sent.type == CDS  # a wildcard is answered in any case
    assert RDS not in connected(stream).known()  # it waits for that
    assert not [one for one in stream.receive(AskedDelta(CDS, nonce=sent.nonce))
                if isinstance(one, Send)]  # fmt: skip
    known = connected(stream).known()
    assert known[RDS].sent == known[RDS].acked != ""


def connected(stream: Stream) -> Connection:
    proxy = Proxy("sidecar~n", Workload("n", "default"))
    return Connection("n-1", proxy, "", datetime(2026, 1, 1, tzinfo=UTC), stream)
