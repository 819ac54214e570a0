"""Which namespaces the mesh takes notice of."""

import pytest

from telltale.model.discovery import Asks, Clause, Discovery

ON = Clause("mesh", Asks.ONE_OF, ("on", "yes"))
NOT_X = Clause("team", Asks.NONE_OF, ("x",))


@pytest.mark.parametrize(("selectors", "labels", "taken"), [
    ((), {}, True),
    (((ON,),), {"mesh": "yes"}, True),
    (((ON,),), {"mesh": "off"}, False),
    (((ON, NOT_X),), {"mesh": "on", "team": "x"}, False),
    (((ON, NOT_X),), {"mesh": "on"}, True),
    (((ON,), (NOT_X,)), {"team": "y"}, True),
    (((Clause("a", Asks.THERE),),), {"a": ""}, True),
    (((Clause("a", Asks.ABSENT),),), {"a": ""}, False),
    (((),), {}, True),
])  # fmt: skip
def test_all_clauses_of_any_selector(selectors, labels, taken):
    assert Discovery(selectors).takes(labels) is taken
