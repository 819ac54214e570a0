"""Envoy's counts with Istio's labels: the few tags under which it counts, and who it is itself.

Two series that have all labels alike after that (a user took one away, say) are added up. Pure.
Never: a metric that is not Istio's; those are passed on to the letter.
"""

import re
from collections.abc import Iterable, Mapping

from telltale.model import peer
from telltale.model.metric import EXPOSED, Called, Reporter, Tag, called
from telltale.model.peer import Peer

Labels = dict[str, str]

_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
_LE = ',le="'
_TAGS = {*Tag}
_PREFIX = f"{EXPOSED}istio_"
_TYPE = "# TYPE "


def labelled(body: bytes, own: Peer) -> bytes:
    """What Envoy exposes, as users of Istio's metrics know it."""
    known: dict[str, str] = {}
    told: list[str] = []
    sums: dict[str, str] = {}
    for line in body.decode(errors="replace").splitlines():
        if line.startswith(_PREFIX):
            series, value = _series(line.removeprefix(EXPOSED), own, known)
            sums[series] = added(sums[series], value) if series in sums else value
            continue
        told += _written(sums)
        sums = {}
        told.append(line.replace(_TYPE + _PREFIX, _TYPE + "istio_"))
    told += _written(sums)
    return "".join(f"{line}\n" for line in told).encode()


def _written(sums: Mapping[str, str]) -> Iterable[str]:
    return (f"{series} {value}" for series, value in sums.items())


def added(one: str, other: str) -> str:
    """Two numbers as Prometheus writes them."""
    if one.isdecimal() and other.isdecimal():
        return str(int(one) + int(other))
    return repr(float(one) + float(other))


def _series(line: str, own: Peer, known: dict[str, str]) -> tuple[str, str]:
    """A line's name with its labels, and its value. The labels of a histogram are made once."""
    head, _, value = line.rpartition("} ")
    name, brace, text = head.partition("{")
    if not brace:
        head, _, value = line.rpartition(" ")
        return head, value
    text, bound, le = text.partition(_LE)
    tcp = name.startswith("istio_tcp_")
    place = f"{tcp}{text}"
    if place not in known:
        made = of(dict(_LABEL.findall(text)), own, tcp=tcp)
        known[place] = ",".join(f'{key}="{one}"' for key, one in made.items())
    return f"{name}{{{known[place]}{bound}{le}}}", value


def of(tags: Mapping[str, str], own: Peer, *, tcp: bool) -> Labels:
    """Istio's labels for what Envoy counted under these tags. What a user asked for goes before."""
    client = tags.get(Tag.REPORTER) == Reporter.SOURCE

    def say(tag: Tag) -> str:
        return tags.get(tag, "")

    other = peer.read(say(Tag.PEER))
    ends = (own, other) if client else (other, own)
    principals = say(Tag.OWN_PRINCIPAL), say(Tag.PEER_PRINCIPAL)
    found: Labels = {Tag.REPORTER: say(Tag.REPORTER)}
    for side, who, principal in zip(
        Reporter, ends, principals if client else reversed(principals), strict=True
    ):
        found |= _end(side, who, principal)
        if side is Reporter.DESTINATION:
            found |= _service(called(say(Tag.SERVICE)))
    grpc = say(Tag.GRPC)
    found["request_protocol"] = "tcp" if tcp else "grpc" if grpc else "http"
    if not tcp:
        found |= {Tag.CODE: say(Tag.CODE), Tag.GRPC: grpc}
    found[Tag.FLAGS] = say(Tag.FLAGS) or "-"
    found["connection_security_policy"] = _secured(client, say(Tag.PEER_PRINCIPAL))
    found |= {key: one for key, one in tags.items() if key not in _TAGS}
    for unwanted in say(Tag.WITHOUT).split(","):
        found.pop(unwanted, None)
    return found


def _end(side: Reporter, who: Peer, principal: str) -> Labels:
    return {
        f"{side}_workload": who.name,
        f"{side}_workload_namespace": who.namespace,
        f"{side}_principal": principal or peer.UNKNOWN,
        f"{side}_app": who.app,
        f"{side}_version": who.version,
        f"{side}_canonical_service": who.service,
        f"{side}_canonical_revision": who.revision,
        f"{side}_cluster": who.cluster,
    }


def _service(one: Called) -> Labels:
    return {
        "destination_service": one.host,
        "destination_service_name": one.name,
        "destination_service_namespace": one.namespace,
    }


def _secured(client: bool, principal: str) -> str:
    """The receiver knows; who asks does not say, as with Istio."""
    if client:
        return peer.UNKNOWN
    return "mutual_tls" if principal else "none"
