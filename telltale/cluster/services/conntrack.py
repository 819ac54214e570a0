"""Makes the kernel forget where it sent UDP: an entry outlives the endpoint that it points to.

Never: TCP; a connection ends with its own endpoint. Blocking: call it on a thread.
"""

from collections.abc import Mapping

from pyroute2 import Conntrack

from telltale.cluster.services.rules import mark_of
from telltale.cluster.services.table import Back, Front


def forget(stale: Mapping[Front, set[Back]]) -> int:
    """Deletes the entries of these fronts that lead to these endpoints; how many there were."""
    count = 0
    for front, backs in stale.items():
        addresses = {back.address for back in backs}
        with Conntrack() as table:
            found = [
                entry.tuple_orig
                for entry in table.dump_entries(mark=mark_of(front))
                if entry.tuple_reply.saddr in addresses
            ]
        for entry in found:
            count += _deleted(entry)
    return count


def _deleted(entry: object) -> int:
    with Conntrack() as table:
        table.entry("del", tuple_orig=entry)
    return 1
