"""What a proxy was started with, in rows: who it says it is, and what versions it is of. Pure.

Never: what it was told later.
"""

from telltale.inspect.dump import text
from telltale.inspect.rows import Row, Table
from telltale.kube.codec import Object

TITLES = ("BOOTSTRAP", "VALUE")


def table(bootstrap: Object) -> Table:
    said = {
        "node": text(bootstrap, "node", "id"),
        "cluster": text(bootstrap, "node", "cluster"),
        "Istio Version": text(bootstrap, "node", "metadata", "ISTIO_VERSION"),
        "Envoy Version": _envoy(bootstrap),
        "pilot": text(bootstrap, "node", "metadata", "PROXY_CONFIG", "discoveryAddress"),
    }
    rows = (Row((name, value), bootstrap) for name, value in said.items() if value)
    return Table(TITLES, tuple(rows))


def _envoy(bootstrap: Object) -> str:
    version = [
        text(bootstrap, "node", "user_agent_build_version", "version", part) or "0"
        for part in ("major_number", "minor_number", "patch")
    ]
    return "" if version == ["0", "0", "0"] else ".".join(version)
