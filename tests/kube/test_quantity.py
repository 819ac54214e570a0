"""Quantities as users write them."""

import pytest

from telltale.kube.quantity import amount, milli, whole


@pytest.mark.parametrize(
    ("text", "bytes_", "thousandths"),
    [("100m", 1, 100), ("0.1", 1, 100), ("2", 2, 2000), (2, 2, 2000), ("1k", 1000, 1_000_000),
     ("128Mi", 134217728, 134217728000), ("1e3", 1000, 1_000_000), ("1E", 10**18, 10**21),
     (" 1.5Gi ", 1610612736, 1610612736000), ("1n", 1, 1)],
)  # fmt: skip
def test_read_exactly_and_rounded_up(text, bytes_: int, thousandths: int):
    assert (whole(text), milli(text)) == (bytes_, thousandths)


@pytest.mark.parametrize("text", ["", "1 Gi", "1gi", "Mi", "1KiB", "--1", "0x10"])
def test_what_is_no_quantity_is_named(text: str):
    with pytest.raises(ValueError, match="is not a quantity"):
        amount(text)
