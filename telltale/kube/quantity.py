"""Quantities as the API writes them: `100m`, `128Mi`, `1e3`. Pure."""

import math
import re
from decimal import Decimal

from telltale.kube.meta import Quantity

_TEXT = re.compile(r"^([+-]?\d*\.?\d+(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?$")
_SCALE = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", 1)},
}  # fmt: skip


def amount(quantity: Quantity) -> Decimal:
    """The number that a quantity means. Raises `ValueError`."""
    found = _TEXT.match(str(quantity).strip())
    if not found:
        raise ValueError(f"{quantity!r} is not a quantity")
    return Decimal(found[1]) * _SCALE[found[2] or ""]


def whole(quantity: Quantity) -> int:
    """Rounded up to a whole number: bytes, pods."""
    return math.ceil(amount(quantity))


def milli(quantity: Quantity) -> int:
    """In thousandths, rounded up: CPU."""
    return math.ceil(amount(quantity) * 1000)
